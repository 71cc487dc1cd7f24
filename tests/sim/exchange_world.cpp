#include "sim/exchange_world.hpp"

#include "sip/stun.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <utility>

namespace callwright::simulation {

using call::CommandEvent;
using call::CommandId;

namespace {

std::string summary_of(const sip::Message& message) {
  return message.is_request() ? std::string(message.method_text()) : std::to_string(message.status()) + " " + std::string(message.cseq().method_text);
}

bool matches(const SentMessage& message, std::string_view from, std::string_view to, std::string_view summary) {
  return (from.empty() || message.from == from) && (to.empty() || message.to == to) && (summary.empty() || message.summary == summary);
}

}  // namespace

std::string SentMessage::header(std::string_view name) const {
  const std::string start = "\r\n" + std::string(name) + ": ";
  const std::size_t at = text.find(start);
  if (at == std::string::npos) {
    return {};
  }
  const std::size_t value = at + start.size();
  return text.substr(value, text.find("\r\n", value) - value);
}

std::string SentMessage::body() const {
  const std::size_t at = text.find("\r\n\r\n");
  return at == std::string::npos ? std::string{} : text.substr(at + 4);
}

std::string to_text(const CommandEvent& event) {
  static constexpr const char* kNames[] = {
      "CallerAnswered",  "Transferring",       "TransferStart",        "TransferPending", "TransferSuccessful",   "CalleeAnswered",   "CallHolding",
      "CallHoldStart",   "CallHoldSuccessful", "CallUnholding",        "CallUnholdStart", "CallUnholdSuccessful", "CallPlayStart",    "CallPlaySuccessful",
      "CallPlayStopped", "CallRecordStart",    "CallRecordSuccessful", "CallBridged",     "ConferenceCalling",    "ConferenceJoined", "Parked",
      "PickupCalling",   "PickedUp",           "MediaMeasured",        "Features",        "CalleeBusy",           "Failed",           "Ended"};
  std::string text = kNames[static_cast<std::size_t>(event.kind)];
  for (const std::string* const more : {&event.leg, &event.extra}) {
    text += more->empty() ? "" : " " + *more;
  }
  return text;
}

void CommandLog::on_command_event(const CommandEvent& event) {
  std::vector<CommandEvent>& events = events_[event.command.value];
  if (!events.empty()) {
    EXPECT_NE(events.back().kind, CommandEvent::Kind::Ended) << to_text(event) << " follows the end of command " << event.command.value;
    EXPECT_TRUE(events.back().kind != CommandEvent::Kind::Failed || event.kind == CommandEvent::Kind::Ended) << to_text(event) << " follows Failed";
  }
  events.push_back(event);
  if (on_event) {
    on_event(event);
  }
}

std::vector<std::string> CommandLog::texts(CommandId id) const {
  std::vector<std::string> texts;
  if (const auto found = events_.find(id.value); found != events_.end()) {
    for (const CommandEvent& event : found->second) {
      texts.push_back(to_text(event));
    }
  }
  return texts;
}

bool CommandLog::has(CommandId id, std::string_view text) const {
  const auto all = texts(id);
  return std::find(all.begin(), all.end(), text) != all.end();
}

std::size_t CommandLog::ended_count() const {
  std::size_t count = 0;
  for (const auto& [id, events] : events_) {
    count += events.back().kind == CommandEvent::Kind::Ended ? 1U : 0U;
  }
  return count;
}

void ExchangeWorld::Options::encrypt(const std::string& account) {
  call::MediaProfile profile;
  profile.security = call::AgentSecurity{.policy = sdp::MediaSecurity::Required};
  exchange.media_of[account] = std::make_shared<call::MediaProfile>(profile);
}

ExchangeWorld::ExchangeWorld() : ExchangeWorld(Options{}) {}

ExchangeWorld::ExchangeWorld(Options options)
    : network(options.seed, options.network),
      node(network.add_node("192.0.2.1:5060")),
      user_agent(network.timers(), network.random(), node, resolver, {}),
      exchange(std::make_unique<call::Exchange>(
          user_agent, events, std::move(options.exchange),
          options.media == Options::Media::None ? call::MediaDesk::PortMaker() : [this]() -> media::MediaPort& { return exchange_media; })),
      start_(network.clock().now()) {
  node.attach(user_agent.transport_user());
  names_[node.address()] = "X";
  network.set_tap([this](const Packet& packet) { on_packet(packet); });
  network.set_filter([this](const Packet& packet) {
    sip::Message parsed;
    if (dropped_.empty() || !parsed.parse(packet.message)) {
      return false;
    }
    const SentMessage message{name_of(packet.from), name_of(packet.to), summary_of(parsed), {}};
    return std::any_of(dropped_.begin(), dropped_.end(), [&message](const SentMessage& rule) { return matches(message, rule.from, rule.to, rule.summary); });
  });
}

ExchangeWorld::~ExchangeWorld() {
  network.set_tap({});
  network.set_filter({});
}

std::string ExchangeWorld::name_of(const base::SocketAddress& address) const {
  const auto found = names_.find(address);
  return found == names_.end() ? address.to_string() : found->second;
}

sip::UserAgent& ExchangeWorld::add_host(const std::string& name) {
  const std::size_t number = hosts_.size() + 10;
  const std::string address = "192.0." + std::to_string(2 + number / 250) + "." + std::to_string(number % 250 + 1) + ":5060";
  Node& place = network.add_node(address);
  names_[place.address()] = name;
  hosts_.push_back({name, std::make_unique<sip::UserAgent>(network.timers(), network.random(), place, resolver, sip::TransactionLayer::Settings{}), &place});
  place.attach(hosts_.back().user_agent->transport_user());
  return *hosts_.back().user_agent;
}

ScriptedPhone& ExchangeWorld::add_stranger(const std::string& name, PhoneScript script) {
  sip::UserAgent& agent = add_host(name);
  phones_.push_back(std::make_unique<ScriptedPhone>(agent, name, std::move(script)));
  return *phones_.back();
}

ScriptedPhone& ExchangeWorld::add_phone(const std::string& name, PhoneScript script) {
  exchange->accounts().add(name, "secret of " + name);
  ScriptedPhone& phone = add_stranger(name, std::move(script));
  phone.start_registration();
  EXPECT_TRUE(network.run_until([&phone] { return phone.registered(); }, std::chrono::minutes(5))) << name;
  return phone;
}

ScriptedPhone& ExchangeWorld::add_second_phone(const std::string& account, PhoneScript script) {
  phones_.push_back(std::make_unique<ScriptedPhone>(add_host(account + "'"), account, std::move(script)));
  ScriptedPhone& phone = *phones_.back();
  phone.start_registration();
  EXPECT_TRUE(network.run_until([&phone] { return phone.registered(); }, std::chrono::minutes(5))) << account;
  return phone;
}

CommandId ExchangeWorld::start(std::string_view caller, std::string_view callee, std::string call_id) {
  const CommandId id{next_command_++};
  call::StartCall command;
  command.caller = "sip:" + std::string(caller) + "@192.0.2.1";
  command.callee = "sip:" + std::string(callee) + "@192.0.2.1";
  command.call_id = call_id.empty() ? "call-" + std::to_string(id.value) : std::move(call_id);
  exchange->submit(id, command, commands);
  return id;
}

CommandId ExchangeWorld::submit(const call::Command& command) {
  const CommandId id{next_command_++};
  exchange->submit(id, command, commands);
  return id;
}

CommandId ExchangeWorld::end(const std::string& call_id) {
  const CommandId id{next_command_++};
  exchange->submit(id, call::EndCall{call_id}, commands);
  return id;
}

CommandId ExchangeWorld::transfer(const std::string& call_id, call::Side side, std::string_view destination) {
  const CommandId id{next_command_++};
  exchange->submit(id, call::TransferCall{{call_id, side}, "sip:" + std::string(destination) + "@192.0.2.1"}, commands);
  return id;
}

CommandId ExchangeWorld::transfer(const call::CallParty& party, const call::CallParty& joins) {
  const CommandId id{next_command_++};
  exchange->submit(id, call::TransferCall{party, {}, joins}, commands);
  return id;
}

CommandId ExchangeWorld::hold(const std::string& call_id, std::optional<call::Side> party) {
  const CommandId id{next_command_++};
  exchange->submit(id, call::HoldCall{call_id, party}, commands);
  return id;
}

CommandId ExchangeWorld::unhold(const std::string& call_id, std::optional<call::Side> party) {
  const CommandId id{next_command_++};
  exchange->submit(id, call::HoldCall{call_id, party, call::HoldCall::Change::Unhold}, commands);
  return id;
}

bool ExchangeWorld::run_until_event(CommandId id, std::string_view text, base::Duration limit) {
  return commands.has(id, text) || network.run_until([&] { return commands.has(id, text); }, limit);
}

void ExchangeWorld::on_packet(const Packet& packet) {
  if (sip::is_stun(packet.message)) {
    return;  // Phones keep their flows alive.
  }
  sip::Message parsed;
  if (!parsed.parse(packet.message)) {
    ADD_FAILURE() << "not SIP: " << packet.message;
    return;
  }
  if (parsed.method() != sip::Method::Register) {
    call_ids_.insert(std::string(parsed.call_id()));
    note(name_of(packet.from) + " > " + name_of(packet.to) + "  " + summary_of(parsed) + "  " + std::string(parsed.call_id()).substr(0, 8) + " " +
         std::to_string(parsed.cseq().number) + (packet.fate == Packet::Fate::Lost ? "  LOST" : ""));
  }
  wire_.push_back({name_of(packet.from), name_of(packet.to), summary_of(parsed), std::string(packet.message)});
}

void ExchangeWorld::note(std::string_view what) {
  const auto now = std::chrono::duration_cast<std::chrono::milliseconds>(network.clock().now() - start_).count();
  story_.append("  ").append(std::to_string(now)).append(" ms  ").append(what).append("\n");
}

Node& ExchangeWorld::node_of(const std::string& host) {
  const auto found = std::find_if(hosts_.begin(), hosts_.end(), [&host](const Host& each) { return each.name == host; });
  return found == hosts_.end() ? node : *found->node;
}

void ExchangeWorld::partition(const std::string& host) {
  note(host + " is cut off");
  network.partition(node_of(host), node);
}

void ExchangeWorld::heal(const std::string& host) {
  note(host + " is back");
  network.heal(node_of(host), node);
}

std::vector<std::string> ExchangeWorld::ladder(std::string_view one, std::string_view other) const { return ladder(one, other, {}); }

std::vector<std::string> ExchangeWorld::ladder(std::string_view one, std::string_view other, std::string_view call_id) const {
  std::vector<std::string> lines;
  for (const SentMessage& message : wire_) {
    const bool wanted = message.summary.find("REGISTER") == std::string::npos && (call_id.empty() || message.header("Call-ID") == call_id);
    if (wanted && message.from == one && message.to == other) {
      lines.push_back("> " + message.summary);
    } else if (wanted && message.from == other && message.to == one) {
      lines.push_back("< " + message.summary);
    }
  }
  return lines;
}

std::size_t ExchangeWorld::count(std::string_view from, std::string_view to, std::string_view summary) const {
  return static_cast<std::size_t>(std::count_if(wire_.begin(), wire_.end(), [&](const SentMessage& message) { return matches(message, from, to, summary); }));
}

std::vector<SentMessage> ExchangeWorld::messages(std::string_view from, std::string_view to) const {
  std::vector<SentMessage> found;
  std::copy_if(wire_.begin(), wire_.end(), std::back_inserter(found), [&](const SentMessage& message) { return message.from == from && message.to == to; });
  return found;
}

SentMessage ExchangeWorld::message(std::string_view from, std::string_view to, std::string_view summary, std::size_t number) const {
  for (const SentMessage& message : wire_) {
    if (matches(message, from, to, summary) && number-- == 0) {
      return message;
    }
  }
  ADD_FAILURE() << "no " << summary << " from " << from << " to " << to;
  return {};
}

void ExchangeWorld::expect_nothing_left() {
  for (const auto& phone : phones_) {
    if (phone->registered()) {
      phone->stop_registration();
    }
  }
  EXPECT_TRUE(network.run_until_idle(std::chrono::hours(3))) << network.timers().pending() << " timers pending";
  EXPECT_EQ(exchange->calls(), 0U);
  EXPECT_EQ(exchange_media.open_count(), 0U);
  EXPECT_EQ(exchange->registrar().bindings(), 0U);
  EXPECT_EQ(commands.ended_count(), commands.commands());
  const auto expect_idle = [](const std::string& name, sip::UserAgent& agent) {
    EXPECT_EQ(agent.dialogs(), 0U) << name;
    EXPECT_EQ(agent.retired(), 0U) << name;
    EXPECT_EQ(agent.transactions().client_transactions(), 0U) << name;
    EXPECT_EQ(agent.transactions().server_transactions(), 0U) << name;
  };
  expect_idle("X", user_agent);
  for (const Host& host : hosts_) {
    expect_idle(host.name, *host.user_agent);
  }
  for (const std::string& call_id : call_ids_) {
    const std::vector<std::string> unknown{"Failed 404 Requested Dialog not found", "Ended"};
    EXPECT_EQ(commands.texts(end(call_id)), unknown) << call_id;
  }
  EXPECT_EQ(network.timers().pending(), 0U);
}

}  // namespace callwright::simulation
