// A whole exchange (registrar, router, back-to-back user agent) in virtual time, with two phones that send anything: what it sends is always
// well-formed and bounded, and nothing is left.
#include "call/exchange.hpp"
#include "require.hpp"
#include "sim/scripted_traffic.hpp"
#include "sip/user_agent.hpp"

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

using namespace callwright;

namespace {

constexpr std::uint64_t kMessagesForEachStep = 400;

class NoEvents final : public call::EventSink {
  void on_event(const call::Event& /*event*/) override {}
};

/// A command ends once, and nothing follows.
class Commands final : public call::CommandObserver {
 public:
  void on_command_event(const call::CommandEvent& event) override {
    require(ended_.size() > event.command.value && !ended_[event.command.value]);
    ended_[event.command.value] = event.kind == call::CommandEvent::Kind::Ended;
  }
  call::CommandId next() {
    ended_.push_back(false);
    return {ended_.size() - 1};
  }
  void require_all_ended() const {
    for (const bool ended : ended_) {
      require(ended);
    }
  }

 private:
  std::vector<bool> ended_;
};

void act(call::Exchange& exchange, Commands& commands, std::size_t choice, std::string_view text) {
  constexpr std::string_view kUris[] = {"sip:alice@192.0.2.1", "sip:bob@192.0.2.1"};
  if (choice % 3 < 2) {
    call::StartCall command;
    command.caller = kUris[choice % 2];
    command.callee = kUris[1 - choice % 2];
    command.call_id = "command";
    exchange.submit(commands.next(), command, commands);
  } else {
    exchange.submit(commands.next(), call::EndCall{text.empty() ? "command" : std::string(text)}, commands);
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  simulation::SimulatedNetwork network(1, {.delay = std::chrono::milliseconds(1)});
  simulation::FakeResolver resolver;
  NoEvents events;
  Commands commands;
  simulation::Node& node = network.add_node("192.0.2.1:5060");
  sip::UserAgent agent(network.timers(), network.random(), node, resolver, {});
  call::Exchange exchange(agent, events, {});
  exchange.accounts().add("alice", "secret of alice");
  exchange.accounts().add("bob", "secret of bob");
  exchange.trace_messages();
  node.attach(agent.transport_user());
  std::uint64_t sent = 0;
  network.set_tap([&](const simulation::Packet& packet) {
    sip::Message message;
    require(packet.from != node.address() || message.parse(packet.message) || packet.message.starts_with("SIP/2.0 505 "));  // Its Via is the foreign one.
    sent += packet.from == node.address() ? 1U : 0U;
  });
  simulation::ScriptedTraffic traffic(network, node, agent.transport_user(),
                                      [&](std::size_t choice, std::string_view text) { act(exchange, commands, choice, text); });
  const std::size_t steps = traffic.run({reinterpret_cast<const char*>(data), size});
  exchange.shut_down();
  require(network.run_until_idle(std::chrono::hours(4)));
  require(sent <= kMessagesForEachStep * (steps + 1));
  require(exchange.calls() == 0 && exchange.registrar().bindings() == 0 && agent.dialogs() == 0 && agent.retired() == 0);
  require(agent.transactions().client_transactions() == 0 && agent.transactions().server_transactions() == 0);
  commands.require_all_ended();
  return 0;
}
