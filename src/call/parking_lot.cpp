#include "call/parking_lot.hpp"

#include "call/pickup.hpp"

#include <algorithm>
#include <utility>

namespace callwright::call {

struct ParkingLot::Place {
  Place(ParkingLot& in, Conference& with, ParkedParty who)
      : lot(in), conference(with), parked(std::move(who)), limit(in.switchboard_.user_agent().timers(), base::Callback::to<&Place::on_limit>(*this)) {
    limit.start(lot.settings_.limit);
  }

  /// Another may have come in the place of the party (RFC 3891): who has talked to both has parked that one.
  void look() {
    const auto now = conference.has(parked.call_id) ? std::nullopt : conference.only_party();
    if (now) {
      parked.parker = parked.parker.empty() ? parked.party : parked.parker;
      parked.call_id = now->call_id;
      parked.party = now->uri;
      parked.journal = now->journal;
      parked.side = now->side;
    }
  }

  void on_limit() {
    look();
    if (fetcher != nullptr) {
      late = true;
      return;
    }
    // Whoever hears of it may take the place away.
    const ParkedParty timed_out = parked;
    lot.timed_out_(timed_out);
  }

  ParkingLot& lot;
  Conference& conference;
  ParkedParty parked;
  Pickup* fetcher = nullptr;
  bool late = false;  ///< The time was over while somebody was about to fetch it.
  base::Timer limit;
};

ParkingLot::ParkingLot(Switchboard& switchboard, const Settings& settings, TimedOut timed_out)
    : switchboard_(switchboard), settings_(settings), timed_out_(std::move(timed_out)) {}

ParkingLot::~ParkingLot() = default;

base::Result<std::string> ParkingLot::choose(const std::string& wanted) const {
  if (!wanted.empty()) {
    return places_.contains(wanted) ? base::Result<std::string>(base::Error(base::Errc::AlreadyExists, "the slot is taken")) : wanted;
  }
  for (unsigned slot = settings_.first_slot; slot <= settings_.last_slot; ++slot) {
    std::string name = std::to_string(slot);
    if (!places_.contains(name)) {
      return name;
    }
  }
  return base::Error(base::Errc::LimitReached, "all slots are taken");
}

base::Result<Conference*> ParkingLot::open() {
  ConferenceMedia* const media = switchboard_.conference_media();
  if (media == nullptr) {
    return base::Error(base::Errc::Unsupported, "this exchange handles no media");
  }
  return Conference::open(switchboard_, *media, {.kind = Conference::Kind::Alone, .music = Conference::Music::On});
}

void ParkingLot::park(Conference& place, ReleasedParties released, ParkedParty parked, const FindWatcher& watcher) {
  const std::string slot = parked.slot;
  places_[slot] = std::make_unique<Place>(*this, place, std::move(parked));
  place.take(std::move(released), watcher);
  place.begin();
}

void ParkingLot::receive(Conference& place, sip::ServerTransaction& transaction, const sip::Message& invite, ParkedParty parked) {
  const std::string slot = parked.slot;
  places_[slot] = std::make_unique<Place>(*this, place, std::move(parked));
  place.receive(transaction, invite);
}

std::optional<std::string> ParkingLot::slot_wanted(std::string_view user) const {
  if (settings_.number.empty() || !user.starts_with(settings_.number)) {
    return std::nullopt;
  }
  const std::string_view slot = user.substr(settings_.number.size());
  const auto number = sip::parse_number(slot);
  if (!slot.empty() && (!number || *number < settings_.first_slot || *number > settings_.last_slot || std::to_string(*number) != slot)) {
    return std::nullopt;
  }
  return std::string(slot);
}

ParkingLot::Place* ParkingLot::place(std::string_view slot) const {
  const auto found = places_.find(slot);
  if (found == places_.end()) {
    return nullptr;
  }
  found->second->look();
  return found->second.get();
}

const ParkedParty* ParkingLot::find(std::string_view slot) const {
  const Place* const found = place(slot);
  return found == nullptr ? nullptr : &found->parked;
}

const ParkedParty* ParkingLot::find_call(std::string_view call_id) const {
  const auto found = std::find_if(places_.begin(), places_.end(), [call_id](const auto& entry) {
    entry.second->look();
    return entry.second->parked.call_id == call_id;
  });
  return found == places_.end() ? nullptr : &found->second->parked;
}

Pickup* ParkingLot::fetcher(std::string_view slot) const {
  const Place* const found = place(slot);
  return found == nullptr ? nullptr : found->fetcher;
}

void ParkingLot::set_fetcher(std::string_view slot, Pickup& fetching) {
  if (Place* const found = place(slot)) {
    found->fetcher = &fetching;
  }
}

void ParkingLot::dismiss(std::string_view slot, int status, std::string_view why) {
  if (const Place* const found = place(slot)) {
    found->conference.dismiss(found->parked.call_id, status, why);
  }
}

void ParkingLot::on_finished(const ActiveCall& call) {
  std::erase_if(places_, [&call](const auto& entry) { return &entry.second->conference == &call; });
  for (const auto& [slot, place] : places_) {
    const ActiveCall* const fetching = place->fetcher;
    if (fetching == &call) {
      place->fetcher = nullptr;
      if (place->late) {
        place->limit.start(base::Duration::zero());
      }
    }
  }
}

}  // namespace callwright::call
