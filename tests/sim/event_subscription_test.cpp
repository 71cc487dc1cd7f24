// Event notification (RFC 6665): both sides with each other, and each with a peer played by hand.
#include "sim/raw_peer.hpp"
#include "sim/wire_log.hpp"
#include "sip/event_notifier.hpp"
#include "sip/event_subscriber.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace callwright::simulation {
namespace {

using namespace std::chrono_literals;
using sip::Subscriber;
using testing::ElementsAre;
using testing::IsEmpty;
using Cause = sip::SubscriptionState::Reason;

/// State that is a text; parts that changed are told by name.
class TextPackage final : public sip::EventPackage {
 public:
  [[nodiscard]] std::string_view name() const noexcept override { return "text"; }
  [[nodiscard]] std::string_view content_type() const noexcept override { return "text/plain"; }
  [[nodiscard]] std::string body(const sip::EventView& view) override {
    std::string text = std::to_string(view.version) + " " + std::string(view.resource) + " " + state;
    for (const std::string& part : view.changed) {
      text += " +" + part;
    }
    return text;
  }
  std::string state = "one";
};

/// A user agent that serves subscriptions to the user in the Request-URI.
class Server final : private sip::UserAgent::Handler {
 public:
  Server(SimulatedNetwork& network, sip::Resolver& resolver, std::string_view address, sip::Notifier::Limits limits)
      : node(network.add_node(address)), agent(network.timers(), network.random(), node, resolver, {}), notifier(agent, limits) {
    node.attach(agent.transport_user());
    agent.set_handler(this);
    notifier.add(package);
  }
  ~Server() override { agent.set_handler(nullptr); }

  Node& node;
  sip::UserAgent agent;
  TextPackage package;
  sip::Notifier notifier;

 private:
  void on_request(sip::ServerTransaction& transaction, const sip::Message& request) override {
    notifier.handle(transaction, request, sip::user_of(request.request_uri()));
  }
};

/// A subscriber that writes down what it is told.
class Watcher final : private Subscriber::Observer {
 public:
  Watcher(SimulatedNetwork& network, sip::Resolver& resolver, std::string_view address)
      : node(network.add_node(address)), agent(network.timers(), network.random(), node, resolver, {}) {
    node.attach(agent.transport_user());
  }
  Subscriber& subscribe(const std::string& uri, std::chrono::seconds expires = 3600s) {
    Subscriber::Options options;
    options.uri = uri;
    options.from = "<sip:watcher@192.0.2.1>";
    options.to = "<" + uri + ">";
    options.contact_user = "watcher";
    options.package = "text";
    options.accept = "text/plain";
    options.expires = expires;
    Subscriber::Observer& observer = *this;
    subscriber = std::make_unique<Subscriber>(agent, std::move(options), observer);
    subscriber->start();
    return *subscriber;
  }

  Node& node;
  sip::UserAgent agent;
  std::vector<std::string> events;
  std::vector<std::string> notifiers;
  std::unique_ptr<Subscriber> subscriber;

 private:
  void on_notify(Subscriber& /*subscriber*/, const Subscriber::Notification& notification) override {
    events.push_back(notification.state.to_string() + " | " + std::string(notification.body));
    notifiers.emplace_back(notification.notifier);
  }
  void on_subscription_ended(Subscriber& /*subscriber*/, const Subscriber::End& end) override {
    const auto again = end.again_in ? std::chrono::ceil<std::chrono::seconds>(*end.again_in).count() : -1;
    events.push_back("ended " + std::to_string(end.status) + " again " + std::to_string(again));
  }
};

class Subscriptions : public ::testing::Test {
 protected:
  Subscriptions() {
    log.name(watcher.node, "w");
    log.name(server.node, "s");
  }
  void expect_nothing_left() {
    EXPECT_TRUE(network.run_until_idle());
    for (sip::UserAgent* agent : {&watcher.agent, &server.agent}) {
      EXPECT_EQ(agent->usages(), 0U);
      EXPECT_EQ(agent->transactions().client_transactions(), 0U);
      EXPECT_EQ(agent->transactions().server_transactions(), 0U);
    }
    EXPECT_EQ(server.notifier.subscriptions(), 0U);
    EXPECT_EQ(network.timers().pending(), 0U);
  }

