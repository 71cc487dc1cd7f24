// What the modules callops and b2b_entities do.
#include "base/json_values.hpp"
#include "sim/fake_opensips.hpp"

#include <utility>

namespace callwright::sim {

using base::Json;
using opensips::parameter;
using std::chrono::milliseconds;

void FakeOpenSips::transfer(const std::string& id, const Params& params) {
  const std::string call_id = get(params, "callid");
  const std::string leg = get(params, "leg");
  const std::string other = get(params, "transfer_callid");
  const auto found = dialogs.find(call_id);
  if (!other.empty() && !dialogs.contains(other)) {
    refuse(id, 404, "Transfer dialog not found");
  } else if (found == dialogs.end() || found->second.state != 4) {
    refuse(id, 404, "Dialog not found");
  } else if (leg != "caller" && leg != "callee") {
    refuse(id, -32000, "Server error");
  } else if (std::exchange(found->second.transferred, true)) {
    refuse(id, 491, "Request Pending");
  } else {
    reply(id, base::json_text("Accepted"));
    const std::string who = leg == "caller" ? found->second.caller : found->second.callee;
    std::string destination = get(params, "destination");
    if (destination.empty()) {
      destination = get(params, "transfer_leg") == "caller" ? dialogs.at(other).caller : dialogs.at(other).callee;
    }
    const ProxyPhone::Refer refer = phones[who].refer;
    if (refer == ProxyPhone::Refer::Follow || refer == ProxyPhone::Refer::FollowWithoutNotify) {
      at(milliseconds(50), [this, call_id, who, destination, refer] { follow(call_id, who, destination, refer == ProxyPhone::Refer::Follow); });
    }
  }
}

void FakeOpenSips::follow(const std::string& call_id, const std::string& who, const std::string& destination, bool notifies) {
  const std::string new_call_id = "new" + std::to_string(++calls_) + "@" + who;
  dialogs[new_call_id] = {.caller = who, .callee = destination, .state = 1, .transferred = false, .held = {}, .waiting_id = {}, .told = {}};
  // The leg of `start` is the new Call-ID, and that of `notify` is nothing, as OpenSIPS has it.
  raise("E_CALL_TRANSFER", {parameter("callid", call_id), parameter("leg", new_call_id), parameter("transfer_callid", new_call_id),
                            parameter("destination", destination), parameter("state", "start"), parameter("status", "")});
  if (notifies) {
    at(milliseconds(30), [this, call_id, new_call_id] {
      raise("E_CALL_TRANSFER", {parameter("callid", call_id),
                                {"leg", Json{}},
                                parameter("transfer_callid", new_call_id),
                                parameter("destination", ""),
                                parameter("state", "notify"),
                                parameter("status", "180 Ringing")});
    });
  }
  const base::Duration delay = phones.contains(destination) ? phones.at(destination).answer_after : milliseconds(10);
  at(delay, [this, call_id, new_call_id, destination, notifies] { conclude_transfer(call_id, new_call_id, destination, notifies); });
}

void FakeOpenSips::conclude_transfer(const std::string& call_id, const std::string& new_call_id, const std::string& destination, bool notifies) {
  if (!dialogs.contains(new_call_id)) {
    return;
  }
  const int status = phones.contains(destination) ? phones.at(destination).answer_status : 404;
  const std::string text = status == 404 ? "404 Not Found" : status_line(status);
  const auto told = [&](std::string_view state) {
    return Json::Object{parameter("callid", call_id),
                        parameter("leg", "callee"),
                        parameter("transfer_callid", new_call_id),
                        parameter("destination", state == "notify" ? "" : destination),
                        parameter("state", state),
                        parameter("status", text)};
  };
  raise("E_CALL_TRANSFER", told(status == 200 ? "ok" : "fail"));
  if (notifies) {
    raise("E_CALL_TRANSFER", told("notify"));
  }
  if (status == 200) {
    set_state(new_call_id, 4);
  } else {
    end_dialog(new_call_id, false);
  }
}

void FakeOpenSips::hold(const std::string& id, const Params& params, bool holds) {
  const std::string call_id = get(params, "callid");
  const auto found = dialogs.find(call_id);
  if (params.find("leg") != nullptr && options_.version == 3) {
    refuse(id, -32602, "Invalid params");
  } else if (found == dialogs.end()) {
    refuse(id, 404, "Dialog not found");
  } else if (found->second.state != 4) {
    refuse(id, 410, "Dialog not ready");
  } else if (holds ? found->second.held.size() == 2 : found->second.held.empty()) {
    refuse(id, 480, holds ? "Both dialog legs are on hold" : "No dialog legs on hold");
  } else {
    reply(id, base::json_text("OK"));
    for (const auto& [leg, who] : {std::pair{std::string("caller"), found->second.caller}, {"callee", found->second.callee}}) {
      if (found->second.held.contains(leg) == holds) {
        continue;
      }
      const bool agrees = phones[who].reinvite_status == 200;
      const auto told = [&, leg = leg](std::string_view state) {
        return Json::Object{parameter("callid", call_id), parameter("leg", leg), parameter("action", holds ? "hold" : "unhold"), parameter("state", state)};
      };
      raise("E_CALL_HOLD", told("start"));
      at(milliseconds(60), [this, event = told(agrees ? "ok" : "fail")] { raise("E_CALL_HOLD", event); });
      if (agrees && holds) {
        found->second.held.insert(leg);
      } else if (agrees) {
        found->second.held.erase(leg);
      }
    }
  }
}

void FakeOpenSips::start_session(const std::string& id, const Params& params) {
  const std::string key = "B2B." + std::to_string(++calls_);
  const std::string callee = get(params, "ruri");
  sessions[key] = callee;
  reply(id, base::json_text(key));
  at(phones.contains(callee) ? phones.at(callee).answer_after : milliseconds(10), [this, key] { answer_session(key); });
  raise("E_UA_SESSION", {parameter("key", key), parameter("entity_type", "UAC"), parameter("event_type", "EARLY"), parameter("status", "180"),
                         parameter("reason", "Ringing"), parameter("method", "INVITE"), parameter("body", "")});
}

void FakeOpenSips::answer_session(const std::string& key) {
  const auto session = sessions.find(key);
  if (session == sessions.end()) {
    return;
  }
  const int status = phones.contains(session->second) ? phones.at(session->second).answer_status : 404;
  raise("E_UA_SESSION", {parameter("key", key), parameter("entity_type", "UAC"), parameter("event_type", status == 200 ? "ANSWERED" : "REJECTED"),
                         parameter("status", std::to_string(status)), parameter("reason", status == 200 ? "OK" : "Busy Here"), parameter("method", "INVITE"),
                         parameter("body", status == 200 ? sdp_of("b") : "")});
  if (status != 200) {
    sessions.erase(session);
  }
}

void FakeOpenSips::hang_up_session(const std::string& key) {
  sessions.erase(key);
  raise("E_UA_SESSION", {parameter("key", key), parameter("entity_type", "UAC"), parameter("event_type", "TERMINATED"), parameter("method", "BYE")});
}

void FakeOpenSips::end_session(const std::string& id, const Params& params) {
  if (sessions.erase(get(params, "key")) == 0) {
    refuse(id, 404, "Session not found");
    return;
  }
  reply(id, base::json_text("OK"));
}

}  // namespace callwright::sim
