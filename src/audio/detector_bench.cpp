// One frame of 20 ms through everything that listens.
#include "audio/comfort_noise.hpp"
#include "audio/dtmf.hpp"
#include "audio/glitch_detector.hpp"
#include "audio/tone_detector.hpp"
#include "audio/tone_mix_detector.hpp"
#include "audio/tone_source.hpp"
#include "audio/voice_activity.hpp"

#include <benchmark/benchmark.h>

#include <vector>

namespace callwright::audio {
namespace {

std::vector<Sample> noise() {
  std::vector<Sample> samples(160);
  ComfortNoiseSource(-25).read(samples);
  return samples;
}

template <class Detector>
void listen(benchmark::State& state, Detector& detector) {
  const auto samples = noise();
  for (auto _ : state) {
    benchmark::DoNotOptimize(detector.process(samples));
  }
}

void hear_tone(benchmark::State& state) {
  ToneDetector detector;
  listen(state, detector);
}
BENCHMARK(hear_tone);

void hear_tones(benchmark::State& state) {
  ToneMixDetector detector;
  listen(state, detector);
}
BENCHMARK(hear_tones);

void hear_dtmf(benchmark::State& state) {
  DtmfDetector detector;
  listen(state, detector);
}
BENCHMARK(hear_dtmf);

void hear_glitches(benchmark::State& state) {
  GlitchDetector detector(kNarrowband);
  listen(state, detector);
}
BENCHMARK(hear_glitches);

void hear_voice(benchmark::State& state) {
  const auto detector = make_voice_activity(kNarrowband);
  listen(state, *detector);
}
BENCHMARK(hear_voice);

}  // namespace
}  // namespace callwright::audio