  SimulatedNetwork network{1};
  FakeResolver resolver;
  WireLog log{network};
  Watcher watcher{network, resolver, "192.0.2.1:5060"};
  Server server{network, resolver, "192.0.2.2:5060", {.subscriptions_per_source = 2}};
  RawPeer peer{network, "192.0.2.9:5060"};
};

constexpr const char* kResource = "sip:bob@192.0.2.2:5060";
constexpr const char* kPeer = "sip:bob@192.0.2.9:5060";

TEST_F(Subscriptions, state_is_told_at_once_and_whenever_it_changes) {
  watcher.subscribe(kResource);
  network.run_for(1s);
  EXPECT_THAT(log.flow(), ElementsAre("w SUBSCRIBE", "s 200 SUBSCRIBE", "s NOTIFY", "w 200 NOTIFY"));
  const WireMessage& subscribe = log.find("w SUBSCRIBE");
  EXPECT_EQ(subscribe.header("Event"), "text");
  EXPECT_EQ(subscribe.header("Expires"), "3600");
  EXPECT_EQ(subscribe.header("Contact"), "<sip:watcher@192.0.2.1:5060>");
  EXPECT_EQ(log.find("s 200 SUBSCRIBE").header("Expires"), "3600");
  EXPECT_EQ(log.find("s 200 SUBSCRIBE").header("Contact"), "<sip:bob@192.0.2.2:5060>");
  const WireMessage& notify = log.find("s NOTIFY");
  EXPECT_EQ(notify.start_line(), "NOTIFY sip:watcher@192.0.2.1:5060 SIP/2.0");
  EXPECT_EQ(notify.header("Subscription-State"), "active;expires=3600");
  EXPECT_EQ(notify.header("Event"), "text");
  EXPECT_EQ(notify.header("Content-Type"), "text/plain");
  EXPECT_EQ(notify.parameter("From", "tag"), log.find("s 200 SUBSCRIBE").parameter("To", "tag"));
  server.package.state = "two";
  server.notifier.changed(server.package, "bob", "colour");
  server.notifier.changed(server.package, "carol", "colour");
  network.run_for(1s);
  EXPECT_THAT(watcher.events, ElementsAre("active;expires=3600 | 0 bob one", "active;expires=3600 | 1 bob two +colour"));
  watcher.subscriber->stop();
  network.run_for(1s);
  EXPECT_EQ(watcher.events[2], "terminated;reason=timeout | 2 bob two");
  EXPECT_EQ(watcher.events[3], "ended 200 again -1");
  expect_nothing_left();
}

TEST_F(Subscriptions, are_refreshed_before_they_expire) {
  watcher.subscribe(kResource, 100s);
  network.run_for(150s);
  EXPECT_THAT(log.times("w SUBSCRIBE"), ElementsAre(0ms, testing::AllOf(testing::Gt(60000ms), testing::Lt(70000ms)), testing::Gt(130000ms)));
  EXPECT_EQ(server.notifier.subscriptions(), 1U);
  EXPECT_EQ(watcher.agent.usages(), 1U);
  watcher.subscriber->stop();
  expect_nothing_left();
}

TEST_F(Subscriptions, fetch_brings_the_state_once) {
  watcher.subscribe(kResource, 0s);
  network.run_for(1s);
  EXPECT_THAT(watcher.events, ElementsAre("terminated;reason=timeout | 0 bob one", "ended 200 again -1"));
  expect_nothing_left();
}

TEST_F(Subscriptions, what_changes_while_a_notify_is_under_way_is_told_in_one) {
  watcher.subscribe(kResource);
  network.run_for(1s);
  network.set_filter([](const Packet& packet) { return what_is(packet.message) == "200 NOTIFY"; });
  server.notifier.changed(server.package, "bob", "a");
  server.notifier.changed(server.package, "bob", "b");
  server.notifier.changed(server.package, "bob", "b");
  server.notifier.changed(server.package, "bob", "c");
  network.run_for(300ms);
  EXPECT_EQ(log.count("s NOTIFY"), 2U) << "the second has no answer yet";
  network.set_filter({});
  network.run_for(2s);
  EXPECT_THAT(watcher.events, ElementsAre(testing::_, testing::HasSubstr("1 bob one +a"), testing::HasSubstr("2 bob one +b +c")));
  watcher.subscriber->stop();
  expect_nothing_left();
}

TEST_F(Subscriptions, end_when_they_are_not_refreshed) {
  watcher.subscribe(kResource, 100s);
  network.run_for(1s);
  watcher.subscriber.reset();
  network.run_for(101s);
  // The watcher that forgot its subscription refuses the last NOTIFY.
  EXPECT_EQ(log.find("s NOTIFY", 1).header("Subscription-State"), "terminated;reason=timeout");
  EXPECT_EQ(log.count("w 481 NOTIFY"), 1U);
  expect_nothing_left();
}

TEST_F(Subscriptions, are_dropped_when_a_notify_is_refused_or_lost) {
  watcher.subscribe(kResource);
  network.run_for(1s);
  network.partition(watcher.node, server.node);
  server.notifier.changed(server.package, "bob");
  network.run_for(33s);
  EXPECT_EQ(server.notifier.subscriptions(), 0U);
  network.heal(watcher.node, server.node);
  // The refresh is answered with 481, and the watcher subscribes anew at once.
  network.run_for(3600s);
  EXPECT_EQ(log.count("s 481 SUBSCRIBE"), 1U);
  EXPECT_EQ(server.notifier.subscriptions(), 1U);
  EXPECT_EQ(watcher.events[1], "ended 481 again 0");
  EXPECT_NE(log.find("w SUBSCRIBE", 2).header("Call-ID"), log.find("w SUBSCRIBE").header("Call-ID"));
  watcher.subscriber->stop();
  expect_nothing_left();
}

TEST_F(Subscriptions, that_are_deactivated_are_made_again) {
  watcher.subscribe(kResource);
  network.run_for(1s);
  server.notifier.end(server.package, "bob", Cause::Deactivated);
  network.run_for(1s);
  EXPECT_EQ(watcher.events[1], "terminated;reason=deactivated | 1 bob one");
  EXPECT_EQ(watcher.events[2], "ended 200 again 0");
  EXPECT_EQ(server.notifier.subscriptions(), 1U);
  server.notifier.end(server.package, "bob", Cause::NoResource);
  network.run_for(1h);
  EXPECT_EQ(watcher.events.back(), "ended 200 again -1");
  expect_nothing_left();
}

TEST_F(Subscriptions, that_end_for_a_time_are_made_again_after_it) {
  watcher.subscribe(kResource);
  network.run_for(1s);
  server.notifier.end_all(Cause::Probation, 90s);
  network.run_for(1s);
  EXPECT_EQ(watcher.events.back(), "ended 200 again 90");
  EXPECT_EQ(server.notifier.subscriptions(), 0U);
  network.run_for(90s);
  EXPECT_EQ(server.notifier.subscriptions(), 1U);
  watcher.subscriber->stop();
  expect_nothing_left();
}

TEST_F(Subscriptions, too_short_ones_are_asked_for_again_with_the_minimum) {
  watcher.subscribe(kResource, 10s);
  network.run_for(1s);
  EXPECT_EQ(log.find("s 423 SUBSCRIBE").header("Min-Expires"), "60");
  EXPECT_EQ(log.find("w SUBSCRIBE", 1).header("Expires"), "60");
  EXPECT_THAT(watcher.events, ElementsAre("active;expires=60 | 0 bob one"));
  watcher.subscriber->stop();
  expect_nothing_left();
}

TEST_F(Subscriptions, bad_requests_are_refused_by_the_notifier) {
  const auto answer = [this](std::string_view headers, std::string_view to_tag = {}) {
    static unsigned cseq = 0;
    const std::string branch = "SIP/2.0/UDP 192.0.2.9:5060;branch=z9hG4bKraw" + std::to_string(++cseq) + ";rport";
    peer.send(server.node, RawPeer::make_request({.method = "SUBSCRIBE", .uri = kResource, .via = branch, .to_tag = to_tag, .cseq = cseq, .headers = headers}));
    network.run_for(100ms);
    return peer.received.back();
  };
  constexpr std::string_view kContact = "Contact: <sip:raw@192.0.2.9:5060>\r\n";
  const std::string unknown = answer(std::string(kContact) + "Event: weather\r\n");
  EXPECT_EQ(what_is(unknown), "489 SUBSCRIBE");
  EXPECT_EQ(header_of(unknown, "Allow-Events"), "text");
  EXPECT_EQ(what_is(answer(kContact)), "489 SUBSCRIBE");
  EXPECT_EQ(what_is(answer("Event: text\r\n")), "400 SUBSCRIBE");
  const std::string unacceptable = answer(std::string(kContact) + "Event: text\r\nAccept: application/pidf+xml\r\n");
  EXPECT_EQ(what_is(unacceptable), "406 SUBSCRIBE");
  EXPECT_EQ(header_of(unacceptable, "Accept"), "text/plain");
  EXPECT_EQ(what_is(answer(std::string(kContact) + "Event: text\r\n", "nobody")), "481 SUBSCRIBE");
  EXPECT_EQ(server.notifier.subscriptions(), 0U);
  EXPECT_TRUE(network.run_until_idle());
}

TEST_F(Subscriptions, have_a_limit_for_each_source) {
  for (unsigned number = 1; number <= 3; ++number) {
    const std::string call_id = "raw-" + std::to_string(number);
    const std::string via = "SIP/2.0/UDP 192.0.2.9:5060;branch=z9hG4bK" + call_id + ";rport";
    peer.send(server.node, RawPeer::make_request({.method = "SUBSCRIBE",
                                                  .uri = kResource,
                                                  .via = via,
                                                  .call_id = call_id,
                                                  .headers = "Event: text\r\nContact: <sip:raw@192.0.2.9:5060>\r\nExpires: 60\r\n"}));
    network.run_for(10ms);
  }
  network.run_for(100ms);
  EXPECT_EQ(peer.count("200 SUBSCRIBE"), 2U);
  EXPECT_EQ(header_of(peer.latest("503 SUBSCRIBE"), "Retry-After"), "30");
  // The peer never answers a NOTIFY: its subscriptions go.
  network.run_for(33s);
  EXPECT_EQ(server.notifier.subscriptions(), 0U);
  expect_nothing_left();
}

class PlayedNotifier : public Subscriptions {
 protected:
  void SetUp() override {
    watcher.subscribe(kPeer);
    network.run_for(100ms);
    subscribe = peer.latest("SUBSCRIBE");
  }
  /// Sends a NOTIFY in the dialog of the latest SUBSCRIBE and returns the answer.
  std::string notify(std::string_view headers, std::string_view tag = "peer", unsigned cseq = 1) {
    const std::string via = "SIP/2.0/UDP 192.0.2.9:5060;branch=z9hG4bKn" + std::to_string(++branch_) + ";rport";
    const std::string lines = "Contact: <sip:bob@192.0.2.9:5060>\r\n" + std::string(headers);
    peer.send(watcher.node, RawPeer::make_request({.method = "NOTIFY",
                                                   .uri = "sip:watcher@192.0.2.1:5060",
                                                   .via = via,
                                                   .from_tag = tag,
                                                   .to_tag = parameter_of(subscribe, "From", "tag"),
                                                   .call_id = header_of(subscribe, "Call-ID"),
                                                   .cseq = cseq,
                                                   .headers = lines}));
    network.run_for(100ms);
    return what_is(peer.received.back());
  }
  std::string subscribe;
  unsigned branch_ = 0;
};

TEST_F(PlayedNotifier, forks_are_subscriptions_of_their_own) {
  EXPECT_EQ(notify("Event: text\r\nSubscription-State: active;expires=3600\r\n", "one"), "200 NOTIFY");
  EXPECT_EQ(notify("Event: text\r\nSubscription-State: active;expires=100\r\n", "two", 5), "200 NOTIFY");
  EXPECT_EQ(notify("Event: text\r\nSubscription-State: pending;expires=3600\r\n", "three", 9), "200 NOTIFY");
  peer.reply(subscribe, {.to_tag = "one", .headers = "Expires: 3600\r\n"});
  network.run_for(1s);
  EXPECT_THAT(watcher.events, ElementsAre("active;expires=3600 | ", "active;expires=100 | ", "pending;expires=3600 | "));
  EXPECT_THAT(watcher.notifiers, ElementsAre("one", "two", "three"));
  EXPECT_EQ(watcher.subscriber->forks(), 2U);
  EXPECT_EQ(notify("Event: text\r\nSubscription-State: active\r\n", "two", 5), "500 NOTIFY") << "each counts by itself";
  // The second one is refreshed in its own dialog, before its 100 s are over.
  ASSERT_TRUE(network.run_until([this] { return peer.count("SUBSCRIBE") == 2; }, 70s));
  EXPECT_EQ(parameter_of(peer.latest("SUBSCRIBE"), "To", "tag"), "two");
  EXPECT_EQ(header_of(peer.latest("SUBSCRIBE"), "Call-ID"), header_of(subscribe, "Call-ID"));
  peer.reply(peer.latest("SUBSCRIBE"), {.status = 481});
  network.run_for(1s);
  EXPECT_EQ(watcher.subscriber->forks(), 1U);
  // The first one ends: the third takes its place, and nothing is subscribed to anew.
  EXPECT_EQ(notify("Event: text\r\nSubscription-State: terminated;reason=deactivated\r\n", "one", 2), "200 NOTIFY");
  EXPECT_EQ(watcher.subscriber->forks(), 0U);
  EXPECT_EQ(watcher.subscriber->state(), Subscriber::State::Subscribed);
  EXPECT_EQ(peer.count("SUBSCRIBE"), 2U);
  EXPECT_EQ(notify("Event: text\r\nSubscription-State: active;expires=600\r\n", "three", 10), "200 NOTIFY");
  EXPECT_EQ(notify("Event: text\r\nSubscription-State: terminated;reason=rejected\r\n", "three", 11), "200 NOTIFY");
  EXPECT_EQ(watcher.events.back(), "ended 200 again -1");
  expect_nothing_left();
}

TEST_F(PlayedNotifier, forks_are_bounded_in_number_and_in_time) {
  peer.reply(subscribe, {.to_tag = "fork0", .headers = "Expires: 3600\r\n"});
  for (int fork = 0; fork < 12; ++fork) {
    notify("Event: text\r\nSubscription-State: active;expires=3600\r\n", "fork" + std::to_string(fork));
  }
  EXPECT_EQ(watcher.subscriber->forks(), 8U);
  EXPECT_EQ(watcher.notifiers.size(), 9U);
  EXPECT_EQ(notify("Event: text\r\nSubscription-State: terminated\r\n", "fork1", 2), "200 NOTIFY");
  network.run_for(32s);
  EXPECT_EQ(notify("Event: text\r\nSubscription-State: active;expires=3600\r\n", "late"), "481 NOTIFY");
  EXPECT_EQ(watcher.subscriber->forks(), 7U);
  watcher.subscriber->stop();
  network.run_for(100ms);
  EXPECT_EQ(peer.count("SUBSCRIBE"), 9U) << "each is ended: one request for all, and eight to end them";
  network.run_for(5min);
  EXPECT_EQ(watcher.subscriber->forks(), 0U);
  expect_nothing_left();
}

TEST_F(PlayedNotifier, notify_may_overtake_the_answer) {
  EXPECT_EQ(notify("Event: text\r\nSubscription-State: pending\r\n", "one"), "200 NOTIFY");
  peer.reply(subscribe, {.status = 202, .to_tag = "one", .headers = "Expires: 100\r\n"});
  network.run_for(1s);
  EXPECT_THAT(watcher.events, ElementsAre("pending | "));
  EXPECT_EQ(watcher.subscriber->state(), Subscriber::State::Subscribed);
  watcher.subscriber->stop();
  network.run_for(100ms);
  EXPECT_EQ(header_of(peer.latest("SUBSCRIBE"), "Expires"), "0");
  EXPECT_EQ(parameter_of(peer.latest("SUBSCRIBE"), "To", "tag"), "one");
  peer.reply(peer.latest("SUBSCRIBE"), {.to_tag = "one"});
  network.run_for(33s);
  EXPECT_EQ(watcher.events.back(), "ended 408 again -1") << "the last NOTIFY never came";
  expect_nothing_left();
}

TEST_F(PlayedNotifier, wrong_notifies_are_refused) {
  peer.reply(subscribe, {});
  EXPECT_EQ(notify("Event: other\r\nSubscription-State: active\r\n"), "489 NOTIFY");
  EXPECT_EQ(notify("Event: text;id=4\r\nSubscription-State: active\r\n"), "481 NOTIFY");
  EXPECT_EQ(notify("Event: text\r\n"), "400 NOTIFY");
  EXPECT_EQ(notify("Event: text\r\nSubscription-State: active\r\n", "peer", 7), "200 NOTIFY");
  EXPECT_EQ(notify("Event: text\r\nSubscription-State: active\r\n", "peer", 7), "500 NOTIFY");
  EXPECT_EQ(notify("Event: text\r\nSubscription-State: terminated;reason=rejected\r\n", "peer", 8), "200 NOTIFY");
  EXPECT_THAT(watcher.events, ElementsAre("active | ", "terminated;reason=rejected | ", "ended 200 again -1"));
  EXPECT_EQ(notify("Event: text\r\nSubscription-State: active\r\n", "peer", 9), "481 NOTIFY");
  expect_nothing_left();
}

TEST_F(PlayedNotifier, silence_after_the_200_is_a_failure) {
  peer.reply(subscribe, {});
  network.run_for(31s);
  EXPECT_THAT(watcher.events, IsEmpty());
  network.run_for(2s);
  ASSERT_EQ(watcher.events.size(), 1U);
  EXPECT_THAT(watcher.events[0], testing::StartsWith("ended 408 again "));
  EXPECT_EQ(watcher.subscriber->state(), Subscriber::State::Waiting);
  watcher.subscriber->stop();
  expect_nothing_left();
}

TEST_F(PlayedNotifier, refusal_ends_it_for_good_or_for_a_time) {
  peer.reply(subscribe, {.status = 503, .headers = "Retry-After: 50\r\n"});
  network.run_for(1s);
  EXPECT_THAT(watcher.events, ElementsAre("ended 503 again 50"));
  network.run_for(51s);
  EXPECT_NE(header_of(peer.latest("SUBSCRIBE"), "Call-ID"), header_of(subscribe, "Call-ID"));
  peer.reply(peer.latest("SUBSCRIBE"), {.status = 489});
  network.run_for(1s);
  EXPECT_EQ(watcher.events.back(), "ended 489 again -1");
  const std::size_t sent = peer.count("SUBSCRIBE");
  network.run_for(1h);
  EXPECT_EQ(peer.count("SUBSCRIBE"), sent);
  expect_nothing_left();
}

TEST_F(PlayedNotifier, refused_refresh_leaves_the_subscription_until_it_expires) {
  peer.reply(subscribe, {.headers = "Expires: 100\r\n"});
  EXPECT_EQ(notify("Event: text\r\nSubscription-State: active;expires=100\r\n"), "200 NOTIFY");
  network.run_for(69s);
  ASSERT_EQ(header_of(peer.latest("SUBSCRIBE"), "CSeq"), "2 SUBSCRIBE");
  peer.reply(peer.latest("SUBSCRIBE"), {.status = 500});
  network.run_for(1s);
  EXPECT_EQ(watcher.subscriber->state(), Subscriber::State::Subscribed);
  EXPECT_EQ(notify("Event: text\r\nSubscription-State: active\r\n", "peer", 2), "200 NOTIFY");
  watcher.subscriber->stop();
  EXPECT_TRUE(network.run_until_idle());
}

}  // namespace
}  // namespace callwright::simulation
