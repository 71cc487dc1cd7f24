#include "audio/mixer.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <stdexcept>
#include <utility>

namespace callwright::audio {
namespace {

constexpr std::array kRates{kNarrowband, kWideband, SampleRate{24000}, SampleRate{32000}, SampleRate{44100}, kFullband};
constexpr double kLeastGain = -60;
constexpr double kMostGain = 20;

/// Buffers are whole blocks, so that compilers do one at a time without a rest.
constexpr std::size_t kBlock = 16;
constexpr std::size_t whole_blocks(std::size_t samples) noexcept { return (samples + kBlock - 1) / kBlock * kBlock; }

/// A resampler remembers 10 ms; after so many ticks of silence it need not run.
constexpr unsigned kTicksOfTail = 3;

bool usable(SampleRate rate) noexcept { return std::ranges::find(kRates, rate) != kRates.end(); }

float factor_of(double gain_db) noexcept { return static_cast<float>(std::pow(10.0, gain_db / 20)); }

constexpr Sample cut(std::int32_t value) noexcept { return static_cast<Sample>(std::clamp(value, -32768, 32767)); }

/// Of values below 2^22, as 128 parties at their loudest give. Without a call of the library, so that compilers do several at a time.
constexpr float rounded(float value) noexcept {
  constexpr float kWholeNumbersOnly = 12582912;
  return value + kWholeNumbersOnly - kWholeNumbersOnly;
}

void add(std::int32_t* sum, const Sample* values, std::size_t samples) noexcept {
  for (std::size_t block = 0; block < samples; block += kBlock) {
    for (std::size_t i = block; i < block + kBlock; ++i) {
      sum[i] += values[i];
    }
  }
}

void add_rounded(std::int32_t* sum, const float* values, std::size_t samples) noexcept {
  for (std::size_t block = 0; block < samples; block += kBlock) {
    for (std::size_t i = block; i < block + kBlock; ++i) {
      sum[i] += static_cast<std::int32_t>(rounded(values[i]));
    }
  }
}

void convert(float* out, const std::int32_t* values, std::size_t samples) noexcept {
  for (std::size_t block = 0; block < samples; block += kBlock) {
    for (std::size_t i = block; i < block + kBlock; ++i) {
      out[i] = static_cast<float>(values[i]);
    }
  }
}

void take_out(Sample* __restrict out, const std::int32_t* sum, const Sample* own, std::size_t samples) noexcept {
  for (std::size_t block = 0; block < samples; block += kBlock) {
    for (std::size_t i = block; i < block + kBlock; ++i) {
      out[i] = cut(sum[i] - own[i]);
    }
  }
}

bool silent(const std::vector<Sample>& samples) noexcept {
  return std::ranges::all_of(samples, [](Sample sample) { return sample == 0; });
}

}  // namespace

/// The parties of one rate.
struct Mixer::Group {
  /// What another group says, at the rate of this one.
  struct Guest {
    Resampler resampler;
    bool rests = true;
  };

  Group(SampleRate rate_of_all, std::size_t samples_of_frame)
      : rate(rate_of_all), samples(samples_of_frame), said(whole_blocks(samples)), total(said.size()), heard(said.size()), exact(said.size()) {}

  Guest& guest(const Group& from) {
    const auto found = std::ranges::find(guests, from.rate, [](const Guest& guest) { return guest.resampler.from(); });
    return found != guests.end() ? *found : guests.emplace_back(Guest{Resampler(from.rate, rate)});
  }

