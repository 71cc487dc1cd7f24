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
/// At each tick: `put` the frame of each party that has one, `mix` once, then `heard_by` each. The sum is built in 32 bits at the rate of the mixer and cut
/// to 16 at the end. Each party costs one resampler in and one out where its rate differs from the mixer's, listeners one for each rate; linear in
/// the number of parties. Changes of gain and muting go over the length of a frame, so that they do not click. A resampled party is heard up to 10 ms later.
class Mixer {
 public:
  /// `rate` is one that parties may have, best the highest of them: what lies above half of it is lost. Another is a bug and throws.
  explicit Mixer(SampleRate rate = kWideband, std::chrono::milliseconds tick = std::chrono::milliseconds(20));

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
  /// Ends the tick. Who gave no frame was silent.
  void mix();
  /// What a party hears in the tick that `mix` ended; until the next one, or until it is removed. Silence for one who came since then,
  /// empty for one who hears nothing.
  [[nodiscard]] std::span<const Sample> heard_by(MixerPartyId id) const;

 private:
  /// From the mixer's rate to another, frame by frame.
  struct Output {
    Output(SampleRate from, SampleRate to, std::size_t samples) : resampler(from, to), frame(samples) {}
    void write(std::span<const Sample> mixed);
    Resampler resampler;
    std::vector<Sample> frame;
  };
  struct Party {
    MixerParty::Role role;
    SampleRate rate;
    float gain;
    bool muted;
    float applied_gain;  ///< At the end of the last frame.
    Resampler input;
    bool has_frame = false;
    std::vector<Sample> said;        ///< At the rate of the mixer, with its gain.
    std::unique_ptr<Output> output;  ///< Of those who talk.
  };

  struct Shared {
    std::size_t listeners = 0;
    std::unique_ptr<Output> output;
  };

  [[nodiscard]] Party* find(MixerPartyId id);
  [[nodiscard]] std::size_t frame_of(SampleRate rate) const noexcept { return samples_in(tick_, rate); }
  void speak(Party& party, std::span<const Sample> frame);
  void apply_gain(Party& party);

  SampleRate rate_;
  std::chrono::milliseconds tick_;
  base::IdSource<MixerPartyId> ids_;
  std::unordered_map<MixerPartyId, Party> parties_;
  std::unordered_map<std::uint32_t, Shared> shared_;  ///< By rate.
  std::vector<std::int32_t> sum_;
  std::vector<Sample> mixed_;
  std::vector<Sample> scratch_;
};

}  // namespace callwright::audio
