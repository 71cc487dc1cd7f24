// What an API asks of the exchange, and the calls that phones make when a command has told them to.
#include "call/exchange_parts.hpp"
#include "call/hold.hpp"
#include "call/measurement.hpp"
#include "call/party_transfer.hpp"
#include "call/referral.hpp"
#include "call/sound_commands.hpp"
#include "call/text_sending.hpp"
#include "call/transfer.hpp"

#include <charconv>
#include <utility>

namespace callwright::call {

void Exchange::submit(CommandId id, const Command& command, CommandObserver& observer) {
  std::visit([&](const auto& what) { start(id, what, observer); }, command);
}

bool Exchange::has_room(CommandId id, CommandObserver& observer) const {
  if (shutting_down_ || calls_.size() >= settings_.max_calls) {
    refuse(id, observer, "503 Service Unavailable: too many calls, try again later");
    return false;
  }
  return true;
}

void Exchange::start(CommandId id, const StartCall& command, CommandObserver& observer) {
  if (!has_room(id, observer)) {
    return;
  }
  if (calls_.find(command.call_id) != nullptr) {
    refuse(id, observer, "482 a call with this Call-ID is in progress");
    return;
  }
  Switchboard& switchboard = *this;
  run(std::make_unique<ClickToDial>(switchboard, routing_, settings_.timeouts, id, command, observer)).start();
}

void Exchange::start(CommandId id, const TransferCall& command, CommandObserver& observer) {
  if (!has_room(id, observer)) {
    return;
  }
  if (waits_for(command.party.call_id, id, command, observer) || (command.joins && waits_for(command.joins->call_id, id, command, observer))) {
    return;
  }
  const auto has_no_other = [this](const CallParty& party) { return dynamic_cast<Conference*>(find(party.call_id)) != nullptr; };
  const auto connect = [this, id, command, &observer](bool told_transferring) {
    Switchboard& switchboard = *this;
    PartyTransfer::Setup setup{switchboard, settings_.timeouts, id, observer, {}, [this] { return open_alone(); }, told_transferring};
    setup.destination = command.joins ? Routing::Found{} : find_places(command.destination, Asker::Api);
    run(std::make_unique<PartyTransfer>(std::move(setup), command)).start();
  };
  if (has_no_other(command.party) || (command.joins && has_no_other(*command.joins))) {
    connect(false);
    return;
  }
  Switchboard& switchboard = *this;
  run(std::make_unique<Transfer>(switchboard, routing_, settings_.timeouts, id, command, observer, [connect] { connect(true); })).start();
}

void Exchange::start(CommandId id, const HoldCall& command, CommandObserver& observer) {
  if (waits_for(command.call_id, id, command, observer)) {
    return;
  }
  Switchboard& switchboard = *this;
  run(std::make_unique<Hold>(switchboard, settings_.timeouts, id, command, observer)).start();
}

template <class Made, class Order, class... More>
void Exchange::start_on_sound(CommandId id, const Order& command, CommandObserver& observer, More&... more) {
  if (!waits_for(command.call_id, id, command, observer)) {
    run(std::make_unique<Made>(SoundCommand::Setup{*this, settings_.timeouts, id, observer}, command, more...)).start();
  }
}

void Exchange::start(CommandId id, const PlaySound& command, CommandObserver& observer) { start_on_sound<Playback>(id, command, observer); }
void Exchange::start(CommandId id, const StopSound& command, CommandObserver& observer) { start_on_sound<SoundStop>(id, command, observer); }
void Exchange::start(CommandId id, const PressKeys& command, CommandObserver& observer) { start_on_sound<KeyPressing>(id, command, observer); }
void Exchange::start(CommandId id, const MuteParty& command, CommandObserver& observer) { start_on_sound<Muting>(id, command, observer); }
void Exchange::start(CommandId id, const RecordCall& command, CommandObserver& observer) { start_on_sound<CallRecording>(id, command, observer, recordings_); }

void Exchange::start(CommandId id, const ChangeRecording& command, CommandObserver& observer) {
  const auto found = recordings_.find(command.call_id);
  if (found == recordings_.end()) {
    refuse(id, observer, find(command.call_id) == nullptr ? "404 Dialog not found" : "480 The call is not being recorded");
    return;
  }
  found->second->change(command.change);
  observer.on_command_event(event_of(id, CommandEvent::Kind::Ended));
}

void Exchange::dress(const CallLook& look, const sip::Message& invite, const ReferringCommand& command, RoutedCall::Options& options) const {
  if (!look.caller_name.empty() || !look.caller_id.empty()) {
    options.from = name_addr(look.caller_name, look.caller_id.empty() ? invite.from().uri : std::string_view(look.caller_id));
  }
  options.to = name_addr(look.callee_name, command.callee());
  options.headers = look.headers;
  options.ring_timeout = look.timeout.value_or(std::chrono::duration_cast<std::chrono::seconds>(options.ring_timeout));
  for (Target& target : options.targets) {
    apply(look, settings_.media.profile, target);
  }
}

void Exchange::start(CommandId id, const SendMessage& command, CommandObserver& observer) {
  if (!has_room(id, observer)) {
    return;
  }
  const Routing::Found found = routing_.find(command.to, Asker::Api);
  if (found.targets.empty()) {
    refuse(id, observer, status_text(found.status, {}));
    return;
  }
  Switchboard& switchboard = *this;
  run(std::make_unique<TextSending>(switchboard, id, observer)).send(command, found.targets);
}

void Exchange::start(CommandId id, const MeasureCall& command, CommandObserver& observer) {
  Switchboard& switchboard = *this;
  run(std::make_unique<Measurement>(switchboard, id, command, observer)).start();
}

void Exchange::start(CommandId id, const EndCall& command, CommandObserver& observer) {
  ActiveCall* const call = calls_.find(command.call_id);
  if (call == nullptr) {
    refuse(id, observer, "404 Requested Dialog not found");
    return;
  }
  call->hang_up();
  observer.on_command_event(event_of(id, CommandEvent::Kind::Ended));
}

void Exchange::cancel(CommandId id) {
  if (const auto waiting = waiting_commands_.extract(id); !waiting.empty()) {
    refuse(id, *waiting.mapped(), "the command was cancelled");
    return;
  }
  if (redials_.cancel(id, "the command was cancelled")) {
    return;
  }
  const auto found = commands_.find(id);
  if (found != commands_.end()) {
    found->second->cancel("the command was cancelled");
  }
}

void Exchange::forget(const RunningCommand& command) {
  commands_.erase(command.id());
  if (const auto* const referring = dynamic_cast<const ReferringCommand*>(&command)) {
    referring_commands_.erase(command.id());
    commands_by_users_.erase({users_of(*referring), command.id()});
  }
}

ReferringCommand* Exchange::expecting(std::string_view token) {
  CommandId id;
  std::from_chars(token.data(), token.data() + token.size(), id.value);
  const auto found = referring_commands_.find(id);
  return found != referring_commands_.end() && found->second->expects(token) ? found->second : nullptr;
}

ReferringCommand* Exchange::expecting(std::string_view username, const sip::Message& request) {
  // By the name that was proved, not by the one in From.
  const std::string users = pair_of_users(username, sip::unescape(sip::user_of(request.request_uri())));
  for (auto found = commands_by_users_.lower_bound({users, CommandId{}}); found != commands_by_users_.end() && found->first.first == users; ++found) {
    if (found->second->expects({})) {
      return found->second;
    }
  }
  return nullptr;
}

/// Like an INVITE with Replaces (RFC 3891), but known by the token: so it needs nothing that a phone might not know.
void Exchange::take_place(sip::ServerTransaction& transaction, const sip::Message& invite, ReferringCommand& command, const CallParty& partner) {
  ActiveCall* const call = find(partner.call_id);
  sip::InviteSession* const leaving = call == nullptr ? nullptr : call->party(opposite(partner.side));
  if (leaving == nullptr || calls_.find(invite.call_id()) != nullptr) {
    transaction.respond({.status = leaving == nullptr ? 481 : 482});
    command.on_unroutable(leaving == nullptr ? 481 : 482);
    return;
  }
  const FindWatcher watcher = command.watcher();
  command.on_replacing(std::string(invite.call_id()));
  // Whoever heard of it may have ended the call.
  if (find(partner.call_id) == call && call->party(opposite(partner.side)) == leaving) {
    call->replace(*leaving, transaction, invite, watcher);
  } else {
    transaction.respond({.status = 481});
  }
}

}  // namespace callwright::call
