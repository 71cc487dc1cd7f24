#pragma once

#include "audio/resampler.hpp"
#include "base/id.hpp"
#include "base/result.hpp"

#include <memory>
#include <unordered_map>
#include <vector>

namespace callwright::audio {

struct MixerPartyTag;
using MixerPartyId = base::Id<MixerPartyTag>;

struct MixerParty {
  enum class Role : std::uint8_t {
    Talk,    ///< Hears all others.
    Listen,  ///< Is not heard. All listeners of one rate share one mix.
    Speak,   ///< Hears nothing: an announcement.
  };
  Role role = Role::Talk;
  SampleRate rate = kNarrowband;  ///< Of what it says and hears: 8, 16, 24, 32, 44.1 or 48 kHz.
  double gain_db = 0;             ///< Of what it says, −60 … +20.
  bool muted = false;
};

/// A conference: each party hears the sum of all others but itself, at its own rate and in whole frames of one tick. Media thread.
///
/// At each tick: `put` the frame of each party that has one, `mix` once, then `heard_by` each. Parties of one rate hear each other as they are; their sum goes
/// to the parties of each other rate through one resampler, however many they are, and is heard there up to 10 ms later. Sums have 32 bits and are cut to 16
/// at the end. Linear in the number of parties. Changes of gain and muting go over the length of a frame, and who stops or leaves within a sound fades out in
/// one, so that nothing clicks.
class Mixer {
 public:
  /// A tick that is not 10 … 100 ms in steps of ten is a bug and throws.
  explicit Mixer(std::chrono::milliseconds tick = std::chrono::milliseconds(20));
  ~Mixer();

  /// Errors: InvalidArgument (the rate or the gain; the detail says what is allowed).
  base::Result<MixerPartyId> add(const MixerParty& party);
  /// Unknown ids are passed over, here and below.
  void remove(MixerPartyId id);
  void set_muted(MixerPartyId id, bool muted);
  /// Out of range: the nearest gain allowed.
  void set_gain(MixerPartyId id, double gain_db);
  [[nodiscard]] std::size_t size() const noexcept { return parties_.size(); }

  /// What a party says in this tick, at its rate; the first one given counts. A shorter frame is followed by silence, the rest of a longer one is dropped.
  void put(MixerPartyId id, std::span<const Sample> frame);
  /// Ends the tick. Who gave no frame is silent, after a frame in which the last one fades out.
  void mix();
  /// What a party hears in the tick that `mix` ended; until the next one, or until it is removed. Silence for one who came since then,
  /// empty for one who hears nothing.
  [[nodiscard]] std::span<const Sample> heard_by(MixerPartyId id) const;

 private:
  struct Group;
  struct Party {
    MixerParty::Role role;
    Group* group;
    float gain;
    bool muted;
    float applied_gain;  ///< At the end of the last frame.
    bool has_frame = false;
    bool was_silent = true;     ///< The last frame was.
    std::vector<Sample> said;   ///< With its gain.
    std::vector<Sample> hears;  ///< Of those who talk.
  };

  [[nodiscard]] Party* find(MixerPartyId id);
  [[nodiscard]] Group& group_of(SampleRate rate);
  static void apply_gain(Party& party, std::size_t samples);
  static void fall_silent(Party& party, std::size_t samples);
  void add_up(Party& party);
  static void exchange(Group& from, Group& to);

  std::chrono::milliseconds tick_;
  base::IdSource<MixerPartyId> ids_;
  std::unordered_map<MixerPartyId, Party> parties_;
  std::vector<std::unique_ptr<Group>> groups_;  ///< One for each rate that any party had.
};

}  // namespace callwright::audio
