// One frame of 20 ms through each encoder and decoder.
#include "audio/codec.hpp"
#include "audio/comfort_noise.hpp"

#include <benchmark/benchmark.h>

#include <vector>

namespace callwright::audio {
namespace {

struct Subject {
  std::string_view name;
  std::uint32_t clock_rate;
  std::uint32_t channels;
  CodecOptions options;
};

const Codec& codec_of(const Subject& subject) { return *find_codec(subject.name, subject.clock_rate, subject.channels); }

std::vector<Sample> frame_of(SampleRate rate) {
  std::vector<Sample> samples(samples_in(std::chrono::milliseconds(20), rate));
  ComfortNoiseSource(-25).read(samples);
  return samples;
}

void encode_frame(benchmark::State& state, const Subject& subject) {
  const auto encoder = make_encoder(codec_of(subject), subject.options).value();
  const auto samples = frame_of(encoder->rate());
  std::vector<std::uint8_t> payload(encoder->max_bytes(samples.size()));
  for (auto _ : state) {
    benchmark::DoNotOptimize(encoder->encode(samples, payload));
  }
}

void decode_frame(benchmark::State& state, const Subject& subject) {
  const auto encoder = make_encoder(codec_of(subject), subject.options).value();
  const auto decoder = make_decoder(codec_of(subject), subject.options).value();
  auto samples = frame_of(encoder->rate());
  std::vector<std::uint8_t> payload(encoder->max_bytes(samples.size()));
  payload.resize(encoder->encode(samples, payload));
  for (auto _ : state) {
    benchmark::DoNotOptimize(decoder->decode(payload, samples));
  }
}

const Subject kPcmu{"PCMU", 8000, 1, {}};
const Subject kG722{"G722", 8000, 1, {}};
const Subject kOpus{"opus", 48000, 2, {.rate = kWideband}};
const Subject kOpusFullband{"opus", 48000, 2, {}};

BENCHMARK_CAPTURE(encode_frame, pcmu, kPcmu);
BENCHMARK_CAPTURE(decode_frame, pcmu, kPcmu);
BENCHMARK_CAPTURE(encode_frame, g722, kG722);
BENCHMARK_CAPTURE(decode_frame, g722, kG722);
BENCHMARK_CAPTURE(encode_frame, opus_wideband, kOpus);
BENCHMARK_CAPTURE(decode_frame, opus_wideband, kOpus);
BENCHMARK_CAPTURE(encode_frame, opus_fullband, kOpusFullband);
BENCHMARK_CAPTURE(decode_frame, opus_fullband, kOpusFullband);

}  // namespace
}  // namespace callwright::audio
