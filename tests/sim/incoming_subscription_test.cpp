// Subscriptions that somebody has with us and whose NOTIFYs are worded one by one (RFC 6665 §4.2), with a subscriber that is played by hand.
#include "sip/incoming_subscription.hpp"
#include "sim/raw_peer.hpp"
#include "sim/wire_log.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace callwright::simulation {
namespace {

using namespace std::chrono_literals;
using sip::IncomingSubscription;
using testing::ElementsAre;
using testing::StartsWith;
using By = IncomingSubscription::End::By;
using Kind = sip::SubscriptionState::Kind;
using Cause = sip::SubscriptionState::Reason;

/// A user agent that takes each SUBSCRIBE, and writes down what becomes of it.
class Teller final : private sip::UserAgent::Handler, private IncomingSubscription::Observer {
 public:
  Teller(SimulatedNetwork& network, sip::Resolver& resolver, std::string_view address)
      : node(network.add_node(address)), agent(network.timers(), network.random(), node, resolver, {}), ended(network.timers()) {
    node.attach(agent.transport_user());
    agent.set_handler(this);
  }
  ~Teller() override { agent.set_handler(nullptr); }

  Node& node;
  sip::UserAgent agent;
  IncomingSubscription::Notification first{.state = Kind::Active, .content_type = "text/plain", .body = "first"};
  std::unique_ptr<IncomingSubscription> subscription;
  std::vector<std::string> events;

 private:
  void on_request(sip::ServerTransaction& transaction, const sip::Message& request) override {
    IncomingSubscription::Observer& observer = *this;
    subscription = std::make_unique<IncomingSubscription>(
        agent, transaction, request, IncomingSubscription::Options{.contact_user = "bob", .credentials = {}, .longest = 600s, .first = first}, observer);
    subscription->start(transaction, request);
  }
  void on_refreshed(IncomingSubscription& which) override { events.push_back("refreshed " + std::to_string(which.expires().count())); }
  void on_answered(IncomingSubscription& /*which*/, std::uint64_t reference, int status, std::string_view reason) override {
    events.push_back(std::to_string(reference) + " " + std::to_string(status) + " " + std::string(reason));
  }
  void on_ended(IncomingSubscription& /*which*/, const IncomingSubscription::End& end) override {
    constexpr std::string_view kNames[] = {"subscriber", "expiry", "owner", "refusal"};
    events.push_back("ended by " + std::string(kNames[static_cast<std::size_t>(end.by)]) + " " + std::to_string(end.status));
    ended.add(std::move(subscription));
  }

  base::DestroyLater<IncomingSubscription> ended;
};

class TakenSubscription : public ::testing::Test {
 protected:
  /// Sends a SUBSCRIBE: the first one, or within the dialog.
  void subscribe(unsigned cseq, int expires, std::string_view from_tag = "raw", std::string_view event = "text;id=7") {
    const std::string via = "SIP/2.0/UDP 192.0.2.9:5060;branch=z9hG4bKs" + std::to_string(++branches_) + ";rport";
    const std::string headers = "Event: " + std::string(event) + "\r\nContact: <sip:peer@192.0.2.9:5060>\r\nExpires: " + std::to_string(expires) + "\r\n";
    const std::string tag = cseq == 1 ? std::string() : parameter_of(peer.latest("NOTIFY"), "From", "tag");
    peer.send(teller.node, RawPeer::make_request({.method = "SUBSCRIBE", .via = via, .from_tag = from_tag, .to_tag = tag, .cseq = cseq, .headers = headers}));
    network.run_for(100ms);
  }
  /// The state and body of the latest NOTIFY, which is answered.
  std::string take(int status = 200, std::string_view headers = {}) {
    const std::string notify = peer.latest("NOTIFY");
    peer.reply(notify, {.status = status, .to_tag = {}, .headers = headers});
    network.run_for(100ms);
    return header_of(notify, "Subscription-State") + " " + notify.substr(notify.find("\r\n\r\n") + 4);
  }
  base::Result<void> notify(std::string body, std::uint64_t reference, Kind state = Kind::Active) {
    return teller.subscription->notify({.state = state, .content_type = "text/plain", .body = std::move(body), .headers = {}, .reference = reference});
  }
  void expect_nothing_left() {
    EXPECT_TRUE(network.run_until_idle());
    EXPECT_EQ(teller.subscription, nullptr);
    EXPECT_EQ(teller.agent.usages(), 0U);
    EXPECT_EQ(teller.agent.transactions().client_transactions(), 0U);
    EXPECT_EQ(network.timers().pending(), 0U);
  }

