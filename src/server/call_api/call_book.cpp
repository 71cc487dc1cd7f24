#include "server/call_api/call_book.hpp"

#include "server/call_api/json_values.hpp"

#include <fmt/chrono.h>
#include <fmt/format.h>

#include <algorithm>
#include <chrono>

namespace callwright::server::call_api {
namespace {

/// Every medium of a call would be two; more come when parties give their places to others.
constexpr std::size_t kMaxMedia = 16;

Json milliseconds(base::Duration duration) { return Json{Json::Number{fmt::format("{:.1f}", std::chrono::duration<double, std::milli>(duration).count())}}; }

void add_time(Json::Object& members, const char* name, base::WallTime time) {
  if (time != base::WallTime{}) {
    members.push_back({name, json_text(to_text(time))});
  }
}

void add_text(Json::Object& members, const char* name, const std::string& value) {
  if (!value.empty()) {
    members.push_back({name, json_text(value)});
  }
}

const char* name_of(BookedCall::State state) {
  static constexpr const char* kNames[] = {"started", "ringing", "up", "ended"};
  return kNames[static_cast<std::size_t>(state)];
}

}  // namespace

std::string to_text(base::WallTime time) {
  const auto seconds = std::chrono::floor<std::chrono::seconds>(time);
  const auto rest = std::chrono::duration_cast<std::chrono::microseconds>(time - seconds);
  const std::time_t whole = std::chrono::system_clock::to_time_t(std::chrono::time_point_cast<std::chrono::system_clock::duration>(seconds));
  return fmt::format("{:%Y-%m-%dT%H:%M:%S}.{:06}Z", fmt::gmtime(whole), rest.count());
}

Json to_json(const call::MediaEnded& media) {
  const media::StreamStatistics& counted = media.statistics;
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
  return Json{std::move(members)};
}

Json to_json(const BookedCall& call) {
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
    members.push_back({"status", json_number(call.status)});
    add_text(members, "reason", call.reason);
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
  if (!call.media.empty()) {
    Json::Array media;
    std::transform(call.media.begin(), call.media.end(), std::back_inserter(media), [](const call::MediaEnded& ended) { return to_json(ended); });
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

const BookedCall* CallBook::note(const call::Event& event) {
  if (const auto* const contact = std::get_if<call::ContactChanged>(&event.what)) {
    note_contact(*contact, event.time);
    return nullptr;
  }
  if (const auto* const started = std::get_if<call::CallStarted>(&event.what)) {
    BookedCall& call = calls_[event.call_id];
    call = {};
    call.call_id = event.call_id;
    call.caller = started->from;
    call.callee = started->to;
    call.started = event.time;
    return &call;
  }
  if (const auto* const ended = std::get_if<call::CallEnded>(&event.what)) {
    return end(event.call_id, *ended, event.time);
  }
  if (const auto* const media = std::get_if<call::MediaEnded>(&event.what)) {
    return note_media(event.call_id, *media);
  }
  if (const auto* const replaced = std::get_if<call::CallReplaced>(&event.what)) {
    replace(event.call_id, *replaced);
    return find(replaced->by);
  }
  BookedCall* const call = open(event.call_id);
  if (call == nullptr) {
    return nullptr;
  }
  if (std::holds_alternative<call::CallRinging>(event.what)) {
    call->state = BookedCall::State::Ringing;
    call->ringing = event.time;
  } else if (const auto* const answered = std::get_if<call::CallAnswered>(&event.what)) {
    call->state = BookedCall::State::Up;
    call->answered = event.time;
    call->leg = answered->leg;
    if (!answered->leg.empty()) {
      by_leg_[answered->leg] = call->call_id;
    }
  } else if (const auto* const held = std::get_if<call::CallHeld>(&event.what)) {
    call->held = {held->caller, held->callee};
  }
  return call;
}

BookedCall* CallBook::open(const std::string& call_id) {
  const auto found = calls_.find(call_id);
  return found == calls_.end() ? nullptr : &found->second;
}

void CallBook::replace(const std::string& former, const call::CallReplaced& what) {
  auto moved = calls_.extract(former);
  if (moved.empty()) {
    return;
  }
  BookedCall& call = moved.mapped();
  (what.side == call::CallReplaced::Side::Caller ? call.caller : call.callee) = what.party;
  call.call_id = what.by;
  if (what.side == call::CallReplaced::Side::Callee) {
    by_leg_.erase(call.leg);
    call.leg.clear();  // Nothing tells that of the new one.
  } else if (!call.leg.empty()) {
    by_leg_[call.leg] = what.by;
  }
  moved.key() = what.by;
  calls_.insert(std::move(moved));
}

const BookedCall* CallBook::end(const std::string& call_id, const call::CallEnded& what, base::WallTime now) {
  auto found = calls_.extract(call_id);
  if (found.empty()) {
    return nullptr;
  }
  BookedCall& call = found.mapped();
  by_leg_.erase(call.leg);
  call.state = BookedCall::State::Ended;
  call.held = {};
  call.ended = now;
  call.status = what.status;
  call.reason = what.reason;
  ended_.push_back(std::move(call));
  if (ended_.size() > remembered_) {
    ended_.pop_front();
  }
  return ended_.empty() ? nullptr : &ended_.back();
}

/// Comes after the end of the call, or in it, when somebody has given his place to another.
const BookedCall* CallBook::note_media(const std::string& call_id, const call::MediaEnded& what) {
  BookedCall* call = open(call_id);
  if (call == nullptr) {
    const auto found = std::find_if(ended_.rbegin(), ended_.rend(), [&call_id](const BookedCall& ended) { return ended.call_id == call_id; });
    call = found == ended_.rend() ? nullptr : &*found;
  }
  if (call != nullptr && call->media.size() < kMaxMedia) {
    call->media.push_back(what);
  }
  return call;
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
  if (const auto found = calls_.find(call_id); found != calls_.end()) {
    return &found->second;
  }
  if (const auto leg = by_leg_.find(call_id); leg != by_leg_.end()) {
    const auto found = calls_.find(leg->second);
    return found == calls_.end() ? nullptr : &found->second;
  }
  const auto found =
      std::find_if(ended_.rbegin(), ended_.rend(), [&call_id](const BookedCall& ended) { return ended.call_id == call_id || ended.leg == call_id; });
  return found == ended_.rend() ? nullptr : &*found;
}

std::vector<const BookedCall*> CallBook::calls(bool ended, std::size_t limit) const {
  std::vector<const BookedCall*> found;
  for (auto call = ended_.begin(); ended && call != ended_.end() && found.size() < limit; ++call) {
    found.push_back(&*call);
  }
  for (auto call = calls_.begin(); call != calls_.end() && found.size() < limit; ++call) {
    found.push_back(&call->second);
  }
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
