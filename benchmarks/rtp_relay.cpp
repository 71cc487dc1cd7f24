// What the media benchmarks measure: calls of two joined streams on the product's media thread.
//   rtp_relay CALLS pcmu|opus|tone    opus: the first phone of each call speaks Opus, so its sound is translated; tone: nobody is joined, each hears a tone
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
  Relay(net::EngineLoop& engine, const std::string& sound) : media_(engine), opus_(sound == "opus"), tone_(sound == "tone") {}

  void add(std::uint16_t first, std::uint16_t second) {
    const auto left = open(first, opus_);
    const auto right = open(second, false);
    if (tone_) {
      media_.set_source(left.id, media::Tone{});
      media_.set_source(right.id, media::Tone{});
    } else {
      media_.join(left.id, right.id);
    }
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
  const bool tone_;
};

}  // namespace

int main(int count, char** arguments) {
  if (count != 3) {
    std::fputs("rtp_relay CALLS pcmu|opus|tone\n", stderr);
    return 2;
  }
  net::EngineLoop engine;
  Relay relay(engine, arguments[2]);
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
