#include "app/sound_report.hpp"

#include "audio/file_source.hpp"
#include "audio/resampler.hpp"
#include "audio/similarity.hpp"

#include <algorithm>
#include <utility>

namespace callwright::app {
namespace {

/// Silence is a matter of windows here, not of pauses.
constexpr audio::SilenceOptions kSilence{.threshold_dbov = -50, .after = std::chrono::milliseconds(10)};
/// A reference may begin anywhere in what is heard, but comparing takes time for each place.
constexpr std::chrono::milliseconds kLongestSearch{20'000};
constexpr std::chrono::seconds kLongestReference{120};

std::vector<audio::Sample> resampled(std::span<const audio::Sample> samples, audio::SampleRate from, audio::SampleRate to) {
  audio::Resampler resampler(from, to);
  std::vector<audio::Sample> out(resampler.max_output(samples.size()));
  out.resize(resampler.process(samples, out));
  return out;
}

}  // namespace

SoundReport::SoundReport(std::chrono::milliseconds within, audio::SampleRate rate, base::TimePoint begin, Reference reference)
    : rate_(rate), deadline_(begin + within), reference_(std::move(reference)), level_(rate), silence_(rate, kSilence), glitches_(rate), speech_(rate) {}

std::optional<SoundReport::Summary> SoundReport::hear(std::span<const audio::Sample> samples, base::TimePoint now) {
  count_ += samples.size();
  level_.process(samples);
  silence_.process(samples);
  clipping_.process(samples);
  glitches_.process(samples);
  speech_.process(samples);
  if (reference_ != nullptr) {
    heard_.insert(heard_.end(), samples.begin(), samples.end());
  }
  return now < deadline_ ? std::nullopt : std::optional(summary());
}

SoundReport::Summary SoundReport::summary() const {
  Summary all;
  if (count_ > 0) {
    const audio::LevelMeter::Level level = level_.overall();
    all = {.duration = std::chrono::duration_cast<std::chrono::milliseconds>(audio::duration_of(count_, rate_)),
           .level_dbov = level.rms_dbov,
           .peak_dbov = level.peak_dbov,
           .clipped = clipping_.ratio(),
           .silence = static_cast<double>(silence_.silent_samples()) / static_cast<double>(count_),
           .speech = speech_.share(),
           .glitches = glitches_.count(),
           .similarity = {}};
  }
  if (reference_ != nullptr) {
    const auto search = std::min(kLongestSearch, std::max(all.duration, std::chrono::milliseconds(2000)));
    all.similarity = heard_.empty() ? 0 : audio::compare_speech(*reference_, resampled(heard_, rate_, kReferenceRate), kReferenceRate, search).score;
  }
  return all;
}

base::Result<SoundReport::Reference> SoundReport::blocking_read(const std::filesystem::path& path) {
  auto source = audio::FileSource::blocking_open(path, {.rate = kReferenceRate});
  if (!source) {
    return source.error();
  }
  auto samples = std::make_shared<std::vector<audio::Sample>>(audio::samples_in(kLongestReference, kReferenceRate));
  samples->resize((*source)->read(*samples));
  return Reference(std::move(samples));
}

}  // namespace callwright::app
