// Media that bypass the exchange are taken in for music, and go back when nobody is held any more.
#include "base/log.hpp"
#include "call/bridge_media.hpp"
#include "sdp/directed.hpp"
#include "sdp/glance.hpp"

#include <utility>

namespace callwright::call {

void BridgeMedia::stay_out() {
  mode_ = MediaMode::Bypass;
  taken_in_ = false;
  stays_in_ = false;
  returning_ = nullptr;
  for (Leg& leg : legs_) {
    leg.media.reset();
    leg.pending.clear();
    leg.passed_on.clear();
    leg.passed_before.clear();
    leg.hears = Leg::Hears::Other;
  }
}

void BridgeMedia::take_in_for_music(const Session& from, const Session& other, std::string_view sdp) {
  const sdp::Glance seen = sdp::glance(sdp);
  Leg* const source = find(from);
  Leg* const sink = find(other);
  if (through() || !plays_music() || !seen.held || seen.others || source == nullptr || sink == nullptr) {
    return;
  }
  const auto description = sdp::Description::parse(sdp);
  if (!description) {
    return;
  }
  if (const auto come = come_in(*source, *sink, *description); !come) {
    base::log::warn("a held party hears no music", {{"reason", come.error().message()}});
  }
}

base::Result<void> BridgeMedia::come_in(Leg& source, Leg& sink, const sdp::Description& offer) {
  mode_ = MediaMode::Auto;
  taken_in_ = true;
  for (auto opened : {open(source, &offer, nullptr), open(sink, nullptr, &offer)}) {
    if (!opened) {
      stay_out();
      return opened;
    }
  }
  follow(sink, offer.origin);
  return base::ok();
}

bool BridgeMedia::returns(const Session& from, const Session& other, std::string_view sdp) {
  const sdp::Glance seen = sdp::glance(sdp);
  Leg* const source = find(from);
  Leg* const sink = find(other);
  if (!taken_in_ || stays_in_ || returning_ != nullptr || !seen.audio || seen.held || source == nullptr || sink == nullptr) {
    return false;
  }
  for (const Leg* const leg : {source, sink}) {
    if (leg->held || leg->media == nullptr || leg->media->negotiated() == nullptr || !leg->pending.empty()) {
      return false;
    }
  }
  if (sink->media->negotiated()->held) {
    return false;
  }
  for (Leg* const leg : {source, sink}) {
    leg->goes_on = std::make_unique<sdp::Continuation>(leg->media->latest()->origin);
  }
  returning_ = &from;
  return true;
}

std::string BridgeMedia::passed_on(const Session& to, std::string_view sdp) {
  Leg* const leg = find(to);
  if (leg == nullptr || sdp.empty()) {
    return std::string(sdp);
  }
  if (!leg->passed_on.empty()) {
    leg->passed_before = std::exchange(leg->passed_on, std::string(sdp));
  }
  return leg->directions.empty() ? goes_on(*leg, sdp) : goes_on(*leg, sdp::directed(sdp, leg->directions, allowed(*leg)));
}

std::string BridgeMedia::goes_on(Leg& leg, std::string_view sdp) { return leg.goes_on == nullptr || sdp.empty() ? std::string(sdp) : leg.goes_on->next(sdp); }

/// The first description of ours goes on as whoever wrote those before.
void BridgeMedia::follow(Leg& leg, const sdp::Origin& theirs) { leg.media->follow(leg.goes_on == nullptr ? theirs : leg.goes_on->origin()); }

}  // namespace callwright::call
