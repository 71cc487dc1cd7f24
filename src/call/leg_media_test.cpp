#include "call/leg_media.hpp"

#include "base/random.hpp"
#include "media/fake_media_port.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace callwright::call {
namespace {

using testing::HasSubstr;
using testing::Not;

struct Legs : private media::MediaObserver {
  void on_media_event(const media::StreamEvent& /*event*/) override {}

  std::unique_ptr<LegMedia> open(const AgentMedia& media, std::optional<base::IpAddress> advertised = {}) {
    LegMedia::Options options = LegMedia::Options::from(media, capabilities_of(media, port.fingerprint()).value());
    options.stream.address = base::IpAddress::v4({192, 0, 2, 1});
    options.advertised = advertised;
    return LegMedia::open(port, random, *this, std::move(options)).value();
  }

  media::FakeMediaPort port;
  base::DeterministicRandom random{1};
};

AgentMedia with(std::vector<std::string> codecs) {
  AgentMedia media;
  media.codecs = std::move(codecs);
  return media;
}

TEST(LegMedia, agrees_with_another_one_and_starts) {
  Legs legs;
  const auto one = legs.open(with({"PCMA", "PCMU"}));
  const auto other = legs.open(with({"PCMU"}));
  const auto answer = other->answer(one->offer());
  ASSERT_TRUE(answer) << answer.error().message();
  ASSERT_TRUE(one->accept(*answer));
  ASSERT_TRUE(one->start());
  ASSERT_TRUE(other->start());
  EXPECT_EQ(one->negotiated()->codec.name, "PCMU");
  ASSERT_EQ(legs.port.streams().at(one->stream()).parameters.size(), 1U);
  EXPECT_EQ(legs.port.streams().at(one->stream()).parameters.back().remote_rtp, legs.port.streams().at(other->stream()).opened.rtp);
}

TEST(LegMedia, names_the_address_that_others_know) {
  Legs legs;
  const std::string offer = legs.open(with({"PCMU"}), base::IpAddress::v4({203, 0, 113, 5}))->offer();
  EXPECT_THAT(offer, HasSubstr("c=IN IP4 203.0.113.5\r\n"));
  EXPECT_THAT(offer, Not(HasSubstr("192.0.2.1")));
}

TEST(LegMedia, frees_its_ports_at_the_end) {
  Legs legs;
  auto leg = legs.open(with({"PCMU"}));
  const media::StreamId stream = leg->stream();
  leg.reset();
  EXPECT_TRUE(legs.port.streams().at(stream).closed);
}

TEST(LegMedia, starts_nothing_before_anything_was_agreed_on) {
  Legs legs;
  const auto leg = legs.open(with({"PCMU"}));
  static_cast<void>(leg->offer());
  ASSERT_TRUE(leg->start());
  EXPECT_TRUE(legs.port.streams().at(leg->stream()).parameters.empty());
  EXPECT_FALSE(leg->answer("v=0"));
  EXPECT_EQ(leg->negotiated(), nullptr);
}

TEST(LegMedia, knows_an_offer_that_changes_no_more_than_an_address) {
  Legs legs;
  const auto leg = legs.open(with({"PCMU", "PCMA"}));
  const auto offer = [](std::string_view address, std::string_view codecs, std::string_view direction) {
    std::string text("v=0\r\no=- 1 1 IN IP4 192.0.2.9\r\ns=-\r\nc=IN IP4 ");
    text.append(address).append("\r\nt=0 0\r\nm=audio 4000 RTP/AVP ").append(codecs).append("\r\na=").append(direction).append("\r\n");
    return text;
  };
  const auto keeps = [&](const std::string& text) { return leg->keeps(sdp::Description::parse(text).value()); };
  EXPECT_FALSE(keeps(offer("192.0.2.9", "0 8", "sendrecv")));
  ASSERT_TRUE(leg->answer(offer("192.0.2.9", "0 8", "sendrecv")));
  EXPECT_TRUE(keeps(offer("192.0.2.10", "0 8", "sendrecv")));
  EXPECT_FALSE(keeps(offer("192.0.2.9", "8 0", "sendrecv")));
  EXPECT_FALSE(keeps(offer("192.0.2.9", "0 8", "sendonly")));
  EXPECT_FALSE(keeps(offer("192.0.2.9", "9", "sendrecv")));
}

}  // namespace
}  // namespace callwright::call
