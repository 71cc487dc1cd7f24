#include "rtp/ice_lite.hpp"

#include <gmock/gmock.h>

namespace callwright::rtp {
namespace {

namespace stun = base::stun;
using base::SocketAddress;
using std::chrono::milliseconds;
using std::chrono::seconds;
using std::string_view_literals::operator""sv;
using testing::IsEmpty;

TEST(IceIntegrity, fits_the_sample_of_rfc_5769) {
  const auto message = stun::Message::parse(
      "\x00\x01\x00\x58\x21\x12\xa4\x42\xb7\xe7\xa7\x01\xbc\x34\xd6\x86\xfa\x87\xdf\xae"
      "\x80\x22\x00\x10STUN test client"
      "\x00\x24\x00\x04\x6e\x00\x01\xff"
      "\x80\x29\x00\x08\x93\x2f\xf9\xb1\x51\x26\x3b\x36"
      "\x00\x06\x00\x09\x65\x76\x74\x6a\x3a\x68\x36\x76\x59\x20\x20\x20"
      "\x00\x08\x00\x14\x9a\xea\xa7\x0c\xbf\xd8\xcb\x56\x78\x1e\xf2\xb5\xb2\xd3\xf2\x49\xc1\xb5\x71\xa2"
      "\x80\x28\x00\x04\xe5\x7a\x3b\xcf"sv);
  ASSERT_TRUE(message);
  EXPECT_TRUE(has_good_integrity(*message, "VOkJxbRl1RmTxUk/WvJxBt"));
  EXPECT_FALSE(has_good_integrity(*message, "VOkJxbRl1RmTxUk/WvJxBu"));
}

/// A check as a full agent sends it.
struct Check {
  std::string username = "local:remote";
  std::string password = "0123456789012345678901";
  std::uint32_t priority = 0x6e0001ff;
  bool nominates = false;
  std::uint16_t role = stun::kIceControlling;
  std::uint16_t extra = 0;

  [[nodiscard]] std::string bytes() const {
    stun::Writer writer(stun::kBindingRequest, {'t', 'r', 'a', 'n', 's', 'a', 'c', 't', 'i', 'o', 'n', '1'});
    writer.add(stun::kUsername, username);
    writer.add_number32(stun::kPriority, priority);
    writer.add_number64(role, 42);
    if (nominates) {
      writer.add(stun::kUseCandidate, {});
    }
    if (extra != 0) {
      writer.add(extra, "x");
    }
    add_message_integrity(writer, password);
    writer.add_fingerprint();
    return writer.take();
  }
};

class IceLiteOf : public testing::Test {
 protected:
  IceLiteOf() { ice_.set_remote_ufrag("remote"); }
  std::string receive(const Check& check, const SocketAddress& from) { return ice_.receive(check.bytes(), from, now_); }

  /// The code of an error, 0 for success, -1 for no answer.
  static int code_of(const std::string& answer) {
    const auto message = stun::Message::parse(answer);
    if (!message || !message->has_good_fingerprint()) {
      return -1;
    }
    const auto* const error = message->find(stun::kErrorCode);
    return error == nullptr ? 0 : error->value[2] * 100 + error->value[3];
  }

