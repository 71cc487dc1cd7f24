// A whole user agent in virtual time, with any traffic and an application that does anything at any moment: what it sends is always well-formed and
// not more than the traffic warrants, every session ends once, and nothing is left.
#include "require.hpp"
#include "sim/scripted_traffic.hpp"
#include "sip/user_agent.hpp"

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

using namespace callwright;
using namespace callwright::sip;

namespace {

constexpr std::size_t kMaxCalls = 20;
constexpr std::uint64_t kMessagesForEachStep = 100;

/// Sees to it that a session keeps its promises.
class Person final : public InviteSessionObserver {
 public:
  void on_provisional(InviteSession& /*session*/, const InviteProgress& /*progress*/) override { require(!ended); }
  void on_accepted(InviteSession& /*session*/, const InviteProgress& /*progress*/) override { require(!ended); }
  void on_prack(InviteSession& /*session*/, std::string_view /*sdp*/) override { require(!ended); }
  void on_confirmed(InviteSession& /*session*/, std::string_view /*sdp*/) override { require(!ended); }
  void on_reinvite(InviteSession& /*session*/, std::string_view /*sdp*/) override { require(!ended); }
  void on_reinvite_result(InviteSession& /*session*/, const InviteProgress& /*result*/) override { require(!ended); }
  void on_update(InviteSession& /*session*/, std::string_view /*sdp*/) override { require(!ended); }
  void on_update_result(InviteSession& /*session*/, const InviteProgress& /*result*/) override { require(!ended); }
  void on_refer(InviteSession& /*session*/, const IncomingRefer& /*refer*/) override { require(!ended); }
  void on_refer_result(InviteSession& /*session*/, int /*status*/, std::string_view /*reason*/) override {}
  void on_refer_progress(InviteSession& /*session*/, std::string_view /*status_line*/, bool /*last*/) override {}
  void on_ended(InviteSession& /*session*/, const SessionEnd& /*end*/) override {
    require(!ended);
    ended = true;
  }

  std::unique_ptr<InviteSession> session;
  bool ended = false;
};

class Application final : public UserAgent::Handler {
 public:
  explicit Application(UserAgent& agent) : agent_(agent) { agent_.set_handler(this); }

  void on_request(ServerTransaction& transaction, const Message& request) override {
    if (request.method() != Method::Invite || people_.size() >= kMaxCalls || closed_) {
      transaction.respond({.status = request.method() == Method::Invite ? 486 : 405});
      return;
    }
    Person& person = add();
    person.session = agent_.answer(transaction, request, "us", person);
  }
  void on_replaces(ServerTransaction& transaction, const Message& invite, InviteSession& replaced) override {
    on_request(transaction, invite);
    replaced.end();
  }
  void on_join(ServerTransaction& transaction, const Message& invite, InviteSession& /*joined*/) override { on_request(transaction, invite); }

  void act(std::size_t choice, std::string_view text);
  /// What is still on its way is refused.
  void close() {
    closed_ = true;
    for (const auto& person : people_) {
      agent_.retire(std::move(person->session));
    }
  }

 private:
  using Action = void (*)(InviteSession& session, std::string_view text);
  static const Action kActions[];

  Person& add() {
    people_.push_back(std::make_unique<Person>());
    acting_ = people_.size() - 1;
    return *people_.back();
  }
  void call(std::string_view offer);

