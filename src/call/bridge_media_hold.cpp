// Parties that an API has put on hold: whoever has called and whoever was called go on, but in fewer directions.
#include "call/bridge_media.hpp"
#include "sdp/directed.hpp"

#include <algorithm>
#include <utility>

namespace callwright::call {

void BridgeMedia::set_held(const Session& session, bool held) {
  if (Leg* const leg = find(session)) {
    leg->held = held;
  }
}

void BridgeMedia::settle_holds() {
  if (std::none_of(legs_.begin(), legs_.end(), [](const Leg& leg) { return leg.held; })) {
    for (Leg& leg : legs_) {
      leg.directions.clear();
    }
  }
}

void BridgeMedia::release_all() {
  for (Leg& leg : legs_) {
    leg.held = false;
  }
  settle_holds();
  settle_passed();
  for (Leg& leg : legs_) {
    for (const Leg& other : legs_) {
      if (&other != &leg && leg.media != nullptr && other.media != nullptr) {
        play_to(leg, other);
      }
    }
  }
}

void BridgeMedia::settle_passed() {
  for (Leg& leg : legs_) {
    leg.passed_before.clear();
  }
}

void BridgeMedia::restore_passed(const Session& to) {
  if (Leg* const leg = find(to); leg != nullptr && !leg->passed_before.empty()) {
    leg->passed_on = std::exchange(leg->passed_before, {});
  }
}

bool BridgeMedia::is_held(const Session& session) const noexcept {
  return std::any_of(legs_.begin(), legs_.end(), [&](const Leg& leg) { return leg.session == &session && leg.held; });
}

/// Of what our descriptions to that side may say: nothing is taken from a held party, nothing of it is passed on, and it hears music or the other.
sdp::Direction BridgeMedia::allowed(const Leg& leg) const noexcept {
  constexpr std::size_t kParties = 2;
  if (legs_.size() > kParties) {
    return sdp::Direction::SendRecv;
  }
  const bool other_held = std::any_of(legs_.begin(), legs_.end(), [&](const Leg& other) { return &other != &leg && other.held; });
  const bool hears = (leg.held && through() && plays_music()) || !other_held;
  return sdp::make_direction(hears, !leg.held);
}

void BridgeMedia::direct(Leg& leg, sdp::Direction direction) const {
  // What the other side says while somebody is held is what it was told to say.
  const bool free = std::none_of(legs_.begin(), legs_.end(), [](const Leg& any) { return any.held; });
  if (free) {
    leg.direction = direction;
  }
  leg.media->speaks().direction = sdp::intersection(leg.direction, allowed(leg));
}

base::Result<std::string> BridgeMedia::reoffer(const Session& to, const Session& other) {
  if (!has(to) || !has(other)) {
    return base::Error(base::Errc::WrongState, "The media of the call are not agreed on yet");
  }
  Leg& leg = *find(to);
  const Leg& beyond = *find(other);
  if (through()) {
    const bool talking = leg.media != nullptr && leg.media->negotiated() != nullptr && beyond.media != nullptr && beyond.media->negotiated() != nullptr;
    if (!talking || !leg.pending.empty() || !beyond.pending.empty()) {
      return base::Error(base::Errc::WrongState, "The media of the call are not agreed on yet, or are being changed");
    }
    direct(leg, leg.direction);
    return leg.media->offer();
  }
  if (leg.passed_on.empty()) {
    const auto latest = sdp::Description::parse(to.description());
    if (!latest) {
      return base::Error(base::Errc::WrongState, "The media of the call are not agreed on yet: " + latest.error().message());
    }
    leg.passed_on = to.description();
    if (leg.goes_on == nullptr) {
      leg.goes_on = std::make_unique<sdp::Continuation>(latest->origin);
    }
  }
  if (leg.directions.empty()) {
    leg.directions = sdp::directions_of(leg.passed_on);
  }
  return goes_on(leg, sdp::directed(leg.passed_on, leg.directions, allowed(leg)));
}

base::Result<void> BridgeMedia::accept_reoffer(const Session& to, const Session& other, std::string_view sdp) {
  if (!through()) {
    return base::ok();
  }
  Leg& leg = *find(to);
  if (auto accepted = leg.media->accept(sdp); !accepted) {
    return accepted;
  }
  return run(leg, *find(other));
}

}  // namespace callwright::call
