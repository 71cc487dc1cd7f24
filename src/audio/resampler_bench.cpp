// One frame of 20 ms from one rate to another.
#include "audio/resampler.hpp"

#include "audio/comfort_noise.hpp"

#include <benchmark/benchmark.h>

#include <vector>

namespace callwright::audio {
namespace {

void resample_frame(benchmark::State& state) {
  const SampleRate from{static_cast<std::uint32_t>(state.range(0))};
  const SampleRate to{static_cast<std::uint32_t>(state.range(1))};
  Resampler resampler(from, to);
  std::vector<Sample> in(samples_in(std::chrono::milliseconds(20), from));
  ComfortNoiseSource(-25).read(in);
  std::vector<Sample> out(resampler.max_output(in.size()));
  for (auto _ : state) {
    benchmark::DoNotOptimize(resampler.process(in, out));
  }
}
BENCHMARK(resample_frame)->Args({8000, 16000})->Args({16000, 8000})->Args({8000, 48000})->Args({48000, 8000})->Args({44100, 8000});

}  // namespace
}  // namespace callwright::audio
