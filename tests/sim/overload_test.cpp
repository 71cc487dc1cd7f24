// Beyond its limits a user agent refuses what is new with 503 and goes on with what it has.
#include "sim/raw_peer.hpp"
#include "sim/simulated_network.hpp"
#include "sip/user_agent.hpp"

#include <gmock/gmock.h>

#include <memory>
#include <vector>

namespace callwright::simulation {
namespace {

using namespace std::chrono_literals;

class Overloaded : public ::testing::Test, private sip::UserAgent::Handler, private sip::InviteSessionObserver {
 protected:
  Overloaded() {
    node.attach(agent.transport_user());
    agent.set_handler(this);
  }
  void on_request(sip::ServerTransaction& transaction, const sip::Message& request) override {
    if (request.method() != sip::Method::Invite) {
      transaction.respond({.status = 200});
      return;
    }
    sessions.push_back(agent.answer(transaction, request, "bob", *this));
    static_cast<void>(sessions.back()->accept("answer"));
  }
  void on_ended(sip::InviteSession& /*session*/, const sip::SessionEnd& /*end*/) override {}

  /// Sends a request and returns the latest answer.
  std::string send(std::string_view method, std::string_view call_id, unsigned cseq = 1, std::string_view to_tag = {}) {
    const std::string via = "SIP/2.0/UDP 192.0.2.9:5060;rport;branch=z9hG4bK" + std::to_string(++branch);
    peer.send(
        node,
        RawPeer::make_request(
            {.method = method, .via = via, .to_tag = to_tag, .call_id = call_id, .cseq = cseq, .headers = "Contact: <sip:raw@192.0.2.9>\r\n", .body = {}}));
    network.run_for(30ms);
    return method == "ACK" ? std::string() : peer.received.back();
  }

  SimulatedNetwork network{1};
  FakeResolver resolver;
  Node& node = network.add_node("192.0.2.2:5060");
  RawPeer peer{network, "192.0.2.9:5060"};
  sip::UserAgent agent{network.timers(), network.random(), node, resolver, {.max_dialogs = 2}};
  std::vector<std::unique_ptr<sip::InviteSession>> sessions;
  int branch = 0;
};

TEST_F(Overloaded, new_dialogs_are_refused_at_the_limit_and_calls_go_on) {
  const std::string first = send("INVITE", "one");
  EXPECT_TRUE(first.starts_with("SIP/2.0 200"));
  const std::string tag = parameter_of(first, "To", "tag");
  send("ACK", "one", 1, tag);
  EXPECT_TRUE(send("INVITE", "two").starts_with("SIP/2.0 200"));
  const std::string refused = send("INVITE", "three");
  EXPECT_TRUE(refused.starts_with("SIP/2.0 503")) << refused;
  EXPECT_EQ(header_of(refused, "Retry-After"), "5");
  EXPECT_TRUE(send("MESSAGE", "four").starts_with("SIP/2.0 200")) << "what makes no dialog is welcome";
  EXPECT_TRUE(send("BYE", "one", 2, tag).starts_with("SIP/2.0 200"));
  EXPECT_TRUE(send("INVITE", "five").starts_with("SIP/2.0 200")) << "there is room again";
  for (auto& session : sessions) {
    agent.retire(std::move(session));
  }
  EXPECT_TRUE(network.run_until_idle());
  EXPECT_EQ(agent.transactions().statistics().refused, 1U);
}

}  // namespace
}  // namespace callwright::simulation
