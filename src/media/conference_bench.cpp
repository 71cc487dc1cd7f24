// Whole conferences: packets of ten phones in, packets for ten phones out, one tick of 20 ms.
#include "audio/comfort_noise.hpp"
#include "media/stream_set.hpp"

#include <benchmark/benchmark.h>

#include <vector>

namespace callwright::media {
namespace {

constexpr ConferenceId kRoom{1000};

struct Phones final : StreamOutput {
  void send(StreamId /*id*/, Port /*port*/, const base::SocketAddress& /*to*/, rtp::Bytes datagram) override { benchmark::DoNotOptimize(datagram.data()); }
  void on_stream_event(const StreamEvent& /*event*/) override {}
};

void confer(benchmark::State& state, const char* codec, std::uint8_t type) {
  const rtp::DtlsIdentity identity = rtp::DtlsIdentity::make(base::WallTime(std::chrono::hours(24 * 365 * 50))).value();
  base::ManualClock clock;
  base::DeterministicRandom random(1);
  Phones output;
  StreamSet streams(random, identity, output);
  streams.add_conference(kRoom, {});
  StreamParameters parameters;
  parameters.codec = audio::find_codec(codec, 8000);
  parameters.send_payload_type = parameters.receive_payload_type = sdp::PayloadType{type};
  std::vector<std::pair<Stream*, rtp::Sender>> parties;
  for (std::uint16_t i = 0; i < state.range(0); ++i) {
    Stream& stream = streams.add(StreamId{i + 1U}, "", output);
    parameters.remote_rtp = {base::IpAddress::v4({127, 0, 0, 1}), static_cast<std::uint16_t>(2000 + 2 * i)};
    parameters.remote_rtcp = {parameters.remote_rtp.ip, static_cast<std::uint16_t>(2001 + 2 * i)};
    stream.start(parameters, clock.now());
    streams.confer(kRoom, stream.id(), {});
    parties.emplace_back(&stream, rtp::Sender(random));
  }
  const auto encoder = audio::make_encoder(*parameters.codec).value();
  std::vector<audio::Sample> frame(audio::samples_in(Stream::kFrame, encoder->rate()));
  audio::ComfortNoiseSource(-25).read(frame);
  std::vector<std::uint8_t> payload(encoder->max_bytes(frame.size()));
  payload.resize(encoder->encode(frame, payload));
  rtp::Buffer packet;
  for (auto _ : state) {
    for (std::size_t i = 0; i < parties.size(); ++i) {
      packet.clear();
      parties[i].second.send(rtp::PayloadType{type}, payload, 160, packet);
      parties[i].first->receive(Port::Rtp, {base::IpAddress::v4({127, 0, 0, 1}), static_cast<std::uint16_t>(2000 + 2 * i)}, packet, clock.now());
    }
    streams.tick(clock.now(), clock.wall_now());
    clock.advance(Stream::kFrame);
  }
}
BENCHMARK_CAPTURE(confer, g722, "G722", std::uint8_t{9})->Arg(10)->Arg(100);
BENCHMARK_CAPTURE(confer, pcmu, "PCMU", std::uint8_t{0})->Arg(10)->Arg(100);

}  // namespace
}  // namespace callwright::media