  UserAgent& agent_;
  std::vector<std::unique_ptr<Person>> people_;
  std::size_t acting_ = 0;
  bool closed_ = false;
};

const Application::Action Application::kActions[] = {
    [](InviteSession& session, std::string_view) { static_cast<void>(session.accept("v=0 answer")); },
    [](InviteSession& session, std::string_view) { static_cast<void>(session.provisional(180, {})); },
    [](InviteSession& session, std::string_view) { static_cast<void>(session.provisional(183, "v=0 early")); },
    [](InviteSession& session, std::string_view) { static_cast<void>(session.reject(486)); },
    [](InviteSession& session, std::string_view) { static_cast<void>(session.reinvite("v=0 offer")); },
    [](InviteSession& session, std::string_view) { static_cast<void>(session.update("v=0 offer")); },
    [](InviteSession& session, std::string_view) { static_cast<void>(session.refer("sip:c@192.0.2.11", "sip:us@192.0.2.1")); },
    [](InviteSession& session, std::string_view) { session.end(); },
    [](InviteSession& session, std::string_view) { static_cast<void>(session.acknowledge("v=0 answer")); },
    [](InviteSession& session, std::string_view) { static_cast<void>(session.accept_reinvite("v=0 answer")); },
    [](InviteSession& session, std::string_view) { static_cast<void>(session.reject_reinvite(488)); },
    [](InviteSession& session, std::string_view) { static_cast<void>(session.accept_update("v=0 answer")); },
    [](InviteSession& session, std::string_view) { static_cast<void>(session.reject_update(488)); },
    [](InviteSession& session, std::string_view) { static_cast<void>(session.accept_refer()); },
    [](InviteSession& session, std::string_view) { static_cast<void>(session.reject_refer(603)); },
    [](InviteSession& session, std::string_view) { static_cast<void>(session.notify_refer(180)); },
    [](InviteSession& session, std::string_view) { static_cast<void>(session.notify_refer(200)); },
    [](InviteSession& session, std::string_view text) { static_cast<void>(session.send_content(Method::Info, "text/plain", text)); },
    [](InviteSession& session, std::string_view) { static_cast<void>(session.reinvite({})); },
    [](InviteSession& session, std::string_view) { static_cast<void>(session.update({})); },
};

void Application::call(std::string_view offer) {
  if (people_.size() >= kMaxCalls) return;
  Person& person = add();
  InviteSession::CallerOptions options;
  options.uri = "sip:alice@192.0.2.11:5060";
  options.from = "<sip:us@192.0.2.1>";
  options.to = "<sip:alice@192.0.2.11>";
  options.contact_user = "us";
  options.redirects = RedirectPolicy::All;
  options.credentials = Credentials{"us", "secret"};
  person.session = agent_.call(std::move(options), person);
  static_cast<void>(person.session->invite(offer));
}

void Application::act(std::size_t choice, std::string_view text) {
  constexpr std::size_t kOther = 4;
  choice %= std::size(kActions) + kOther;
  if (choice < std::size(kActions)) {
    if (!people_.empty() && people_[acting_]->session != nullptr) {
      kActions[choice](*people_[acting_]->session, text);
    }
    return;
  }
  switch (choice - std::size(kActions)) {
    case 0: call("v=0 offer"); return;
    case 1: call({}); return;
    case 2:
      if (!people_.empty()) acting_ = (acting_ + 1) % people_.size();
      return;
    default:
      if (!people_.empty()) agent_.retire(std::move(people_[acting_]->session));
  }
}

void require_well_formed(const simulation::Packet& packet, const base::SocketAddress& sender) {
  Message message;
  require(packet.from != sender || message.parse(packet.message) || packet.message.starts_with("SIP/2.0 505 "));  // Its Via is the foreign one.
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  simulation::SimulatedNetwork network(1, {.delay = std::chrono::milliseconds(1)});
  simulation::FakeResolver resolver;
  simulation::Node& node = network.add_node("192.0.2.1:5060");
  UserAgent agent(network.timers(), network.random(), node, resolver, {});
  agent.set_session_policy({.named_dialogs = SessionPolicy::NamedDialogs::Heeded});
  Application application(agent);
  node.attach(agent.transport_user());
  std::uint64_t sent = 0;
  network.set_tap([&](const simulation::Packet& packet) {
    require_well_formed(packet, node.address());
    sent += packet.from == node.address() ? 1U : 0U;
  });
  simulation::ScriptedTraffic traffic(network, node, agent.transport_user(), [&](std::size_t choice, std::string_view text) { application.act(choice, text); });
  const std::size_t steps = traffic.run({reinterpret_cast<const char*>(data), size});
  application.close();
  require(network.run_until_idle(std::chrono::hours(4)));
  require(sent <= kMessagesForEachStep * (steps + 1));
  require(agent.dialogs() == 0 && agent.retired() == 0);
  require(agent.transactions().client_transactions() == 0 && agent.transactions().server_transactions() == 0);
  return 0;
}
