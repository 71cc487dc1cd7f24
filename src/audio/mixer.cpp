#include "audio/mixer.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <stdexcept>

namespace callwright::audio {
namespace {

constexpr std::array kRates{kNarrowband, kWideband, SampleRate{24000}, SampleRate{32000}, SampleRate{44100}, kFullband};
constexpr double kLeastGain = -60;
constexpr double kMostGain = 20;

bool usable(SampleRate rate) noexcept { return std::ranges::find(kRates, rate) != kRates.end(); }

float factor_of(double gain_db) noexcept { return static_cast<float>(std::pow(10.0, gain_db / 20)); }

Sample cut(std::int32_t value) noexcept { return static_cast<Sample>(std::clamp(value, -32768, 32767)); }

}  // namespace

Mixer::Mixer(SampleRate rate, std::chrono::milliseconds tick) : rate_(rate), tick_(tick) {
  if (!usable(rate) || tick < std::chrono::milliseconds(10) || tick > std::chrono::milliseconds(100) || tick.count() % 10 != 0) {
    throw std::invalid_argument("a mixer of this rate or tick");
  }
  sum_.resize(frame_of(rate));
  mixed_.resize(frame_of(rate));
}

base::Result<MixerPartyId> Mixer::add(const MixerParty& party) {
  if (!usable(party.rate)) {
    return base::Error(base::Errc::InvalidArgument,
                       fmt::format("A party cannot have {} Hz; choose 8000, 16000, 24000, 32000, 44100 or 48000", static_cast<std::uint32_t>(party.rate)));
  }
  if (!(party.gain_db >= kLeastGain && party.gain_db <= kMostGain)) {
    return base::Error(base::Errc::InvalidArgument, fmt::format("A party cannot have a gain of {} dB; choose {} to {}", party.gain_db, kLeastGain, kMostGain));
  }
  const float gain = factor_of(party.gain_db);
  Party added{party.role, party.rate, gain, party.muted, party.muted ? 0 : gain, Resampler(party.rate, rate_), false, {}, nullptr};
  added.said.resize(sum_.size());
  if (party.role == MixerParty::Role::Talk) {
    added.output = std::make_unique<Output>(rate_, party.rate, frame_of(party.rate));
  } else if (party.role == MixerParty::Role::Listen) {
    Shared& shared = shared_[static_cast<std::uint32_t>(party.rate)];
    ++shared.listeners;
    if (shared.output == nullptr) {
      shared.output = std::make_unique<Output>(rate_, party.rate, frame_of(party.rate));
    }
  }
  const MixerPartyId id = ids_.next();
  parties_.emplace(id, std::move(added));
  return id;
}

void Mixer::remove(MixerPartyId id) {
  const Party* party = find(id);
  if (party == nullptr) {
    return;
  }
  if (party->role == MixerParty::Role::Listen) {
    const auto shared = shared_.find(static_cast<std::uint32_t>(party->rate));
    if (--shared->second.listeners == 0) {
      shared_.erase(shared);
    }
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
  speak(*party, frame);
}

/// Brings a frame to the rate of the mixer. The resampler goes on also through silence and while muted, so that it never starts within a sound.
void Mixer::speak(Party& party, std::span<const Sample> frame) {
  const std::size_t expected = frame_of(party.rate);
  scratch_.assign(expected, Sample{0});
  std::copy_n(frame.begin(), std::min(frame.size(), expected), scratch_.begin());
  party.said.resize(party.input.max_output(expected));
  const std::size_t count = party.input.process(scratch_, party.said);
  party.said.resize(count);
  party.said.resize(sum_.size());
  apply_gain(party);
  party.has_frame = true;
}

void Mixer::apply_gain(Party& party) {
  const float wanted = party.muted ? 0 : party.gain;
  const float before = party.applied_gain;
  party.applied_gain = wanted;
  if (wanted == 1 && before == 1) {
    return;
  }
  const float step = (wanted - before) / static_cast<float>(party.said.size());
  for (std::size_t i = 0; i < party.said.size(); ++i) {
    const float gain = before + step * static_cast<float>(i + 1);
    party.said[i] = cut(static_cast<std::int32_t>(std::lrint(gain * static_cast<float>(party.said[i]))));
  }
}

void Mixer::Output::write(std::span<const Sample> mixed) {
  const std::size_t wanted = frame.size();
  frame.resize(resampler.max_output(mixed.size()));
  frame.resize(resampler.process(mixed, frame));
  frame.resize(wanted);
}

void Mixer::mix() {
  std::ranges::fill(sum_, 0);
  for (auto& [id, party] : parties_) {
    if (party.role == MixerParty::Role::Listen) {
      continue;
    }
    if (!party.has_frame) {
      speak(party, {});
    }
    for (std::size_t i = 0; i < sum_.size(); ++i) {
      sum_[i] += party.said[i];
    }
  }
  for (auto& [id, party] : parties_) {
    party.has_frame = false;
    if (party.output != nullptr) {
      for (std::size_t i = 0; i < sum_.size(); ++i) {
        mixed_[i] = cut(sum_[i] - party.said[i]);
      }
      party.output->write(mixed_);
    }
  }
  if (!shared_.empty()) {
    std::ranges::transform(sum_, mixed_.begin(), cut);
    for (auto& [rate, shared] : shared_) {
      shared.output->write(mixed_);
    }
  }
}

std::span<const Sample> Mixer::heard_by(MixerPartyId id) const {
  const auto found = parties_.find(id);
  if (found == parties_.end() || found->second.role == MixerParty::Role::Speak) {
    return {};
  }
  const Party& party = found->second;
  return party.output != nullptr ? party.output->frame : shared_.at(static_cast<std::uint32_t>(party.rate)).output->frame;
}

}  // namespace callwright::audio
