#include "media/source.hpp"

#include "audio/comfort_noise.hpp"
#include "audio/file_source.hpp"
#include "audio/live_source.hpp"
#include "audio/tone_source.hpp"

#include <fmt/core.h>

namespace callwright::media {
namespace {

using SourcePointer = std::unique_ptr<audio::Source>;

struct Maker {
  audio::SampleRate rate;

  base::Result<SourcePointer> operator()(const Silence&) const { return SourcePointer(); }

  base::Result<SourcePointer> operator()(const Tone& tone) const {
    if (!(tone.frequency_hz > 0 && tone.frequency_hz < 4000)) {
      return base::Error(base::Errc::InvalidArgument, fmt::format("A tone of {} Hz cannot be played; choose 1 to 3999 Hz", tone.frequency_hz));
    }
    if (!(tone.level_dbov >= audio::kSilenceDbov && tone.level_dbov <= 0)) {
      return base::Error(base::Errc::InvalidArgument, fmt::format("A tone of {} dBov cannot be played; choose -96 to -3", tone.level_dbov));
    }
    return SourcePointer(std::make_unique<audio::ToneSource>(tone.frequency_hz, tone.level_dbov, rate));
  }

  base::Result<SourcePointer> operator()(const audio::TonePattern& pattern) const {
    auto source = audio::TonePatternSource::make(pattern, rate);
    if (!source) {
      return source.error();
    }
    return SourcePointer(std::move(*source));
  }

  base::Result<SourcePointer> operator()(const Noise& noise) const {
    if (!(noise.level_dbov >= audio::kSilenceDbov && noise.level_dbov <= -10)) {
      return base::Error(base::Errc::InvalidArgument, fmt::format("Noise of {} dBov cannot be played; choose -96 to -10", noise.level_dbov));
    }
    return SourcePointer(std::make_unique<audio::ComfortNoiseSource>(noise.level_dbov));
  }

  base::Result<SourcePointer> operator()(const LiveSound& live) const {
    if (live.writer == nullptr) {
      return base::Error(base::Errc::InvalidArgument, "Live sound needs a writer");
    }
    return live.writer->source(rate);
  }

  base::Result<SourcePointer> operator()(const SoundFile& file) const {
    auto source = audio::FileSource::blocking_open(file.path, {.repeat = file.repeat, .rate = rate});
    if (!source) {
      return source.error();
    }
    return SourcePointer(std::move(*source));
  }
};

}  // namespace

base::Result<SourcePointer> blocking_make_source(const SourceSpec& spec, audio::SampleRate rate) { return std::visit(Maker{rate}, spec); }

}  // namespace callwright::media
