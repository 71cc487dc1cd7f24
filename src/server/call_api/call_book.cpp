#include "server/call_api/call_book.hpp"

#include "server/call_api/json_values.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <chrono>

namespace callwright::server::call_api {
namespace {

Json milliseconds(base::Duration duration) { return Json{Json::Number{fmt::format("{:.1f}", std::chrono::duration<double, std::milli>(duration).count())}}; }

const char* name_of(BookedCall::State state) {
  static constexpr const char* kNames[] = {"started", "ringing", "up", "ended"};
  return kNames[static_cast<std::size_t>(state)];
}

/// `Media` is call::MediaEnded or call::LegQuality.
template <class Media>
Json::Object quality_of(const Media& media, const media::StreamStatistics& counted) {
  Json::Object members;
  add_text(members, "codec", media.codec);
  add_text(members, "leg", media.leg);
  add_text(members, "party", media.party);
  members.push_back({"jitter_ms", milliseconds(counted.jitter)});
  members.push_back({"lost", json_number(counted.lost)});
  members.push_back({"packets_received", json_number(counted.packets_received)});
  members.push_back({"packets_sent", json_number(counted.packets_sent)});
  if (counted.round_trip) {
    members.push_back({"round_trip_ms", milliseconds(*counted.round_trip)});
  }
  for (const auto& [name, quality] : {std::pair{"mos_received", &counted.received_quality}, std::pair{"mos_sent", &counted.sent_quality}}) {
    if (*quality) {
      members.push_back({name, Json{Json::Number{fmt::format("{:.2f}", (*quality)->mos)}}});
    }
  }
  return members;
}

}  // namespace

Json to_json(const call::MediaEnded& media) { return Json{quality_of(media, *media.statistics)}; }

Json to_json(const BookedCall& call, const std::vector<call::LegQuality>& live) {
  Json::Object members;
  add_text(members, "callid", call.call_id);
  add_text(members, "leg", call.leg);
  add_text(members, "caller", call.caller);
  add_text(members, "callee", call.callee);
  members.push_back({"state", json_text(name_of(call.state))});
  add_time(members, "started", call.started);
  add_time(members, "ringing", call.ringing);
  add_time(members, "answered", call.answered);
  add_time(members, "ended", call.ended);
  if (call.state == BookedCall::State::Ended) {
    members.push_back({"status", json_number(call.end.status)});
    add_text(members, "reason", call.end.reason);
  }
  Json::Array held;
  for (const call::Side side : {call::Side::Caller, call::Side::Callee}) {
    if (call.held.of(side)) {
      held.push_back(json_text(std::string(to_string(side))));
    }
  }
  if (!held.empty()) {
    members.push_back({"held", Json{std::move(held)}});
  }
  Json::Array media;
  std::transform(call.media.begin(), call.media.end(), std::back_inserter(media), [](const call::MediaEnded& ended) { return to_json(ended); });
  for (const call::LegQuality& leg : live) {
    Json::Object quality = quality_of(leg, leg.statistics);
    quality.push_back({"live", Json{true}});
    media.push_back(Json{std::move(quality)});
  }
  if (!media.empty()) {
    members.push_back({"media", Json{std::move(media)}});
  }
  return Json{std::move(members)};
}

Json to_json(const CallBook::Registration& registration) {
  Json::Object members;
  members.push_back({"user", json_text(registration.user)});
  members.push_back({"contact", json_text(registration.contact)});
  add_time(members, "since", registration.since);
  members.push_back({"reachable", Json{!registration.lost}});
  return Json{std::move(members)};
}

CallBook::Shared CallBook::note(const call::Event& event) {
  if (const auto* const contact = std::get_if<call::ContactChanged>(&event.what)) {
    note_contact(*contact, event.time);
    return nullptr;
  }
  if (const auto* const ended = std::get_if<call::CallEnded>(&event.what)) {
    return end(event, *ended);
  }
  Shared call = open_.note(event);
  const auto* const media = std::get_if<call::MediaEnded>(&event.what);
  return call == nullptr && media != nullptr ? add_to_ended(event.call_id, *media) : call;
}

CallBook::Shared CallBook::end(const call::Event& event, const call::CallEnded& what) {
  Shared call = open_.end(event, what);
  if (call != nullptr) {
    ended_.push_back(call);
  }
  if (ended_.size() > remembered_) {
    ended_.pop_front();
  }
  return call;
}

/// Comes after the end of the call.
CallBook::Shared CallBook::add_to_ended(const std::string& call_id, const call::MediaEnded& what) {
  const auto found = std::find_if(ended_.rbegin(), ended_.rend(), [&call_id](const Shared& ended) { return ended->call_id == call_id; });
  if (found == ended_.rend()) {
    return nullptr;
  }
  (*found)->add(what);
  return *found;
}

void CallBook::note_contact(const call::ContactChanged& what, base::WallTime now) {
  using Now = call::ContactChanged::Now;
  const std::pair key(what.user, what.contact);
  if (what.now == Now::Registered) {
    registrations_[key] = {what.user, what.contact, now, false};
  } else if (what.now == Now::Unregistered) {
    registrations_.erase(key);
  } else if (const auto found = registrations_.find(key); found != registrations_.end()) {
    found->second.lost = what.now == Now::Lost;
  }
}

const BookedCall* CallBook::find(const std::string& call_id) const {
  if (const BookedCall* const open = open_.find(call_id)) {
    return open;
  }
  const auto found =
      std::find_if(ended_.rbegin(), ended_.rend(), [&call_id](const Shared& ended) { return ended->call_id == call_id || ended->leg == call_id; });
  return found == ended_.rend() ? nullptr : found->get();
}

std::vector<const BookedCall*> CallBook::calls(bool ended, std::size_t limit) const {
  std::vector<const BookedCall*> found;
  for (auto call = ended_.begin(); ended && call != ended_.end() && found.size() < limit; ++call) {
    found.push_back(call->get());
  }
  const std::vector<const BookedCall*> open = open_.first(limit - found.size());
  found.insert(found.end(), open.begin(), open.end());
  return found;
}

std::vector<CallBook::Registration> CallBook::registrations(std::size_t limit) const {
  std::vector<Registration> found;
  for (auto entry = registrations_.begin(); entry != registrations_.end() && found.size() < limit; ++entry) {
    found.push_back(entry->second);
  }
  return found;
}

}  // namespace callwright::server::call_api
