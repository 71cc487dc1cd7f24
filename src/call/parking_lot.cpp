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

  void on_limit() {
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

ParkingLot::Place* ParkingLot::place(std::string_view slot) const {
  const auto found = places_.find(slot);
  return found == places_.end() ? nullptr : found->second.get();
}

const ParkedParty* ParkingLot::find(std::string_view slot) const {
  const Place* const found = place(slot);
  return found == nullptr ? nullptr : &found->parked;
}

const ParkedParty* ParkingLot::find_call(std::string_view call_id) const {
  const auto found = std::find_if(places_.begin(), places_.end(), [call_id](const auto& entry) { return entry.second->parked.call_id == call_id; });
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
