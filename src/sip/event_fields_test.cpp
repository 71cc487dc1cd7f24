#include "sip/event_fields.hpp"

#include <gtest/gtest.h>

#include <string>

namespace callwright::sip {
namespace {

std::string request_with(const std::string& lines) {
  return "NOTIFY sip:a@192.0.2.1 SIP/2.0\r\nVia: SIP/2.0/UDP 192.0.2.9;branch=z9hG4bK1\r\nFrom: <sip:b@192.0.2.9>;tag=1\r\nTo: <sip:a@192.0.2.1>;tag=2\r\n"
         "Call-ID: c\r\nCSeq: 1 NOTIFY\r\n" +
         lines + "Content-Length: 0\r\n\r\n";
}

TEST(EventFields, event_has_a_package_and_an_id) {
  Message message;
  const std::string text = request_with("o: Dialog;id=7\r\n");
  ASSERT_TRUE(message.parse(text));
  const auto event = EventType::of(message);
  ASSERT_TRUE(event);
  EXPECT_EQ(event->package, "Dialog");
  EXPECT_EQ(event->id, "7");
  EXPECT_TRUE(event->matches({"dialog", "7"}));
  EXPECT_FALSE(event->matches({"dialog", ""}));
  EXPECT_FALSE(event->matches({"presence", "7"}));
}

TEST(EventFields, event_that_is_missing_or_endless_is_none) {
  Message message;
  const std::string none = request_with("");
  ASSERT_TRUE(message.parse(none));
  EXPECT_FALSE(EventType::of(message));
  EXPECT_FALSE(SubscriptionState::of(message));
  const std::string endless = request_with("Event: " + std::string(200, 'x') + "\r\n");
  ASSERT_TRUE(message.parse(endless));
  EXPECT_FALSE(EventType::of(message));
}

TEST(EventFields, event_that_is_no_token_is_none) {
  for (const std::string value : {"\"A\" <sip:a@h>", "dialog;id=\"a;b\"", "dia log", "<dialog>"}) {
    Message message;
    const std::string text = request_with("Event: " + value + "\r\n");
    ASSERT_TRUE(message.parse(text));
    EXPECT_FALSE(EventType::of(message)) << value;
  }
}

TEST(EventFields, subscription_state_is_read_and_written) {
  for (const std::string text : {"active;expires=60", "pending", "terminated;reason=probation;retry-after=90", "terminated;reason=noresource"}) {
    Message message;
    const std::string bytes = request_with("Subscription-State: " + text + "\r\n");
    ASSERT_TRUE(message.parse(bytes));
    const auto state = SubscriptionState::of(message);
    ASSERT_TRUE(state) << text;
    EXPECT_EQ(state->to_string(), text);
  }
}

TEST(EventFields, unknown_states_and_reasons_are_tolerated) {
  Message message;
  const std::string bytes = request_with("Subscription-State: lively;reason=whim;expires=-4\r\n");
  ASSERT_TRUE(message.parse(bytes));
  const auto state = SubscriptionState::of(message);
  ASSERT_TRUE(state);
  EXPECT_EQ(state->kind, SubscriptionState::Kind::Active);
  EXPECT_EQ(state->reason, SubscriptionState::Reason::None);
  EXPECT_FALSE(state->expires);
}

TEST(EventFields, accept_lets_types_and_ranges_through) {
  const auto accepted = [](const std::string& lines) {
    Message message;
    const std::string bytes = request_with(lines);
    return message.parse(bytes) && accepts(message, "application/pidf+xml");
  };
  EXPECT_TRUE(accepted(""));
  EXPECT_TRUE(accepted("Accept: text/plain, Application/PIDF+xml;q=0.5\r\n"));
  EXPECT_TRUE(accepted("Accept: application/*\r\n"));
  EXPECT_TRUE(accepted("Accept: */*\r\n"));
  EXPECT_FALSE(accepted("Accept: text/*\r\n"));
  EXPECT_FALSE(accepted("Accept: text/plain\r\n"));
}

}  // namespace
}  // namespace callwright::sip
