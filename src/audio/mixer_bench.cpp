// Conferences: one tick of 20 ms, as a part of the time that a core has for it.
#include "audio/mixer.hpp"

#include "audio/codec.hpp"
#include "audio/comfort_noise.hpp"

#include <benchmark/benchmark.h>

#include <array>
#include <vector>

namespace callwright::audio {
namespace {

struct Member {
  MixerPartyId id;
  std::unique_ptr<Encoder> encoder;
  std::unique_ptr<Decoder> decoder;
  std::vector<std::uint8_t> payload;
};

std::vector<Sample> frame_of(SampleRate rate) {
  std::vector<Sample> samples(samples_in(std::chrono::milliseconds(20), rate));
  ComfortNoiseSource(-25).read(samples);
  return samples;
}

/// So many parties that all speak, without their codecs; each second one has the second rate.
void mix_parties(benchmark::State& state) {
  Mixer mixer;
  const std::array rates{SampleRate{static_cast<std::uint32_t>(state.range(1))}, SampleRate{static_cast<std::uint32_t>(state.range(2))}};
  const std::array frames{frame_of(rates[0]), frame_of(rates[1])};
  std::vector<MixerPartyId> parties;
  for (std::int64_t i = 0; i < state.range(0); ++i) {
    parties.push_back(mixer.add({.rate = rates[static_cast<std::size_t>(i % 2)]}).value());
  }
  for (auto _ : state) {
    for (std::size_t i = 0; i < parties.size(); ++i) {
      mixer.put(parties[i], frames[i % 2]);
    }
    mixer.mix();
    benchmark::DoNotOptimize(mixer.heard_by(parties[0]));
  }
}
BENCHMARK(mix_parties)->Args({10, 16000, 16000})->Args({100, 16000, 16000})->Args({10, 8000, 16000})->Args({10, 48000, 16000});

/// From payloads to payloads.
void confer(benchmark::State& state, const Codec& codec) {
  Mixer mixer;
  std::vector<Member> members;
  auto frame = frame_of(codec.rate);
  for (int i = 0; i < 10; ++i) {
    Member member{mixer.add({.rate = codec.rate}).value(), make_encoder(codec).value(), make_decoder(codec).value(), {}};
    member.payload.resize(member.encoder->max_bytes(frame.size()));
    member.payload.resize(member.encoder->encode(frame, member.payload));
    members.push_back(std::move(member));
  }
  std::vector<std::uint8_t> payload(members[0].encoder->max_bytes(frame.size()));
  for (auto _ : state) {
    for (Member& member : members) {
      member.decoder->decode(member.payload, frame);
      mixer.put(member.id, frame);
    }
    mixer.mix();
    for (Member& member : members) {
      benchmark::DoNotOptimize(member.encoder->encode(mixer.heard_by(member.id), payload));
    }
  }
}
BENCHMARK_CAPTURE(confer, ten_g722, *find_codec("G722", 8000));
BENCHMARK_CAPTURE(confer, ten_pcmu, *find_codec("PCMU", 8000));

}  // namespace
}  // namespace callwright::audio
