#include "opensips/connector.hpp"

#include "base/log.hpp"
#include "opensips/end_command.hpp"
#include "opensips/hold_command.hpp"
#include "opensips/start_command.hpp"
#include "opensips/transfer_command.hpp"

#include <algorithm>
#include <utility>
#include <variant>

namespace callwright::opensips {
namespace {

constexpr std::size_t kMaxEarlyEvents = 64;
constexpr std::size_t kMaxForgotten = 256;

std::vector<std::string> events_of(const Settings& settings) {
  std::vector<std::string> events{"E_CALL_TRANSFER", "E_CALL_HOLD", "E_DLG_STATE_CHANGED", "E_UL_CONTACT_INSERT", "E_UL_CONTACT_DELETE"};
  if (settings.third_party) {
    events.emplace_back("E_UA_SESSION");
  }
  return events;
}

std::string topic_of(const ProxyEvent& event) {
  if (event.name == "E_CALL_TRANSFER") {
    return transfer_topic(event.text("callid"));
  }
  if (event.name == "E_CALL_HOLD") {
    return hold_topic(event.text("callid"));
  }
  if (event.name == "E_UA_SESSION") {
    return session_topic(event.text("key"));
  }
  return event.name == "E_DLG_STATE_CHANGED" ? dialog_topic(event.text("callid")) : std::string{};
}

/// The command of that kind; null for those that the proxy cannot do.
struct CommandMaker {
  CommandDesk& desk;
  call::CommandId id;
  call::CommandObserver& observer;

  std::unique_ptr<RunningCommand> operator()(const call::StartCall& command) const { return std::make_unique<StartCommand>(desk, id, command, observer); }
  std::unique_ptr<RunningCommand> operator()(const call::EndCall& command) const { return std::make_unique<EndCommand>(desk, id, command, observer); }
  std::unique_ptr<RunningCommand> operator()(const call::TransferCall& command) const { return std::make_unique<TransferCommand>(desk, id, command, observer); }
  std::unique_ptr<RunningCommand> operator()(const call::HoldCall& command) const { return std::make_unique<HoldCommand>(desk, id, command, observer); }
  template <class Other>
  std::unique_ptr<RunningCommand> operator()(const Other& /*command*/) const {
    return nullptr;
  }
};

/// The media of calls through a proxy pass us by.
void tell_nothing_measured(call::CommandId id, call::CommandObserver& observer, const call::MeasureCall& command) {
  call::CommandEvent event;
  event.command = id;
  event.kind = call::CommandEvent::Kind::MediaMeasured;
  event.call_id = command.call_ids.empty() ? std::string() : command.call_ids.front();
  observer.on_command_event(event);
  event.kind = call::CommandEvent::Kind::Ended;
  observer.on_command_event(event);
}

void refuse(call::CommandId id, call::CommandObserver& observer, std::string_view text) {
  call::CommandEvent event;
  event.command = id;
  event.kind = call::CommandEvent::Kind::Failed;
  event.extra = text;
  observer.on_command_event(event);
  event.kind = call::CommandEvent::Kind::Ended;
  event.extra.clear();
  observer.on_command_event(event);
}

}  // namespace

Connector::Connector(base::Timers& engine_timers, base::Random& chance, Wire& wire, Settings told, call::EventSink& journal)
    : CommandDesk(client_, engine_timers, chance, settings_),
      settings_(std::move(told)),
      client_(engine_timers, chance, wire),
      subscriptions_(client_, engine_timers, settings_, events_of(settings_), base::Callback::to<&Connector::on_up>(*this)),
      journal_(client_, engine_timers, settings_, journal),
      over_(engine_timers) {}

Connector::~Connector() { subscriptions_.cancel(); }

void Connector::start(std::string event_socket) {
  if (!event_socket.empty()) {
    settings_.event_socket = std::move(event_socket);
  }
  subscriptions_.start();
}

void Connector::on_datagram(std::string_view bytes) {
  const auto read = read_datagram(bytes);
  if (const auto* const answer = std::get_if<MiAnswer>(&read)) {
    client_.on_answer(*answer);
  } else if (const auto* const event = std::get_if<ProxyEvent>(&read)) {
    on_event(*event);
  } else {
    base::log::debug("OpenSIPS sent something else than an answer or an event", {{"reason", std::get<Unreadable>(read).reason}});
  }
}

void Connector::on_event(const ProxyEvent& event) {
  journal_.on_event(event);
  if (event.name == "E_CALL_TRANSFER" && std::ranges::find(forgotten_, event.text("transfer_callid")) != forgotten_.end()) {
    return;  // It would be taken for one of the next transfer of that call.
  }
  const auto topic = topics_.find(topic_of(event));
  if (topic != topics_.end()) {
    topic->second->on_event(event);
  } else if (event.name == "E_UA_SESSION") {
    early_.push_back(event);
    if (early_.size() > kMaxEarlyEvents) {
      early_.pop_front();
    }
  }
}

void Connector::submit(call::CommandId id, const call::Command& command, call::CommandObserver& observer) {
  if (const auto* const measure = std::get_if<call::MeasureCall>(&command)) {
    tell_nothing_measured(id, observer, *measure);
    return;
  }
  auto made = std::visit(CommandMaker{*this, id, observer}, command);
  if (made == nullptr) {
    refuse(id, observer, "501 Not Implemented: OpenSIPS cannot do this; the built-in exchange can (call_api.connector = \"exchange\")");
    return;
  }
  run(std::move(made));
}

void Connector::run(std::unique_ptr<RunningCommand> command) {
  subscriptions_.refresh();
  RunningCommand& running = *command;
  by_id_.emplace(running.id(), &running);
  commands_.emplace(&running, Owned{std::move(command), {}});
  running.start();
}

void Connector::cancel(call::CommandId id) {
  if (const auto found = by_id_.find(id); found != by_id_.end()) {
    found->second->cancel("the command was cancelled");
  }
}

bool Connector::claim(const std::string& topic, RunningCommand& command) {
  if (!topics_.emplace(topic, &command).second) {
    return false;
  }
  commands_.at(&command).topics.push_back(topic);
  std::deque<ProxyEvent> early;
  std::erase_if(early_, [&](ProxyEvent& event) {
    const bool is_its = topic_of(event) == topic;
    if (is_its) {
      early.push_back(std::move(event));
    }
    return is_its;
  });
  for (const ProxyEvent& event : early) {
    command.on_event(event);
  }
  return true;
}

void Connector::release(RunningCommand& command) {
  for (const std::string& topic : std::exchange(commands_.at(&command).topics, {})) {
    topics_.erase(topic);
  }
}

void Connector::forget_referred(const std::string& call_id) {
  forgotten_.push_back(call_id);
  if (forgotten_.size() > kMaxForgotten) {
    forgotten_.pop_front();
  }
}

void Connector::ended(RunningCommand& command) { by_id_.erase(command.id()); }

void Connector::gone(RunningCommand& command) {
  const auto found = commands_.find(&command);
  if (found == commands_.end()) {
    return;
  }
  release(command);
  over_.add(std::move(found->second.command));
  commands_.erase(found);
}

}  // namespace callwright::opensips
