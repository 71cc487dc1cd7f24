// Parties that are parked and fetched, and calls that are picked up while they ring (RFC 5359 §2.15, §2.16).
#include "call/exchange_parts.hpp"
#include "call/pickup.hpp"
#include "call/referral.hpp"
#include "call/running_command.hpp"
#include "call/seating.hpp"

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
  if (parts_two) {
    // The slot takes the place of whoever has parked it.
    parked.side = command.party.side;
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
  if (by_call_id_.contains(invite.call_id())) {
    transaction.respond({.status = 482});
  } else if (invite.body().empty()) {
    transaction.respond({.status = 488, .reason = "Offer Wanted"});
  } else if (fetching != nullptr && fetching->purpose() == Pickup::Purpose::Fetch) {
    transaction.respond({.status = 486});
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
