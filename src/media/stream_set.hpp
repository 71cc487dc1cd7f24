#pragma once

#include "media/conference.hpp"
#include "media/stream.hpp"

#include <memory>
#include <string>
#include <unordered_map>

namespace callwright::media {

/// All streams of one media thread, driven by one tick.
class StreamSet {
 public:
  StreamSet(base::Random& random, const rtp::DtlsIdentity& identity, StreamOutput& output) : random_(random), identity_(identity), output_(output) {}

  /// A stream that is not started yet. The id must be new. The reference is good until `remove`.
  Stream& add(StreamId id, std::string cname);
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
  /// To be called every 20 ms; each stream catches up with what was missed. Conferences come last, so that what was just received can be said at once.
  void tick(base::TimePoint now, base::WallTime wall);
  [[nodiscard]] std::size_t size() const noexcept { return streams_.size(); }

 private:
  base::Random& random_;
  const rtp::DtlsIdentity& identity_;
  StreamOutput& output_;
  std::unordered_map<StreamId, std::unique_ptr<Stream>> streams_;
  std::unordered_map<ConferenceId, std::unique_ptr<Conference>> conferences_;  ///< Gone before their streams are.
};

}  // namespace callwright::media