  SampleRate rate;
  std::size_t samples;  ///< Of a frame.
  std::size_t talkers = 0;
  std::size_t listeners = 0;
  unsigned quiet_ticks = kTicksOfTail;
  std::vector<std::int32_t> said;   ///< The sum of these parties; before a tick: of those who left in it.
  std::vector<std::int32_t> total;  ///< And of all others.
  std::vector<Sample> heard;        ///< By those who only listen.
  std::vector<float> exact;         ///< `said`, as resamplers take it; or what they give.
  std::vector<Guest> guests;
};

Mixer::Mixer(std::chrono::milliseconds tick) : tick_(tick) {
  if (tick < std::chrono::milliseconds(10) || tick > std::chrono::milliseconds(100) || tick.count() % 10 != 0) {
    throw std::invalid_argument("a mixer of this tick");
  }
}

Mixer::~Mixer() = default;

Mixer::Group& Mixer::group_of(SampleRate rate) {
  const auto found = std::ranges::find(groups_, rate, [](const auto& group) { return group->rate; });
  return found != groups_.end() ? **found : *groups_.emplace_back(std::make_unique<Group>(rate, samples_in(tick_, rate)));
}

base::Result<MixerPartyId> Mixer::add(const MixerParty& party) {
  if (!usable(party.rate)) {
    return base::Error(base::Errc::InvalidArgument, fmt::format("A conference does not take {} Hz; choose 8000, 16000, 24000, 32000, 44100 or 48000",
                                                                static_cast<std::uint32_t>(party.rate)));
  }
  if (!(party.gain_db >= kLeastGain && party.gain_db <= kMostGain)) {
    return base::Error(base::Errc::InvalidArgument, fmt::format("A party cannot have a gain of {} dB; choose {} to {}", party.gain_db, kLeastGain, kMostGain));
  }
  Group& group = group_of(party.rate);
  const float gain = factor_of(party.gain_db);
  Party added{party.role, &group, gain, party.muted, party.muted ? 0 : gain, false, true, {}, {}};
  if (party.role != MixerParty::Role::Listen) {
    added.said.resize(group.said.size());
  }
  if (party.role == MixerParty::Role::Talk) {
    added.hears.resize(group.said.size());
  }
  (party.role == MixerParty::Role::Listen ? group.listeners : group.talkers) += party.role == MixerParty::Role::Speak ? 0 : 1;
  const MixerPartyId id = ids_.next();
  parties_.emplace(id, std::move(added));
  return id;
}

void Mixer::remove(MixerPartyId id) {
  Party* const party = find(id);
  if (party == nullptr) {
    return;
  }
  Group& group = *party->group;
  (party->role == MixerParty::Role::Listen ? group.listeners : group.talkers) -= party->role == MixerParty::Role::Speak ? 0 : 1;
  if (party->role != MixerParty::Role::Listen && (party->has_frame || !party->was_silent)) {
    if (!party->has_frame) {
      fall_silent(*party, group.samples);
    }
    group.quiet_ticks = 0;
    audio::add(group.said.data(), party->said.data(), group.said.size());
  }
  parties_.erase(id);
}

void Mixer::set_muted(MixerPartyId id, bool muted) {
  if (Party* party = find(id)) {
    party->muted = muted;
  }
}

void Mixer::set_gain(MixerPartyId id, double gain_db) {
  if (Party* party = find(id)) {
    party->gain = factor_of(std::isnan(gain_db) ? 0 : std::clamp(gain_db, kLeastGain, kMostGain));
  }
}

Mixer::Party* Mixer::find(MixerPartyId id) {
  const auto found = parties_.find(id);
  return found == parties_.end() ? nullptr : &found->second;
}

void Mixer::put(MixerPartyId id, std::span<const Sample> frame) {
  Party* party = find(id);
  if (party == nullptr || party->role == MixerParty::Role::Listen || party->has_frame) {
    return;
  }
  const std::size_t count = std::min(frame.size(), party->group->samples);
  std::fill(std::copy_n(frame.begin(), count, party->said.begin()), party->said.end(), Sample{0});
  apply_gain(*party, party->group->samples);
  party->was_silent = silent(party->said);
  party->has_frame = true;
}

void Mixer::apply_gain(Party& party, std::size_t samples) {
  const float wanted = party.muted ? 0 : party.gain;
  const float before = party.applied_gain;
  party.applied_gain = wanted;
  if (wanted == 1 && before == 1) {
    return;
  }
  const float step = (wanted - before) / static_cast<float>(samples);
  for (std::size_t i = 0; i < samples; ++i) {
    const float gain = before + step * static_cast<float>(i + 1);
    party.said[i] = cut(static_cast<std::int32_t>(rounded(gain * static_cast<float>(party.said[i]))));
  }
}

/// What was said last runs backwards and fades out: there is no edge, where silence would make one.
void Mixer::fall_silent(Party& party, std::size_t samples) {
  const auto end = party.said.begin() + static_cast<std::ptrdiff_t>(samples);
  std::reverse(party.said.begin(), end);
  for (std::size_t i = 0; i < samples; ++i) {
    party.said[i] = static_cast<Sample>(std::int32_t{party.said[i]} * static_cast<std::int32_t>(samples - 1 - i) / static_cast<std::int32_t>(samples));
  }
}

void Mixer::add_up(Party& party) {
  Group& group = *party.group;
  if (!party.has_frame && !party.was_silent) {
    fall_silent(party, group.samples);
    party.was_silent = true;
  } else if (!party.has_frame) {
    std::ranges::fill(party.said, Sample{0});
    return;
  }
  if (party.has_frame && party.was_silent) {
    return;
  }
  group.quiet_ticks = 0;
  audio::add(group.said.data(), party.said.data(), group.said.size());
}

/// Adds what `from` says to what all hear in `to`. The resampler goes on through silence until it has forgotten all.
void Mixer::exchange(Group& from, Group& to) {
  Group::Guest& guest = to.guest(from);
  if (from.quiet_ticks >= kTicksOfTail || to.talkers + to.listeners == 0) {
    guest.rests = true;
    return;
  }
  if (std::exchange(guest.rests, false)) {
    guest.resampler.reset();
  }
  convert(from.exact.data(), from.said.data(), from.said.size());
  const std::size_t count = guest.resampler.process(std::span<const float>(from.exact).first(from.samples), to.exact);
  std::fill(to.exact.begin() + static_cast<std::ptrdiff_t>(std::min(count, to.samples)), to.exact.end(), 0.0F);
  add_rounded(to.total.data(), to.exact.data(), to.total.size());
}

void Mixer::mix() {
  for (const auto& group : groups_) {
    ++group->quiet_ticks;
  }
  for (auto& [id, party] : parties_) {
    if (party.role != MixerParty::Role::Listen) {
      add_up(party);
    }
  }
  for (const auto& to : groups_) {
    to->total = to->said;
    for (const auto& from : groups_) {
      if (from != to) {
        exchange(*from, *to);
      }
    }
  }
  for (auto& [id, party] : parties_) {
    party.has_frame = false;
    if (party.role == MixerParty::Role::Talk) {
      take_out(party.hears.data(), party.group->total.data(), party.said.data(), party.hears.size());
    }
  }
  for (const auto& group : groups_) {
    std::ranges::transform(group->total, group->heard.begin(), cut);
    std::ranges::fill(group->said, 0);
  }
}

std::span<const Sample> Mixer::heard_by(MixerPartyId id) const {
  const auto found = parties_.find(id);
  if (found == parties_.end() || found->second.role == MixerParty::Role::Speak) {
    return {};
  }
  const Party& party = found->second;
  return std::span(party.role == MixerParty::Role::Talk ? party.hears : party.group->heard).first(party.group->samples);
}

}  // namespace callwright::audio
