#pragma once

#include "media/codec_names.hpp"
#include "sim/exchange_world.hpp"

#include <gtest/gtest.h>

#include <string>
#include <string_view>
#include <utility>
#include <vector>

/// Calls whose media pass through the exchange, for their tests.
namespace callwright::simulation {

/// The exchange, as its descriptions name it.
inline constexpr std::string_view kOurs = "c=IN IP4 192.0.2.1\r\n";

inline ExchangeWorld::Options with(call::MediaMode mode, std::vector<std::string> codecs = {"G722", "PCMA", "PCMU"}) {
  ExchangeWorld::Options options;
  options.media = ExchangeWorld::Options::Media::Fake;
  options.exchange.media.mode = mode;
  options.exchange.media.codecs = media::codecs_by_name(codecs).value();
  return options;
}

inline PhoneScript speaking(std::string audio, std::string address = "203.0.113.1") {
  PhoneScript script;
  script.audio = std::move(audio);
  script.address = std::move(address);
  return script;
}

/// The rest of the m= line of audio: "4000 RTP/AVP 0"; without the port "RTP/AVP 0".
inline std::string audio_of(const std::string& message) {
  const std::size_t at = message.find("m=audio ");
  if (at == std::string::npos) {
    return {};
  }
  const std::string line = message.substr(at + 8, message.find("\r\n", at) - at - 8);
  return line.substr(line.find(' ') + 1);
}

struct MediaWorld : ExchangeWorld {
  explicit MediaWorld(Options options) : ExchangeWorld(std::move(options)) {}

  /// Streams that are open, in the order in which they were opened.
  [[nodiscard]] std::vector<const media::FakeMediaPort::FakeStream*> streams() const {
    std::vector<const media::FakeMediaPort::FakeStream*> open;
    for (const auto& [id, stream] : exchange_media.streams()) {
      if (!stream.closed) {
        open.push_back(&stream);
      }
    }
    return open;
  }
  void end(ScriptedPhone& phone) {
    phone.hang_up();
    run_for(std::chrono::seconds(1));
    EXPECT_TRUE(streams().empty());
    expect_nothing_left();
  }
};

/// Alice has called Bob through the exchange.
struct RelayedCall : MediaWorld {
  explicit RelayedCall(Options options) : MediaWorld(std::move(options)), alice(add_phone("alice")), bob(add_phone("bob")), leg(alice.call("bob")) {
    run_for(std::chrono::seconds(1));
    EXPECT_EQ(streams().size(), 2U);
    clear_wire();
  }
  ScriptedPhone& alice;
  ScriptedPhone& bob;
  PhoneLeg& leg;
};

}  // namespace callwright::simulation
