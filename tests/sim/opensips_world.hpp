#pragma once

#include "base/timers.hpp"
#include "opensips/connector.hpp"
#include "sim/fake_opensips.hpp"

#include <algorithm>
#include <map>
#include <string>
#include <utility>
#include <vector>

namespace callwright::sim {

/// A connector and the proxy that it drives, in virtual time.
class OpenSipsWorld final : private call::CommandObserver, private call::EventSink {
 public:
  explicit OpenSipsWorld(FakeOpenSips::Options options = {}, opensips::Settings settings = {})
      : proxy(clock_, options), timers_(clock_), random_(options.seed), connector(timers_, random_, proxy, std::move(settings), *this) {
    proxy.set_receiver([this](std::string_view bytes) { connector.on_datagram(bytes); });
    proxy.phones = {{"sip:alice@p", {}}, {"sip:bob@p", {}}, {"sip:carol@p", {}}};
    connector.start();
  }

  call::CommandId submit(const call::Command& command) {
    const call::CommandId id{++last_};
    events_[id];
    connector.submit(id, command, *this);
    return id;
  }
  call::CommandId start(std::string call_id = "c1") { return submit(call::StartCall{"sip:alice@p", "sip:bob@p", std::move(call_id)}); }

  void run_for(base::Duration time) {
    const base::TimePoint until = clock_.now() + time;
    while (true) {
      const auto next_timer = timers_.next_wakeup();
      const auto next_packet = proxy.next_wakeup();
      const base::TimePoint next = std::min(next_timer.value_or(until), next_packet.value_or(until));
      if (next > until || (next >= until && clock_.now() >= until)) {
        clock_.set(until);
        break;
      }
      clock_.set(std::max(next, clock_.now()));
      timers_.advance();
      proxy.advance();
    }
  }

  /// The names of its events; of a failure "Failed: text", of progress "TransferPending: 180 Ringing", of a leg "CallHoldStart caller".
  [[nodiscard]] std::vector<std::string> told(call::CommandId id) const {
    std::vector<std::string> names;
    for (const call::CommandEvent& event : events_.at(id)) {
      names.push_back(name_of(event.kind) + (event.leg.empty() ? "" : " " + event.leg) + (event.extra.empty() ? "" : ": " + event.extra));
    }
    return names;
  }
  [[nodiscard]] const std::vector<call::CommandEvent>& events(call::CommandId id) const { return events_.at(id); }
  [[nodiscard]] bool all_ended_once() const {
    return std::ranges::all_of(events_, [](const auto& command) {
      const auto& events = command.second;
      return std::ranges::count(events, call::CommandEvent::Kind::Ended, &call::CommandEvent::kind) == 1 &&
             events.back().kind == call::CommandEvent::Kind::Ended &&
             std::ranges::count(events, call::CommandEvent::Kind::Failed, &call::CommandEvent::kind) <= 1;
    });
  }

 private:
  base::ManualClock clock_;

 public:
  FakeOpenSips proxy;

 private:
  base::Timers timers_;
  base::DeterministicRandom random_;

 public:
  opensips::Connector connector;
  std::vector<call::Event> journal;

 private:
  void on_event(const call::Event& event) override { journal.push_back(event); }
  void on_command_event(const call::CommandEvent& event) override { events_[event.command].push_back(event); }

  static std::string name_of(call::CommandEvent::Kind kind) {
    using Kind = call::CommandEvent::Kind;
    static const std::map<Kind, std::string> kNames{{Kind::CallerAnswered, "CallerAnswered"},
                                                    {Kind::Transferring, "Transferring"},
                                                    {Kind::TransferStart, "TransferStart"},
                                                    {Kind::TransferPending, "TransferPending"},
                                                    {Kind::TransferSuccessful, "TransferSuccessful"},
                                                    {Kind::CalleeAnswered, "CalleeAnswered"},
                                                    {Kind::MediaMeasured, "MediaMeasured"},
                                                    {Kind::CallHolding, "CallHolding"},
                                                    {Kind::CallHoldStart, "CallHoldStart"},
                                                    {Kind::CallHoldSuccessful, "CallHoldSuccessful"},
                                                    {Kind::CallUnholding, "CallUnholding"},
                                                    {Kind::CallUnholdStart, "CallUnholdStart"},
                                                    {Kind::CallUnholdSuccessful, "CallUnholdSuccessful"},
                                                    {Kind::Failed, "Failed"},
                                                    {Kind::Ended, "Ended"}};
    const auto name = kNames.find(kind);
    return name == kNames.end() ? "?" : name->second;
  }

  std::uint64_t last_ = 0;
  std::map<call::CommandId, std::vector<call::CommandEvent>> events_;
};

}  // namespace callwright::sim
