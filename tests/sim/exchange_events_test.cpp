// What is no call, at the exchange: subscriptions to its users' state, published presence, and MESSAGE.
#include "sim/exchange_world.hpp"
#include "sim/lamp.hpp"
#include "sim/sent_request.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace callwright::simulation {
namespace {

using namespace std::chrono_literals;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::Not;
using testing::StartsWith;

struct ExchangeEvents : ExchangeWorld, testing::Test {
  std::unique_ptr<SentRequest> send(ScriptedPhone& phone, sip::Method method, const std::string& uri, const std::string& headers, std::string content_type,
                                    std::string body) {
    auto sent = std::make_unique<SentRequest>(phone, method, uri, headers, std::move(content_type), std::move(body));
    run_for(1s);
    return sent;
  }
  std::unique_ptr<SentRequest> publish(const std::string& headers, std::string body, std::string content_type = "application/pidf+xml") {
    return send(bob, sip::Method::Publish, "sip:bob@192.0.2.1", "Event: presence\r\n" + headers, body.empty() ? "" : std::move(content_type), body);
  }
  std::unique_ptr<SentRequest> write(const std::string& to, std::string text = "hello") {
    return send(alice, sip::Method::Message, "sip:" + to + "@192.0.2.1", {}, "text/plain", std::move(text));
  }
  void expect_all_over(Lamp& lamp) {
    lamp.subscriber->stop();
    expect_nothing_left();
    EXPECT_EQ(exchange->states().notifier().subscriptions(), 0U);
    EXPECT_EQ(exchange->states().dialogs().calls(), 0U);
    EXPECT_EQ(user_agent.usages(), 0U);
  }
  ScriptedPhone& alice = add_phone("alice");
  ScriptedPhone& bob = add_phone("bob");
  ScriptedPhone& carol = add_phone("carol");
};

TEST_F(ExchangeEvents, busy_lamp_follows_a_call) {
  Lamp lamp(carol, "bob", "dialog");
  run_for(1s);
  ASSERT_EQ(lamp.bodies.size(), 1U);
  EXPECT_EQ(lamp.bodies[0],
            "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\r\n<dialog-info xmlns=\"urn:ietf:params:xml:ns:dialog-info\" version=\"0\" state=\"full\" "
            "entity=\"sip:bob@192.0.2.1\">\r\n</dialog-info>\r\n");
  bob.script.answer_after = 1s;
  alice.call("bob");
  run_for(500ms);
  EXPECT_THAT(lamp.bodies.back(), HasSubstr("direction=\"recipient\"><state>early</state><remote><identity>sip:alice@192.0.2.1</identity></remote></dialog>"));
  EXPECT_THAT(lamp.bodies.back(), HasSubstr("state=\"partial\""));
  run_for(1s);
  EXPECT_THAT(lamp.bodies.back(), HasSubstr("<state>confirmed</state>"));
  alice.hang_up();
  run_for(1s);
  EXPECT_THAT(lamp.bodies.back(), HasSubstr("<dialog id=\"1\"><state>terminated</state></dialog>"));
  EXPECT_EQ(message("X", "carol", "NOTIFY").header("Content-Type"), "application/dialog-info+xml");
  expect_all_over(lamp);
}

TEST_F(ExchangeEvents, lamp_that_comes_late_sees_the_call) {
  alice.call("bob");
  run_for(1s);
  Lamp lamp(carol, "alice", "dialog");
  run_for(1s);
  ASSERT_EQ(lamp.bodies.size(), 1U);
  EXPECT_THAT(lamp.bodies[0], HasSubstr("direction=\"initiator\"><state>confirmed</state><remote><identity>sip:bob@192.0.2.1</identity>"));
  EXPECT_THAT(lamp.bodies[0], Not(HasSubstr(alice.leg(0).call_id()))) << "who knows that may take the call";
  alice.hang_up();
  expect_all_over(lamp);
}

TEST_F(ExchangeEvents, lamp_follows_a_transfer) {
  alice.call("bob");
  run_for(1s);
  alice.call("carol");
  run_for(1s);
  Lamp lamp(alice, "bob", "dialog");
  run_for(1s);
  alice.leg(0).refer("sip:carol@192.0.2.1", alice.leg(1));
  run_for(2s);
  alice.hang_up();
  run_for(1s);
  Lamp late(alice, "bob", "dialog");
  run_for(1s);
  EXPECT_THAT(late.bodies.at(0), HasSubstr("<state>confirmed</state><remote><identity>sip:carol@192.0.2.1</identity>"));
  bob.hang_up();
  late.subscriber->stop();
  expect_all_over(lamp);
}

TEST_F(ExchangeEvents, message_lamp_is_for_the_owner_of_the_mailbox) {
  Lamp lamp(bob, "bob", "message-summary");
  Lamp other(alice, "bob", "message-summary");
  run_for(1s);
  EXPECT_EQ(other.ended, 403);
  exchange->states().set_waiting_messages("bob", {.fresh = 2, .old = 8, .urgent_old = 1});
  exchange->states().set_waiting_messages("bob", {.fresh = 2, .old = 8, .urgent_old = 1});
  run_for(1s);
  EXPECT_THAT(lamp.bodies, ElementsAre("Messages-Waiting: no\r\nMessage-Account: sip:bob@192.0.2.1\r\nVoice-Message: 0/0 (0/0)\r\n",
                                       "Messages-Waiting: yes\r\nMessage-Account: sip:bob@192.0.2.1\r\nVoice-Message: 2/8 (0/1)\r\n"));
  expect_all_over(lamp);
}

TEST_F(ExchangeEvents, presence_is_that_of_the_registration_until_something_is_published) {
  Lamp lamp(alice, "bob", "presence");
  run_for(1s);
  EXPECT_THAT(lamp.bodies.at(0), HasSubstr("entity=\"sip:bob@192.0.2.1\">\r\n<tuple id=\"registration\"><status><basic>open</basic>"));
  const auto first = publish("Expires: 600\r\n", "<presence>away</presence>");
  EXPECT_EQ(first->status, 200);
  EXPECT_EQ(first->expires, "600");
  EXPECT_EQ(lamp.bodies.back(), "<presence>away</presence>");
  const auto refreshed = publish("Expires: 600\r\nSIP-If-Match: " + first->etag + "\r\n", {});
  EXPECT_EQ(refreshed->status, 200);
  EXPECT_NE(refreshed->etag, first->etag);
  EXPECT_EQ(lamp.bodies.size(), 2U) << "nothing new";
  EXPECT_EQ(publish("SIP-If-Match: " + first->etag + "\r\n", "<presence/>")->status, 412);
  const auto changed = publish("SIP-If-Match: " + refreshed->etag + "\r\n", "<presence>back</presence>");
  EXPECT_EQ(lamp.bodies.back(), "<presence>back</presence>");
  EXPECT_EQ(publish("Expires: 0\r\nSIP-If-Match: " + changed->etag + "\r\n", {})->status, 200);
  EXPECT_THAT(lamp.bodies.back(), HasSubstr("<basic>open</basic>"));
  bob.stop_registration();
  run_for(1s);
  EXPECT_THAT(lamp.bodies.back(), HasSubstr("<basic>closed</basic>"));
  EXPECT_EQ(exchange->states().presence().publications(), 0U);
  expect_all_over(lamp);
}

TEST_F(ExchangeEvents, publication_ends_by_itself) {
  Lamp lamp(alice, "bob", "presence");
  run_for(1s);
  EXPECT_EQ(publish("Expires: 60\r\n", "<presence>away</presence>")->status, 200);
  run_for(61s);
  EXPECT_THAT(lamp.bodies.back(), HasSubstr("<basic>open</basic>"));
  EXPECT_EQ(lamp.bodies.size(), 3U);
  expect_all_over(lamp);
}

TEST_F(ExchangeEvents, bad_publications_are_refused) {
  EXPECT_EQ(publish("Expires: 5\r\n", "<presence/>")->status, 423);
  EXPECT_EQ(publish({}, "hello", "text/plain")->status, 415);
  EXPECT_EQ(publish({}, {})->status, 400);
  EXPECT_EQ(publish("SIP-If-Match: nothing\r\n", "<presence/>")->status, 412);
  EXPECT_EQ(send(alice, sip::Method::Publish, "sip:bob@192.0.2.1", "Event: presence\r\n", "application/pidf+xml", "<presence/>")->status, 403);
  EXPECT_EQ(send(bob, sip::Method::Publish, "sip:bob@192.0.2.1", "Event: dialog\r\n", "application/pidf+xml", "<presence/>")->status, 489);
  EXPECT_EQ(publish({}, std::string(20'000, 'x'))->status, 413);
  expect_nothing_left();
}

TEST_F(ExchangeEvents, unknown_packages_users_and_strangers_are_refused) {
  ScriptedPhone& mallory = add_stranger("mallory");
  Lamp weather(alice, "bob", "weather");
  Lamp nobody(alice, "nobody", "presence");
  Lamp stranger(mallory, "bob", "presence");
  run_for(1s);
  EXPECT_EQ(weather.ended, 489);
  EXPECT_EQ(message("X", "alice", "489 SUBSCRIBE").header("Allow-Events"), "dialog, presence, message-summary");
  EXPECT_EQ(nobody.ended, 404);
  EXPECT_EQ(stranger.ended, 403);
  EXPECT_EQ(exchange->states().notifier().subscriptions(), 0U);
  expect_nothing_left();
}

TEST_F(ExchangeEvents, shutting_down_ends_subscriptions_for_a_time) {
  Lamp lamp(alice, "bob", "presence");
  run_for(1s);
  exchange->shut_down();
  run_for(1s);
  EXPECT_EQ(message("X", "alice", "NOTIFY", 1).header("Subscription-State"), "terminated;reason=probation;retry-after=5");
  expect_all_over(lamp);
}

TEST_F(ExchangeEvents, message_reaches_a_user_and_its_answer_the_sender) {
  EXPECT_EQ(write("bob")->status, 200);
  const SentMessage got = message("X", "bob", "MESSAGE");
  EXPECT_EQ(got.body(), "hello");
  EXPECT_EQ(got.header("Content-Type"), "text/plain");
  EXPECT_EQ(got.header("Max-Forwards"), "69");
  EXPECT_THAT(got.header("From"), StartsWith("<sip:alice@192.0.2.1>;tag="));
  EXPECT_EQ(count("alice", "X", "MESSAGE"), 2U) << "the first was challenged";
  bob.script.message = 486;
  EXPECT_EQ(write("bob")->status, 486);
  EXPECT_EQ(write("nobody")->status, 404);
  EXPECT_EQ(write("bob", std::string(20'000, 'x'))->status, 413);
  expect_nothing_left();
}

TEST_F(ExchangeEvents, message_that_nobody_answers_fails_in_the_end) {
  drop("X", "bob", "MESSAGE");
  SentRequest sent(alice, sip::Method::Message, "sip:bob@192.0.2.1", {}, "text/plain", "hello");
  run_for(1min);
  EXPECT_EQ(sent.status, 408);
  stop_dropping();
  expect_nothing_left();
}

TEST_F(ExchangeEvents, message_whose_type_is_no_text_is_refused) {
  EXPECT_EQ(send(alice, sip::Method::Message, "sip:bob@192.0.2.1", {}, "text/plain\x01", "hello")->status, 400);
  EXPECT_EQ(count("X", "bob", "MESSAGE"), 0U);
  expect_nothing_left();
}

TEST_F(ExchangeEvents, message_from_a_stranger_is_refused) {
  ScriptedPhone& mallory = add_stranger("mallory");
  EXPECT_EQ(send(mallory, sip::Method::Message, "sip:bob@192.0.2.1", {}, "text/plain", "spam")->status, 403);
  EXPECT_EQ(count("X", "bob", "MESSAGE"), 0U);
  expect_nothing_left();
}

TEST_F(ExchangeEvents, options_tell_what_can_be_subscribed_to) {
  EXPECT_EQ(send(alice, sip::Method::Options, "sip:192.0.2.1", {}, {}, {})->status, 200);
  EXPECT_EQ(message("X", "alice", "200 OPTIONS").header("Allow-Events"), "dialog, presence, message-summary");
  expect_nothing_left();
}

TEST(ExchangeSubscriptions, of_one_user_are_limited_and_a_place_that_is_free_again_is_taken) {
  ExchangeWorld::Options options;
  options.exchange.subscriptions.subscriptions_per_user = 2;
  ExchangeWorld world(options);
  ScriptedPhone& alice = world.add_phone("alice");
  ScriptedPhone& carol = world.add_phone("carol");
  Lamp first(alice, "carol", "dialog");
  Lamp second(alice, "carol", "presence");
  world.run_for(1s);
  Lamp third(alice, "alice", "message-summary");
  Lamp other(carol, "alice", "dialog");
  world.run_for(1s);
  EXPECT_EQ(third.ended, 503);
  EXPECT_EQ(world.count("X", "alice", "503 SUBSCRIBE"), 1U);
  EXPECT_EQ(other.bodies.size(), 1U) << "another user has places of her own";
  first.subscriber->stop();
  world.run_for(31s);
  EXPECT_EQ(third.subscriber->state(), sip::Subscriber::State::Subscribed) << "it was told to come back after 30 s";
  for (Lamp* const lamp : {&second, &third, &other}) {
    lamp->subscriber->stop();
  }
  world.run_for(1s);
  EXPECT_EQ(world.exchange->states().notifier().subscriptions(), 0U);
  world.expect_nothing_left();
}

}  // namespace
}  // namespace callwright::simulation
