#pragma once

#include "media/conference.hpp"
#include "media/stream.hpp"

#include <array>
#include <memory>
#include <string>
#include <unordered_map>
#include <vector>

namespace callwright::media {

/// All streams of one media thread, driven by one tick, which is divided into slots: each stream has its place in one of them, so that packets of many streams
/// do not wait for each other. A slot is begun when those before it are full: few streams need few wake-ups.
class StreamSet {
 public:
  static constexpr unsigned kSlots = 10;
  static constexpr base::Duration kSlot = Stream::kFrame / kSlots;

  /// `events` is for those of conferences.
  StreamSet(base::Random& random, const rtp::DtlsIdentity& identity, StreamEvents& events) : random_(random), identity_(identity), events_(events) {}

  /// A stream that is not started yet. The id must be new. The reference is good until `remove`, and so has `output` to be.
  Stream& add(StreamId id, std::string cname, StreamOutput& output);
  /// Null when there is none.
  [[nodiscard]] Stream* find(StreamId id) noexcept;
  /// Says nothing to the other side: call `Stream::end` first.
  void remove(StreamId id);
  /// `Stream::join` and `Stream::part`; unknown ids are passed over.
  void join(StreamId one, StreamId other);
  void part(StreamId id);
  /// Conferences of these streams. The id must be that of no other one and of no stream. The reference is good until `remove_conference`.
  Conference& add_conference(ConferenceId id, const ConferenceOptions& options);
  [[nodiscard]] Conference* find_conference(ConferenceId id) noexcept;
  void remove_conference(ConferenceId id);
  /// A stream or a conference; null when there is none.
  [[nodiscard]] Sounding* find_sounding(StreamId id) noexcept;
  /// `Conference::add`; unknown ids are passed over.
  void confer(ConferenceId conference, StreamId stream, const ConferenceParty& party);
  /// To be called every 20 ms for each slot; each stream catches up with what was missed. Conferences come last, so that what was just received can be said
  /// at once.
  void tick(unsigned slot, base::TimePoint now, base::WallTime wall);
  /// All slots.
  void tick(base::TimePoint now, base::WallTime wall);
  [[nodiscard]] bool used(unsigned slot) const noexcept { return !slots_[slot].streams.empty() || !slots_[slot].conferences.empty(); }
  [[nodiscard]] std::size_t size() const noexcept { return streams_.size(); }

 private:
  /// Where something is in its slot.
  struct Place {
    unsigned slot = 0;
    std::size_t index = 0;
  };
  template <class Sound>
  struct Placed {
    std::unique_ptr<Sound> sound;
    Place place;
  };
  struct Slot {
    std::vector<Placed<Stream>*> streams;
    std::vector<Placed<Conference>*> conferences;
    [[nodiscard]] std::size_t size() const noexcept { return streams.size() + conferences.size(); }
  };

  [[nodiscard]] unsigned next_slot() const noexcept;

  base::Random& random_;
  const rtp::DtlsIdentity& identity_;
  StreamEvents& events_;
  std::unordered_map<StreamId, Placed<Stream>> streams_;
  std::unordered_map<ConferenceId, Placed<Conference>> conferences_;  ///< Gone before their streams are.
  std::array<Slot, kSlots> slots_;
};

}  // namespace callwright::media