  SimulatedNetwork network{1};
  FakeResolver resolver;
  Teller teller{network, resolver, "192.0.2.2:5060"};
  RawPeer peer{network, "192.0.2.9:5060"};
  unsigned branches_ = 0;
};

TEST_F(TakenSubscription, tells_one_after_the_other_and_a_last_time_when_it_is_unsubscribed) {
  subscribe(1, 300);
  EXPECT_EQ(header_of(peer.latest("200 SUBSCRIBE"), "Expires"), "300");
  EXPECT_EQ(header_of(peer.latest("NOTIFY"), "Event"), "text;id=7");
  EXPECT_TRUE(notify("second", 2));
  EXPECT_TRUE(notify("third", 3, Kind::Pending));
  network.run_for(100ms);
  EXPECT_EQ(peer.count("NOTIFY"), 1U) << "the others wait for its answer";
  EXPECT_EQ(take(), "active;expires=300 first");
  EXPECT_EQ(take(), "active;expires=300 second");
  EXPECT_EQ(take(), "pending;expires=300 third");
  subscribe(2, 0);
  EXPECT_EQ(take(), "terminated;reason=timeout third");
  EXPECT_THAT(teller.events, ElementsAre("2 200 X", "3 200 X", "ended by subscriber 0"));
  expect_nothing_left();
}

TEST_F(TakenSubscription, a_refresh_is_told_what_was_told_last) {
  subscribe(1, 7000);
  EXPECT_EQ(header_of(peer.latest("200 SUBSCRIBE"), "Expires"), "600");
  take();
  EXPECT_TRUE(notify("second", 2));
  network.run_for(100ms);
  take();
  network.run_for(500s);
  subscribe(2, 200);
  EXPECT_EQ(take(), "active;expires=200 second");
  network.run_for(201s);
  EXPECT_EQ(take(), "terminated;reason=timeout second");
  EXPECT_THAT(teller.events, ElementsAre("2 200 X", "refreshed 200", "ended by expiry 0"));
  expect_nothing_left();
}

TEST_F(TakenSubscription, is_over_when_a_notify_is_refused_or_not_answered) {
  subscribe(1, 300);
  EXPECT_TRUE(notify("second", 2));
  EXPECT_TRUE(notify("third", 3));
  take();
  take(481);
  EXPECT_THAT(teller.events, ElementsAre("2 481 X", "3 481 the subscription is over", "ended by refusal 481"));
  expect_nothing_left();
}

TEST_F(TakenSubscription, silence_ends_it) {
  subscribe(1, 300);
  network.run_for(33s);
  EXPECT_THAT(teller.events, ElementsAre("ended by refusal 408"));
  expect_nothing_left();
}

TEST_F(TakenSubscription, goes_on_when_the_subscriber_asks_for_it_later) {
  subscribe(1, 300);
  take(503, "Retry-After: 10\r\n");
  EXPECT_TRUE(teller.events.empty());
  EXPECT_TRUE(notify("second", 2));
  network.run_for(100ms);
  EXPECT_EQ(take(), "active;expires=300 second");
  EXPECT_TRUE(teller.subscription->terminate(Cause::Probation, 60s));
  EXPECT_FALSE(teller.subscription->terminate(Cause::NoResource));
  EXPECT_FALSE(notify("late", 4));
  network.run_for(100ms);
  EXPECT_EQ(take(), "terminated;reason=probation;retry-after=60 second");
  EXPECT_THAT(teller.events, ElementsAre("2 200 X", "ended by owner 0"));
  expect_nothing_left();
}

TEST_F(TakenSubscription, takes_only_what_is_of_its_dialog_and_in_order) {
  subscribe(1, 300);
  take();
  subscribe(2, 300, "thief");
  EXPECT_THAT(peer.received.back(), StartsWith("SIP/2.0 481 "));
  subscribe(3, 300, "raw", "other");
  EXPECT_THAT(peer.received.back(), StartsWith("SIP/2.0 481 Another Event"));
  subscribe(3, 300);
  EXPECT_THAT(peer.received.back(), StartsWith("SIP/2.0 500 CSeq out of order"));
  EXPECT_EQ(peer.count("NOTIFY"), 1U);
  EXPECT_TRUE(teller.subscription->terminate(Cause::Rejected));
  network.run_for(100ms);
  subscribe(4, 300);
  EXPECT_THAT(peer.received.back(), StartsWith("SIP/2.0 481 ")) << "it ends just now";
  take();
  EXPECT_THAT(teller.events, ElementsAre("ended by owner 0"));
  expect_nothing_left();
}

TEST_F(TakenSubscription, is_told_once_when_it_wants_no_more) {
  subscribe(1, 0);
  EXPECT_EQ(take(), "terminated;reason=timeout first");
  EXPECT_THAT(teller.events, ElementsAre("ended by subscriber 0"));
  expect_nothing_left();
}

TEST_F(TakenSubscription, waits_with_so_many_at_most) {
  subscribe(1, 300);
  int taken = 0;
  while (notify("x", 1)) {
    ++taken;
  }
  EXPECT_EQ(taken, 63);
  teller.subscription.reset();
  expect_nothing_left();
}

}  // namespace
}  // namespace callwright::simulation
