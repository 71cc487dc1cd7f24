// What the media benchmarks measure: calls of two joined streams on the product's media thread.
//   rtp_relay CALLS pcmu|opus    opus: the first phone of each call speaks Opus, so its sound is translated
// Reads a line "PORT PORT" for each call, the ports of its phones, prints a line "PORT PORT" for each, where they send to, and runs until standard input ends.
#include "net/engine_loop.hpp"
#include "net/media_thread.hpp"

#include <cstdio>
#include <cstdlib>
#include <string>

namespace {

using namespace callwright;

class Silent final : public media::MediaObserver {
 public:
  void on_media_event(const media::StreamEvent& /*event*/) override {}
};

class Relay {
 public:
  Relay(net::EngineLoop& engine, bool opus) : media_(engine), opus_(opus) {}

  void add(std::uint16_t first, std::uint16_t second) {
    const auto left = open(first, opus_);
    const auto right = open(second, false);
    media_.join(left.id, right.id);
    std::printf("%u %u\n", left.rtp.port, right.rtp.port);
  }

 private:
  media::OpenedStream open(std::uint16_t port, bool opus) {
    media::StreamOptions options;
    options.address = base::IpAddress::v4({127, 0, 0, 1});
    auto opened = media_.open(options, observer_).value();
    media::StreamParameters parameters;
    parameters.remote_rtp = {options.address, port};
    parameters.remote_rtcp = {options.address, static_cast<std::uint16_t>(port + 1)};
    if (opus) {
      parameters.codec = audio::find_codec("opus", 48000, 2);
      parameters.send_payload_type = parameters.receive_payload_type = sdp::PayloadType{111};
    }
    media_.start(opened.id, parameters);
    return opened;
  }

  Silent observer_;
  net::MediaThread media_;
  const bool opus_;
};

}  // namespace

int main(int count, char** arguments) {
  if (count != 3) {
    std::fputs("rtp_relay CALLS pcmu|opus\n", stderr);
    return 2;
  }
  net::EngineLoop engine;
  Relay relay(engine, std::string(arguments[2]) == "opus");
  unsigned first = 0;
  unsigned second = 0;
  for (unsigned long call = 0; call < std::strtoul(arguments[1], nullptr, 10); ++call) {
    if (std::scanf("%u %u", &first, &second) != 2) {
      return 1;
    }
    relay.add(static_cast<std::uint16_t>(first), static_cast<std::uint16_t>(second));
  }
  std::fflush(stdout);
  while (std::getchar() != EOF) {
  }
}
