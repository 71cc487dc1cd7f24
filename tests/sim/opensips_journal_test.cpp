// What happens at an OpenSIPS proxy, as the journal tells it.
#include "sim/opensips_world.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace callwright::sim {
namespace {

using std::chrono::minutes;
using std::chrono::seconds;
using ::testing::ElementsAre;

std::string text_of(const call::Event& event) {
  if (const auto* const started = std::get_if<call::CallStarted>(&event.what)) return event.call_id + " started " + started->from + " " + started->to;
  if (std::holds_alternative<call::CallRinging>(event.what)) return event.call_id + " ringing";
  if (std::holds_alternative<call::CallAnswered>(event.what)) return event.call_id + " answered";
  if (const auto* const held = std::get_if<call::CallHeld>(&event.what))
    return event.call_id + " held " + std::to_string(int{held->caller} + 2 * int{held->callee});
  if (const auto* const ended = std::get_if<call::CallEnded>(&event.what))
    return event.call_id + " ended " + std::to_string(ended->status) + " " + ended->reason;
  if (const auto* const contact = std::get_if<call::ContactChanged>(&event.what)) {
    return contact->user + " " + contact->contact + (contact->now == call::ContactChanged::Now::Registered ? " came" : " went");
  }
  return "?";
}

std::vector<std::string> told(const OpenSipsWorld& world) {
  std::vector<std::string> texts;
  std::ranges::transform(world.journal, std::back_inserter(texts), text_of);
  return texts;
}

class OpenSipsJournal : public ::testing::Test {
 protected:
  OpenSipsJournal() { world.run_for(seconds(1)); }

  /// A call that the proxy has just got.
  void ring(const std::string& call_id) {
    world.proxy.add_call(call_id, "sip:alice@p", "sip:bob@p");
    world.proxy.dialogs.at(call_id).state = 1;
    world.proxy.set_dialog_state(call_id, 2);
    world.run_for(seconds(1));
  }

  OpenSipsWorld world;
};

TEST_F(OpenSipsJournal, tells_of_calls_that_nobody_here_has_started) {
  ring("x1");
  world.proxy.set_dialog_state("x1", 3);
  world.proxy.set_dialog_state("x1", 4);
  world.run_for(seconds(1));
  world.submit(call::HoldCall{"x1"});
  world.run_for(seconds(1));
  world.proxy.hang_up("x1");
  world.run_for(seconds(1));
  EXPECT_THAT(told(world), ElementsAre("x1 started sip:alice@p sip:bob@p", "x1 ringing", "x1 answered", ::testing::AnyOf("x1 held 1", "x1 held 2"), "x1 held 3",
                                       "x1 ended 200 BYE"));
  EXPECT_EQ(world.connector.calls(), 0U);
}

TEST_F(OpenSipsJournal, tells_of_a_call_that_is_over_at_once) {
  world.proxy.add_call("x1", "sip:alice@p", "sip:bob@p");
  world.proxy.set_dialog_state("x1", 2);
  world.proxy.hang_up("x1");
  world.run_for(seconds(1));
  EXPECT_THAT(told(world), ElementsAre("x1 started  ", "x1 ended 0 not answered"));
}

TEST_F(OpenSipsJournal, finds_out_that_a_call_is_over_when_the_event_was_lost) {
  ring("x1");
  world.proxy.dialogs.clear();
  world.run_for(minutes(6));
  EXPECT_EQ(told(world).back(), "x1 ended 0 not answered");
  EXPECT_EQ(world.connector.calls(), 0U);
}

TEST_F(OpenSipsJournal, finds_out_that_a_call_was_answered_when_the_event_was_lost) {
  ring("x1");
  world.proxy.dialogs.at("x1").state = 4;
  world.run_for(minutes(6));
  EXPECT_EQ(told(world).back(), "x1 answered");
  world.proxy.hang_up("x1");
  world.run_for(seconds(1));
  EXPECT_EQ(told(world).back(), "x1 ended 200 BYE");
}

TEST_F(OpenSipsJournal, tells_of_phones_that_come_and_go) {
  world.proxy.raise_contact("E_UL_CONTACT_INSERT", "alice@example.com", "sip:alice@192.0.2.9");
  world.run_for(seconds(1));
  world.proxy.raise_contact("E_UL_CONTACT_DELETE", "alice", "sip:alice@192.0.2.9");
  world.run_for(seconds(1));
  EXPECT_THAT(told(world), ElementsAre("alice sip:alice@192.0.2.9 came", "alice sip:alice@192.0.2.9 went"));
}

TEST(OpenSipsJournalOfAStart, tells_of_what_there_is_already) {
  OpenSipsWorld world;
  for (int call = 10; call < 30; ++call) {
    world.proxy.add_call("x" + std::to_string(call), "sip:alice@p", "sip:bob@p");
  }
  world.proxy.dialogs.at("x10").state = 2;
  world.proxy.contacts = {{"alice@p", "sip:alice@192.0.2.9"}, {"bob", "sip:bob@192.0.2.9"}};
  world.run_for(seconds(1));
  const auto texts = told(world);
  EXPECT_EQ(world.connector.calls(), 20U);
  EXPECT_THAT(texts, ::testing::IsSupersetOf({"x10 started sip:alice@p sip:bob@p", "x10 ringing", "x29 started sip:alice@p sip:bob@p", "x29 answered",
                                              "alice sip:alice@192.0.2.9 came", "bob sip:bob@192.0.2.9 came"}));
  EXPECT_EQ(std::ranges::count(texts, "x10 answered"), 0);
  EXPECT_EQ(texts.size(), 42U);
}

TEST(OpenSipsJournalOfAStart, tells_of_what_is_gone_when_the_proxy_was_away) {
  OpenSipsWorld world({}, {.answer_timeout = seconds(1), .subscription = seconds(10)});
  world.proxy.add_call("x1", "sip:alice@p", "sip:bob@p");
  world.proxy.contacts = {{"alice", "sip:alice@192.0.2.9"}, {"bob", "sip:bob@192.0.2.9"}};
  world.run_for(seconds(1));
  world.journal.clear();
  world.proxy.stop();
  world.run_for(seconds(10));
  world.proxy.restart();
  world.proxy.contacts.erase("bob");
  world.run_for(seconds(10));
  EXPECT_THAT(told(world), ::testing::UnorderedElementsAre("x1 ended 200 BYE", "bob sip:bob@192.0.2.9 went"));
}

}  // namespace
}  // namespace callwright::sim
