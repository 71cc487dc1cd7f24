#include "app/record_json.hpp"

#include "base/time_text.hpp"
#include "server/call_api/call_book.hpp"
#include "server/call_api/json_values.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <iterator>
#include <utility>
#include <variant>

namespace callwright::app {
namespace {

using server::call_api::add_text;
using server::call_api::add_time;
using server::call_api::Json;
using server::call_api::json_number;
using server::call_api::json_text;

Json json_of(const call::RecordedLeg& recorded) {
  Json::Object members;
  const call::BookedCall::Leg& leg = recorded.leg;
  members.push_back({"side", json_text(to_string(leg.side))});
  add_text(members, "callid", leg.call_id);
  add_text(members, "party", leg.party);
  add_time(members, "since", leg.since);
  add_time(members, "until", leg.until);
  if (recorded.media != nullptr) {
    const Json media = server::call_api::to_json(*recorded.media);
    for (const Json::Member& member : *media.object()) {
      if (member.name != "leg" && member.name != "party") {
        members.push_back(member);
      }
    }
  }
  return Json{std::move(members)};
}

/// What happened to a call, beside its time.
struct Change {
  Json::Object& members;

  void operator()(const call::BookedCall::Replaced& what) const {
    members.push_back({"change", json_text("replaced")});
    members.push_back({"side", json_text(to_string(what.side))});
    add_text(members, "former", what.former);
    add_text(members, "former_callid", what.call_id);
    add_text(members, "party", what.party);
  }
  void operator()(const call::PartiesOnHold& held) const {
    Json::Array parties;
    for (const call::Side side : {call::Side::Caller, call::Side::Callee}) {
      if (held.of(side)) {
        parties.push_back(json_text(to_string(side)));
      }
    }
    members.push_back({"change", json_text("held")});
    members.push_back({"held", Json{std::move(parties)}});
  }
};

Json json_of(const call::BookedCall::Change& change) {
  Json::Object members;
  add_time(members, "time", change.time);
  std::visit(Change{members}, change.what);
  return Json{std::move(members)};
}

template <class Things>
Json array_of(const Things& things) {
  Json::Array array;
  std::transform(things.begin(), things.end(), std::back_inserter(array), [](const auto& thing) { return json_of(thing); });
  return Json{std::move(array)};
}

}  // namespace

std::string record_json(const call::CallRecord& record) {
  const call::BookedCall& call = record.call;
  Json::Object members;
  add_text(members, "id", record.id);
  add_text(members, "callid", call.call_id);
  add_text(members, "caller", call.caller);
  add_text(members, "callee", call.callee);
  add_time(members, "started", call.started);
  add_time(members, "ringing", call.ringing);
  add_time(members, "answered", call.answered);
  add_time(members, "ended", call.ended);
  members.push_back({"talk_s", Json{Json::Number{fmt::format("{:.3f}", std::chrono::duration<double>(call::talk_time(call)).count())}}});
  members.push_back({"status", json_number(call.end.status)});
  members.push_back({"reason", json_text(call.end.reason)});
  members.push_back({"ended_by", json_text(to_string(call.end.by))});
  members.push_back({"legs", array_of(call::legs_of(call))});
  members.push_back({"changes", array_of(call.changes)});
  if (!call.linked.empty()) {
    Json::Array linked;
    std::transform(call.linked.begin(), call.linked.end(), std::back_inserter(linked), [](const std::string& other) { return json_text(other); });
    members.push_back({"linked", Json{std::move(linked)}});
  }
  std::string text;
  append_json(text, Json{std::move(members)}, server::call_api::MemberOrder::AsGiven);
  return text;
}

std::string dead_letter_json(const net::Webhook::Undelivered& letter, base::WallTime now) {
  std::string text = R"({"time":")" + base::to_text(now) + R"(","attempts":)" + std::to_string(letter.attempts) + R"(,"reason":)";
  server::call_api::append_json_string(text, letter.reason);
  return text + R"(,"record":)" + letter.body + "}";
}

}  // namespace callwright::app