  const SocketAddress kNear = SocketAddress::parse("10.0.0.9:5000").value();
  const SocketAddress kFar = SocketAddress::parse("[2001:db8::9]:6000").value();
  base::TimePoint now_{std::chrono::hours(1)};
  IceLite ice_{{"local", "0123456789012345678901"}};
};

TEST_F(IceLiteOf, answers_a_check_with_the_address_it_came_from) {
  const std::string answer = receive({}, kFar);
  const auto message = stun::Message::parse(answer);
  ASSERT_TRUE(message);
  EXPECT_EQ(message->type(), stun::kBindingSuccess);
  EXPECT_EQ(message->mapped_address(), kFar);
  EXPECT_TRUE(has_good_integrity(*message, ice_.local().password));
  EXPECT_TRUE(message->has_good_fingerprint());
  EXPECT_TRUE(ice_.is_checked(kFar));
  EXPECT_FALSE(ice_.is_checked(kNear));
  EXPECT_EQ(ice_.selected(), std::nullopt) << "nothing was nominated";
  EXPECT_FALSE(ice_.has_consent(now_));
}

TEST_F(IceLiteOf, sends_to_what_was_nominated) {
  receive({}, kNear);
  Check check;
  check.nominates = true;
  EXPECT_EQ(code_of(receive(check, kFar)), 0);
  EXPECT_EQ(ice_.selected(), kFar);
  EXPECT_EQ(ice_.last_check(), now_);
}

TEST_F(IceLiteOf, of_several_nominations_the_highest_priority_holds) {
  Check check;
  check.nominates = true;
  receive(check, kNear);
  check.priority -= 1000;
  receive(check, kFar);
  EXPECT_EQ(ice_.selected(), kNear);
  check.priority += 2000;
  receive(check, kFar);
  EXPECT_EQ(ice_.selected(), kFar);
  check.priority = 1;
  now_ += seconds(6);
  receive(check, kNear);
  EXPECT_EQ(ice_.selected(), kNear) << "the other one has gone silent";
}

TEST_F(IceLiteOf, consent_ends_thirty_seconds_after_the_last_check) {
  Check check;
  check.nominates = true;
  receive(check, kNear);
  now_ += seconds(20);
  receive({}, kNear);
  receive({}, kFar);
  EXPECT_TRUE(ice_.has_consent(now_ + milliseconds(29999)));
  EXPECT_FALSE(ice_.has_consent(now_ + seconds(30)));
  now_ += seconds(20);
  receive({}, kFar);
  EXPECT_FALSE(ice_.has_consent(now_ + seconds(10))) << "checks from elsewhere say nothing of the selected address";
}

TEST_F(IceLiteOf, refuses_wrong_credentials_with_401) {
  Check wrong_password;
  wrong_password.password = "x";
  Check wrong_name;
  wrong_name.username = "other:remote";
  Check wrong_partner;
  wrong_partner.username = "local:other";
  Check no_colon;
  no_colon.username = "local";
  for (const Check& check : {wrong_password, wrong_name, wrong_partner, no_colon}) {
    EXPECT_EQ(code_of(receive(check, kNear)), 401);
  }
  EXPECT_FALSE(ice_.is_checked(kNear));
  EXPECT_EQ(ice_.refused(), 4U);
}

TEST_F(IceLiteOf, refuses_a_check_without_credentials_with_400) {
  stun::Writer writer(stun::kBindingRequest, {});
  writer.add_fingerprint();
  EXPECT_EQ(code_of(ice_.receive(writer.bytes(), kNear, now_)), 400);
}

TEST_F(IceLiteOf, leaves_control_to_the_other_side) {
  Check check;
  check.role = stun::kIceControlled;
  check.nominates = true;
  EXPECT_EQ(code_of(receive(check, kNear)), 487);
  EXPECT_EQ(ice_.selected(), std::nullopt);
}

TEST_F(IceLiteOf, names_attributes_that_it_does_not_know) {
  Check check;
  check.extra = 0x0033;
  EXPECT_EQ(code_of(receive(check, kNear)), 420);
  check.extra = 0xc057;  // Network cost, which browsers add.
  EXPECT_EQ(code_of(receive(check, kNear)), 0);
}

TEST_F(IceLiteOf, does_not_answer_what_is_no_check) {
  const std::string good = Check{}.bytes();
  EXPECT_THAT(ice_.receive(good.substr(0, good.size() - 8), kNear, now_), IsEmpty()) << "cut";
  std::string changed = good;
  changed.back() = static_cast<char>(changed.back() ^ 1);
  EXPECT_THAT(ice_.receive(changed, kNear, now_), IsEmpty());
  stun::Writer indication(stun::kBindingIndication, {});
  indication.add_fingerprint();
  EXPECT_THAT(ice_.receive(indication.bytes(), kNear, now_), IsEmpty());
  EXPECT_THAT(ice_.receive(receive({}, kNear), kNear, now_), IsEmpty()) << "an answer";
  EXPECT_THAT(ice_.receive("", kNear, now_), IsEmpty());
  stun::Writer large(stun::kBindingRequest, {});
  large.add(stun::kSoftware, std::string(1500, 'x'));
  large.add_fingerprint();
  EXPECT_THAT(ice_.receive(large.bytes(), kNear, now_), IsEmpty()) << "longer than any check";
}

TEST_F(IceLiteOf, a_restart_keeps_media_until_the_next_nomination) {
  Check check;
  check.nominates = true;
  receive(check, kNear);
  ice_.restart({"fresh", "abcdefghijklmnopqrstuv"});
  EXPECT_EQ(ice_.selected(), kNear);
  EXPECT_EQ(code_of(receive(check, kNear)), 0) << "the old credentials still hold";
  Check fresh;
  fresh.username = "fresh:new";
  fresh.password = "abcdefghijklmnopqrstuv";
  fresh.priority = 1;
  fresh.nominates = true;
  EXPECT_EQ(code_of(receive(fresh, kFar)), 0);
  EXPECT_EQ(ice_.selected(), kFar) << "whatever its priority";
  EXPECT_EQ(code_of(receive(check, kNear)), 401) << "the old ones are over";
}

TEST_F(IceLiteOf, remembers_a_bounded_number_of_addresses) {
  for (std::uint16_t port = 1; port <= 100; ++port) {
    now_ += milliseconds(1);
    receive({}, {kNear.ip, port});
  }
  EXPECT_FALSE(ice_.is_checked({kNear.ip, 84}));
  EXPECT_TRUE(ice_.is_checked({kNear.ip, 85}));
  EXPECT_TRUE(ice_.is_checked({kNear.ip, 100}));
}

TEST(IceCredentials, are_long_enough_and_random) {
  base::DeterministicRandom random(1);
  const auto one = IceCredentials::make(random);
  const auto two = IceCredentials::make(random);
  EXPECT_GE(one.ufrag.size(), 4U);
  EXPECT_GE(one.password.size(), 22U);
  EXPECT_NE(one, two);
}

}  // namespace
}  // namespace callwright::rtp
