#include "media/address_probe.hpp"

#include <gmock/gmock.h>

#include <map>
#include <vector>

namespace callwright::media {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

namespace stun = base::stun;

const base::SocketAddress kServer = base::SocketAddress::parse("198.51.100.1:3478").value();

/// A server that answers what the test lets through, and a NAT that adds 10000 to ports.
class Probe : public testing::Test, private AddressProbe::Output {
 protected:
  struct Sent {
    Port port;
    std::uint16_t type;
    base::TimePoint at;
  };

  void send_to_stun_server(Port port, const base::SocketAddress& server, std::string_view datagram) override {
    EXPECT_EQ(server, kServer);
    const auto message = stun::Message::parse(datagram);
    ASSERT_TRUE(message);
    sent_.push_back({port, message->type(), clock_.now()});
    if (message->type() == stun::kBindingRequest) {
      latest_[port] = message->transaction();
      if (lost_[port] == 0) {
        answer(port);
      } else {
        --lost_[port];
      }
    }
  }
  static base::SocketAddress mapped(Port port) {
    return {base::IpAddress::parse("203.0.113.5").value(), static_cast<std::uint16_t>(port == Port::Rtp ? 50000 : 50007)};
  }
  void answer(Port port, const base::SocketAddress& from = kServer) {
    stun::Writer writer(stun::kBindingSuccess, latest_[port]);
    writer.add_xor_mapped_address(mapped(port));
    EXPECT_EQ(probe_.receive(port, from, writer.bytes()), from == kServer);
  }
  void run(base::Duration duration) {
    for (const base::TimePoint end = clock_.now() + duration; clock_.now() < end; clock_.advance(milliseconds(20))) {
      if (auto outcome = probe_.tick(clock_.now(), *this); outcome.index() != 0) {
        outcomes_.push_back(std::move(outcome));
      }
    }
  }

  base::ManualClock clock_;
  base::DeterministicRandom random_{3};
  AddressProbe probe_{kServer, random_, clock_.now()};
  std::map<Port, unsigned> lost_;  ///< So many answers are.
  std::map<Port, base::StunTransaction> latest_;
  std::vector<Sent> sent_;
  std::vector<AddressProbe::Outcome> outcomes_;
};

TEST_F(Probe, learns_both_addresses_from_one_request_each) {
  run(seconds(1));
  EXPECT_EQ(sent_.size(), 2U);
  ASSERT_EQ(outcomes_.size(), 1U);
  const auto& learned = std::get<AddressLearned>(outcomes_[0]);
  EXPECT_EQ(learned.rtp, mapped(Port::Rtp));
  EXPECT_EQ(learned.rtcp, mapped(Port::Rtcp));
}

TEST_F(Probe, asks_again_when_answers_are_lost) {
  lost_ = {{Port::Rtp, 3}, {Port::Rtcp, 1}};
  const base::TimePoint start = clock_.now();
  run(seconds(10));
  std::vector<milliseconds> times;
  for (const Sent& sent : sent_) {
    if (sent.port == Port::Rtp && sent.type == stun::kBindingRequest) {
      times.push_back(std::chrono::duration_cast<milliseconds>(sent.at - start));
    }
  }
  EXPECT_THAT(times, testing::ElementsAre(milliseconds(0), milliseconds(500), milliseconds(1500), milliseconds(3500)));
  ASSERT_EQ(outcomes_.size(), 1U);
  EXPECT_EQ(std::get<AddressLearned>(outcomes_[0]).rtp, mapped(Port::Rtp));
}

TEST_F(Probe, gives_up_a_server_that_does_not_answer) {
  lost_ = {{Port::Rtp, 100}, {Port::Rtcp, 100}};
  run(milliseconds(5000));
  EXPECT_TRUE(outcomes_.empty());
  run(seconds(60));
  ASSERT_EQ(outcomes_.size(), 1U);
  EXPECT_EQ(std::get<AddressUnknown>(outcomes_[0]).error.code, base::Errc::TimedOut);
  EXPECT_EQ(sent_.size(), 8U);
}

TEST_F(Probe, knows_rtp_where_only_that_is_answered) {
  lost_ = {{Port::Rtcp, 100}};
  run(seconds(6));
  ASSERT_EQ(outcomes_.size(), 1U);
  EXPECT_EQ(std::get<AddressLearned>(outcomes_[0]).rtp, mapped(Port::Rtp));
  EXPECT_FALSE(std::get<AddressLearned>(outcomes_[0]).rtcp);
}

TEST_F(Probe, keeps_the_mappings_alive) {
  run(seconds(65));
  const auto indications = std::count_if(sent_.begin(), sent_.end(), [](const Sent& sent) { return sent.type == stun::kBindingIndication; });
  EXPECT_EQ(indications, 6) << "three from each port";
}

TEST_F(Probe, believes_nobody_else_and_no_answer_that_it_did_not_ask_for) {
  lost_ = {{Port::Rtp, 100}, {Port::Rtcp, 100}};
  run(milliseconds(40));
  answer(Port::Rtp, base::SocketAddress::parse("198.51.100.1:3479").value());
  latest_[Port::Rtp][5] = static_cast<char>(latest_[Port::Rtp][5] + 1);
  answer(Port::Rtp);
  EXPECT_FALSE(probe_.receive(Port::Rtp, kServer, "\x80 an RTP packet from there")) << "is for the stream";
  run(milliseconds(100));
  EXPECT_TRUE(outcomes_.empty());
}

TEST_F(Probe, is_told_by_an_error_that_there_will_be_no_address) {
  lost_ = {{Port::Rtp, 100}, {Port::Rtcp, 100}};
  run(milliseconds(40));
  stun::Writer writer(stun::kBindingError, latest_[Port::Rtp]);
  writer.add_error(401, "Unauthorized");
  EXPECT_TRUE(probe_.receive(Port::Rtp, kServer, writer.bytes()));
  run(milliseconds(40));
  ASSERT_EQ(outcomes_.size(), 1U);
  EXPECT_EQ(std::get<AddressUnknown>(outcomes_[0]).error.code, base::Errc::Refused);
}

}  // namespace
}  // namespace callwright::media
