// Parties that are parked and fetched, and calls that are picked up while they ring (RFC 5359 §2.15, §2.16).
#include "call/bridge.hpp"
#include "call/exchange_parts.hpp"
#include "call/pickup.hpp"
#include "call/referral.hpp"
#include "call/running_command.hpp"
#include "call/seating.hpp"
#include "call/text_sending.hpp"

#include <utility>

namespace callwright::call {

void Exchange::start(CommandId id, const ParkCall& command, CommandObserver& observer) {
  if (waits_for(command.party.call_id, id, command, observer)) {
    return;
  }
  ActiveCall* const call = find(command.party.call_id);
  if (call == nullptr || !call->may_release(command.party.call_id)) {
    refuse(id, observer, call == nullptr ? "404 Dialog not found" : "410 Dialog not ready");
    return;
  }
  if (parking_.find_call(command.party.call_id) != nullptr) {
    refuse(id, observer, "482 the party is parked already");
    return;
  }
  // Users fetch a party by calling its slot: nobody may get in the way of others like that.
  if (!command.slot.empty() && (accounts_.has(command.slot) || (rooms_ != nullptr && rooms_->knows(command.slot)))) {
    refuse(id, observer, "482 a user or a conference has the name of the slot");
    return;
  }
  const auto slot = parking_.choose(command.slot);
  if (!slot) {
    refuse(id, observer, "486 " + slot.error().detail);
    return;
  }
  const auto place = parking_.open();
  if (!place) {
    refuse(id, observer, "488 Not Acceptable Here: " + place.error().message());
    return;
  }
  const sip::InviteSession* const other = call->party(opposite(command.party.side));
  const bool parts_two = other != nullptr;
  ParkedParty parked{.slot = *slot, .parker = parts_two ? party_of(other->dialog()) : std::string()};
  ReleasedParties released = call->release(command.party.call_id, command.party.side);
  const sip::InviteSession& session = *released.sessions.front();
  parked.call_id = session.call_id();
  parked.party = party_of(session.dialog());
  parked.side = released.side;
  if (parts_two) {
    // The slot takes the place of whoever has parked it.
    const auto left = parked.side == Side::Caller ? CallReplaced::Side::Callee : CallReplaced::Side::Caller;
    report(released.journal, CallReplaced{.by = parked.call_id, .party = "sip:" + *slot + "@" + settings_.realm, .side = left});
    released.journal = parked.call_id;
  }
  parked.journal = released.journal;
  Switchboard& switchboard = *this;
  Seating& seating = run(std::make_unique<Seating>(switchboard, settings_.timeouts.media_answer, id, observer));
  seating.expect(parked.call_id);
  seating.expect_parked(*slot);
  parking_.park(**place, std::move(released), std::move(parked), seating.watcher());
}

std::optional<WaitingCaller> Exchange::pickup_of(CommandId id, const PickUpCall& command, CommandObserver& observer) {
  const ParkedParty* const parked = command.slot.empty() ? parking_.find_call(command.call_id) : parking_.find(command.slot);
  if (parked == nullptr && !command.slot.empty()) {
    refuse(id, observer, "404 nobody is parked there");
    return std::nullopt;
  }
  if (parked != nullptr) {
    const Pickup* const fetching = parking_.fetcher(parked->slot);
    if (fetching != nullptr && fetching->purpose() == Pickup::Purpose::Fetch) {
      refuse(id, observer, "491 Request Pending: somebody is about to pick it up");
      return std::nullopt;
    }
    return WaitingCaller{parked->call_id, parked->party};
  }
  const ActiveCall* const call = find(command.call_id);
  auto waiting = call == nullptr ? std::nullopt : call->waiting_caller();
  if (!waiting) {
    refuse(id, observer, call == nullptr ? "404 Dialog not found" : "410 the call neither rings nor is parked");
  }
  return waiting;
}

void Exchange::start(CommandId id, const PickUpCall& command, CommandObserver& observer) {
  const bool brings = !command.by.call_id.empty();
  if ((brings && waits_for(command.by.call_id, id, command, observer)) || !has_room(id, observer)) {
    return;
  }
  const auto waiting = pickup_of(id, command, observer);
  if (!waiting) {
    return;
  }
  ActiveCall* const own = brings ? find(command.by.call_id) : nullptr;
  if (brings && (own == nullptr || own == find(waiting->call_id) || !own->may_release(command.by.call_id))) {
    refuse(id, observer,
           own == nullptr                  ? "404 Dialog not found: by"
           : own == find(waiting->call_id) ? "400 the two are in one call"
                                           : "410 Dialog not ready: by");
    return;
  }
  const Routing::Found found = brings ? Routing::Found{} : find_places(command.destination, Asker::Api);
  if (!brings && found.targets.empty()) {
    refuse(id, observer, status_text(found.status, {}));
    return;
  }
  if (const ParkedParty* const parked = parking_.find_call(waiting->call_id)) {
    if (Pickup* const ringing_back = parking_.fetcher(parked->slot)) {
      ringing_back->give_way();
    }
  }
  Switchboard& switchboard = *this;
  Pickup& pickup = run(std::make_unique<Pickup>(Pickup::Setup{switchboard, parking_, settings_.timeouts, id, &observer}, *waiting));
  pickups_.emplace(&pickup, &pickup);
  if (brings) {
    pickup.bring(*own, command.by);
  } else {
    pickup.call(found.targets.front(), command.destination);
  }
}

bool Exchange::fetch_parked(sip::ServerTransaction& transaction, const sip::Message& invite, const sip::UriView& uri) {
  const ParkedParty* const parked = !admitted_.username.empty() && is_ours(uri) ? parking_.find(sip::unescape(uri.user)) : nullptr;
  if (parked == nullptr) {
    return false;
  }
  Pickup* const fetching = parking_.fetcher(parked->slot);
  if (calls_.find(invite.call_id()) != nullptr) {
    transaction.respond({.status = 482});
  } else if (invite.body().empty()) {
    refuse_call(transaction, invite, nullptr, {.status = 488, .reason = "Offer Wanted"});
  } else if (fetching != nullptr && fetching->purpose() == Pickup::Purpose::Fetch) {
    refuse_call(transaction, invite, nullptr, {.status = 486});
  } else {
    const WaitingCaller waiting{parked->call_id, parked->party};
    if (fetching != nullptr) {
      fetching->give_way();
    }
    Switchboard& switchboard = *this;
    auto made = std::make_unique<Pickup>(Pickup::Setup{switchboard, parking_, settings_.timeouts}, waiting);
    Pickup& pickup = *made;
    adopt(std::move(made));
    pickup.receive(transaction, invite, MediaSide::of(transaction.flow(), media_of(admitted_.username)));
  }
  return true;
}

/// Who has sent the caller to that number, a URI of one of our users: as the call tells in which it was done, or, where that is over, the phone that was sent
/// (RFC 3892). It is called back in the end, and no more than that. "": nobody knows.
std::string Exchange::referrer_of(const sip::Message& invite, std::string_view number) const {
  std::string referrer;
  const std::string caller = admitted_.username.empty() ? sip::unescape(sip::user_of(invite.from().uri)) : admitted_.username;
  for (const ActiveCall* const call : calls_.all()) {
    const auto* const bridge = dynamic_cast<const Bridge*>(call);
    if (bridge != nullptr && referrer.empty()) {
      referrer = bridge->referrer(caller, number);
    }
  }
  if (const auto told = sip::NameAddr::parse(invite.header(sip::Header::ReferredBy).value_or(std::string_view{})); told && referrer.empty()) {
    referrer = told->uri;
  }
  return user_of(referrer).empty() ? std::string() : referrer;
}

bool Exchange::park_caller(sip::ServerTransaction& transaction, const sip::Message& invite, const sip::UriView& uri) {
  const auto wanted = parking_.slot_wanted(sip::unescape(uri.user));
  if (!wanted || !is_ours(uri)) {
    return false;
  }
  if (calls_.find(invite.call_id()) != nullptr) {
    transaction.respond({.status = 482});
    return true;
  }
  const bool named = accounts_.has(*wanted) || (rooms_ != nullptr && rooms_->knows(*wanted));
  const auto slot = named ? base::Result<std::string>(base::Error(base::Errc::AlreadyExists, "the slot has the name of somebody")) : parking_.choose(*wanted);
  if (!slot) {
    refuse_call(transaction, invite, nullptr,
                {.status = 486, .reason = slot.error().code == base::Errc::LimitReached ? "All Slots Are Taken" : "Slot Is Taken"});
    return true;
  }
  const auto place = parking_.open();
  if (!place) {
    refuse_call(transaction, invite, nullptr, {.status = 488});
    return true;
  }
  ParkedParty parked{.slot = *slot, .call_id = std::string(invite.call_id()), .parker = referrer_of(invite, sip::unescape(uri.user))};
  parked.party = admitted_.username.empty() ? std::string(invite.from().uri) : home_uri(admitted_.username, transaction, invite);
  parked.journal = parked.call_id;
  const std::string call_id = parked.call_id;
  const std::string parker = parked.parker.empty() ? parked.party : parked.parker;
  const std::string party = parked.party;
  parking_.receive(**place, transaction, invite, std::move(parked));
  if (parking_.find_call(call_id) != nullptr) {
    report(call_id, CallReplaced{.by = call_id, .party = "sip:" + *slot + "@" + settings_.realm, .side = CallReplaced::Side::Callee});
    tell_parker(parker, party, *slot);
  }
  return true;
}

/// No phone shows which slot it was, unless it has chosen that itself.
void Exchange::tell_parker(const std::string& parker, const std::string& party, const std::string& slot) {
  /// Phones that take no texts are no reason to do anything.
  struct Unheard final : CommandObserver {
    void on_command_event(const CommandEvent& /*event*/) override {}
  };
  static Unheard unheard;
  const Routing::Found found = user_of(parker).empty() ? Routing::Found{} : routing_.find(parker, Asker::Api);
  if (found.targets.empty()) {
    return;
  }
  const std::string text = (party == parker ? "You are" : sip::unescape(sip::user_of(party)) + " is") + " parked in " + slot + "; call that number to talk";
  Switchboard& switchboard = *this;
  auto made = std::make_unique<TextSending>(switchboard, CommandId{}, unheard);
  TextSending& sending = *made;
  adopt(std::move(made));
  sending.send({.from = "sip:" + slot + "@" + settings_.realm, .to = parker, .text = text}, found.targets);
}

void Exchange::ring_back(const ParkedParty& parked) {
  const Routing::Found found = parked.parker.empty() || shutting_down_ ? Routing::Found{} : find_places(parked.parker, Asker::Api);
  if (found.targets.empty()) {
    parking_.dismiss(parked.slot, 480, "Nobody Has Picked Up");
    return;
  }
  Switchboard& switchboard = *this;
  Pickup::Setup setup{switchboard, parking_, settings_.timeouts};
  setup.purpose = Pickup::Purpose::RingBack;
  auto made = std::make_unique<Pickup>(setup, WaitingCaller{parked.call_id, parked.party});
  Pickup& pickup = *made;
  adopt(std::move(made));
  pickups_.emplace(&pickup, &pickup);
  pickup.call(found.targets.front(), parked.parker);
}

}  // namespace callwright::call
