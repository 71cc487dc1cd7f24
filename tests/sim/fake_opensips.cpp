#include "sim/fake_opensips.hpp"

#include "base/json_values.hpp"

#include <algorithm>
#include <utility>

namespace callwright::sim {

using base::Json;
using opensips::parameter;
using opensips::text_of;
using std::chrono::milliseconds;
using std::chrono::seconds;

namespace {

/// The names of OpenSIPS 4 → those of OpenSIPS 3.
const std::map<std::string, std::string, std::less<>> kNewNames{{"tm:uac_dlg", "t_uac_dlg"},
                                                                {"tm:uac_cancel", "t_uac_cancel"},
                                                                {"callops:transfer", "call_transfer"},
                                                                {"callops:hold", "call_hold"},
                                                                {"callops:unhold", "call_unhold"},
                                                                {"dialog:end_dlg", "dlg_end_dlg"},
                                                                {"dialog:list", "dlg_list"},
                                                                {"dialog:send_sequential", "dlg_send_sequential"},
                                                                {"usrloc:dump", "ul_dump"},
                                                                {"evi:subscribe", "event_subscribe"},
                                                                {"b2b_entities:ua_session_client_start", "ua_session_client_start"},
                                                                {"b2b_entities:ua_session_terminate", "ua_session_terminate"},
                                                                {"b2b_entities:ua_session_reply", "ua_session_reply"}};

std::string header(const std::string& headers, const std::string& name) {
  const std::size_t at = headers.find(name + ": ");
  return at == std::string::npos ? std::string() : headers.substr(at + name.size() + 2, headers.find("\r\n", at) - at - name.size() - 2);
}

}  // namespace

std::string FakeOpenSips::get(const Json& params, std::string_view name) { return std::string(text_of(params.find(name))); }

std::string FakeOpenSips::status_line(int status) {
  return std::to_string(status) + (status == 200 ? " OK" : status == 486 ? " Busy Here" : " Not Acceptable Here");
}

std::string FakeOpenSips::sdp_of(const std::string& who) {
  return "v=0\r\no=" + who + " 7 1 IN IP4 192.0.2.9\r\ns=-\r\nc=IN IP4 192.0.2.9\r\nt=0 0\r\nm=audio 4000 RTP/AVP 0\r\na=recvonly\r\n";
}

void FakeOpenSips::at(base::Duration delay, std::function<void()> action) {
  planned_.emplace(clock_.now() + delay, [this, life = life_, action = std::move(action)] {
    if (life == life_) {
      action();
    }
  });
}

void FakeOpenSips::carry(const std::string& bytes, const std::function<void(std::string_view)>& to, double duplication) {
  const int copies = random_.chance(options_.loss) ? 0 : random_.chance(duplication) ? 2 : 1;
  for (int copy = 0; copy < copies; ++copy) {
    const base::Duration delay(random_.between(1, static_cast<std::uint64_t>(options_.max_delay.count())));
    planned_.emplace(clock_.now() + delay, [bytes, to] { to(bytes); });
  }
}

void FakeOpenSips::send(std::string_view request) {
  const auto take = [this](std::string_view bytes) {
    if (running_) {
      on_request(bytes);
    }
  };
  carry(std::string(request), take, 0);
}

std::optional<base::TimePoint> FakeOpenSips::next_wakeup() const { return planned_.empty() ? std::nullopt : std::optional(planned_.begin()->first); }

void FakeOpenSips::advance() {
  while (!planned_.empty() && planned_.begin()->first <= clock_.now()) {
    const auto action = planned_.extract(planned_.begin());
    action.mapped()();
  }
}

void FakeOpenSips::restart() {
  ++life_;
  running_ = true;
  dialogs.clear();
  sessions.clear();
  subscriptions_.clear();
}

void FakeOpenSips::add_call(const std::string& call_id, const std::string& caller, const std::string& callee) {
  dialogs[call_id] = {.caller = caller, .callee = callee, .state = 4, .transferred = false, .held = {}, .waiting_id = {}, .told = {}};
}

std::size_t FakeOpenSips::count(std::string_view method) const { return static_cast<std::size_t>(std::ranges::count(methods, method)); }

void FakeOpenSips::on_request(std::string_view bytes) {
  const auto root = base::parse_json(bytes, 16).value();
  const std::string id(text_of(root.find("id")));
  std::string method(text_of(root.find("method")));
  const auto renamed = kNewNames.find(method);
  if ((renamed != kNewNames.end()) != (options_.version == 4)) {
    refuse(id, -32601, "Method not found");
    return;
  }
  method = renamed == kNewNames.end() ? method : renamed->second;
  const Json& params = *root.find("params");
  methods.push_back(method);
  requests.push_back(params);
  static const std::map<std::string, void (FakeOpenSips::*)(const std::string&, const Json&)> kMethods{
      {"t_uac_dlg", &FakeOpenSips::send_request},
      {"t_uac_cancel", &FakeOpenSips::cancel_request},
      {"call_transfer", &FakeOpenSips::transfer},
      {"dlg_end_dlg", &FakeOpenSips::end},
      {"dlg_list", &FakeOpenSips::list},
      {"dlg_send_sequential", &FakeOpenSips::send_sequential},
      {"ul_dump", &FakeOpenSips::list_contacts},
      {"event_subscribe", &FakeOpenSips::subscribe},
      {"ua_session_client_start", &FakeOpenSips::start_session},
      {"ua_session_terminate", &FakeOpenSips::end_session}};
  if (const auto known = kMethods.find(method); known != kMethods.end()) {
    (this->*known->second)(id, params);
  } else {
    hold(id, params, method == "call_hold");
  }
}

void FakeOpenSips::reply(const std::string& id, Json result) {
  std::string text;
  base::append_json(text, Json{Json::Object{parameter("jsonrpc", "2.0"), {"result", std::move(result)}, parameter("id", id)}}, base::MemberOrder::AsGiven);
  at(options_.answers_after, [this, text] { carry(text, receiver_, options_.duplication); });
}

void FakeOpenSips::refuse(const std::string& id, int code, std::string_view message) {
  std::string text;
  const Json error{Json::Object{{"code", base::json_number(code)}, parameter("message", message)}};
  base::append_json(text, Json{Json::Object{parameter("jsonrpc", "2.0"), {"error", error}, parameter("id", id)}}, base::MemberOrder::AsGiven);
  at(options_.answers_after, [this, text] { carry(text, receiver_, options_.duplication); });
}

void FakeOpenSips::raise(std::string_view event, Json::Object params) {
  const auto subscribed = subscriptions_.find(std::string(event));
  if (subscribed == subscriptions_.end() || subscribed->second < clock_.now()) {
    return;
  }
  std::string text;
  base::append_json(text, Json{Json::Object{parameter("jsonrpc", "2.0"), parameter("method", event), {"params", Json{std::move(params)}}}},
                    base::MemberOrder::AsGiven);
  carry(text, receiver_, options_.duplication);
}

void FakeOpenSips::set_state(const std::string& call_id, int state) {
  const int before = std::exchange(dialogs.at(call_id).state, state);
  raise("E_DLG_STATE_CHANGED",
        {parameter("id", "1"), parameter("callid", call_id), {"old_state", base::json_number(before)}, {"new_state", base::json_number(state)}});
}

void FakeOpenSips::end_dialog(const std::string& call_id, bool cancelled) {
  const auto found = dialogs.find(call_id);
  if (found == dialogs.end()) {
    return;
  }
  set_state(call_id, 5);
  if (cancelled && !found->second.waiting_id.empty()) {
    reply(found->second.waiting_id, Json{Json::Object{parameter("Status", "487 Request Terminated")}});
  }
  dialogs.erase(found);
}

void FakeOpenSips::send_request(const std::string& id, const Params& params) {
  const std::string headers = get(params, "headers");
  const std::string call_id = header(headers, "Call-ID");
  if (header(headers, "To").find("tag=") != std::string::npos) {
    send_in_dialog(id, params, call_id);
  } else if (!phones.contains(get(params, "ruri"))) {
    reply(id, Json{Json::Object{parameter("Status", "404 Not Found")}});
  } else {
    invite(id, params, call_id);
  }
}

void FakeOpenSips::invite(const std::string& id, const Params& params, const std::string& call_id) {
  const std::string phone = get(params, "ruri");
  dialogs[call_id] = {.caller = "proxy", .callee = phone, .state = 1, .transferred = false, .held = {}, .waiting_id = id, .told = {}};
  at(milliseconds(20), [this, id, call_id] {
    if (dialogs.contains(call_id)) {
      set_state(call_id, 2);
      if (options_.passes_provisional) {
        reply(id, Json{Json::Object{parameter("Status", "180 Ringing")}});
      }
    }
  });
  at(phones.at(phone).answer_after, [this, call_id] { answer_invite(call_id); });
}

void FakeOpenSips::answer_invite(const std::string& call_id) {
  const auto found = dialogs.find(call_id);
  if (found == dialogs.end() || found->second.state > 2) {
    return;
  }
  const std::string id = std::exchange(found->second.waiting_id, {});
  const std::string who = found->second.callee;
  const ProxyPhone& phone = phones.at(who);
  Json::Object result{parameter("Status", status_line(phone.answer_status))};
  if (phone.answer_status == 200) {
    const std::string sdp = sdp_of("a");
    result.push_back(parameter("RURI", who));
    result.push_back(parameter(
        "Message",
        "SIP/2.0 200 OK\r\nVia: SIP/2.0/UDP 192.0.2.1;branch=z9hG4bK1\r\nRecord-Route: <sip:192.0.2.1;lr>\r\nFrom: <sip:x@192.0.2.1>;tag=f\r\nTo: <" + who +
            ">;tag=t\r\nCall-ID: " + call_id + "\r\nCSeq: 1 INVITE\r\nContact: <sip:a@192.0.2.9:5060>\r\nAllow: INVITE, ACK, BYE" +
            (phone.allows_refer ? ", REFER" : "") + "\r\nContent-Type: application/sdp\r\nContent-Length: " + std::to_string(sdp.size()) + "\r\n\r\n" + sdp));
    set_state(call_id, 3);
    at(milliseconds(30), [this, call_id] {
      if (dialogs.contains(call_id)) {
        set_state(call_id, 4);
      }
    });
    if (phone.hangs_up_after) {
      at(*phone.hangs_up_after, [this, call_id] { end_dialog(call_id, false); });
    }
  }
  if (!options_.loses_invite_answers) {
    reply(id, Json{std::move(result)});
  }
  if (phone.answer_status != 200) {
    end_dialog(call_id, false);
  }
}

void FakeOpenSips::send_in_dialog(const std::string& id, const Params& params, const std::string& call_id) {
  if (!dialogs.contains(call_id)) {
    reply(id, Json{Json::Object{parameter("Status", "481 Call/Transaction Does Not Exist")}});
    return;
  }
  const bool ends = get(params, "method") == "BYE";
  const int status = ends ? 200 : phones.at(dialogs.at(call_id).callee).reinvite_status;
  at(milliseconds(20), [this, id, status] { reply(id, Json{Json::Object{parameter("Status", status_line(status))}}); });
  if (ends) {
    end_dialog(call_id, false);
  }
}

void FakeOpenSips::cancel_request(const std::string& id, const Params& params) {
  const std::string call_id = get(params, "callid");
  const auto found = dialogs.find(call_id);
  if (found == dialogs.end() || found->second.state > 2) {
    refuse(id, 481, "No such transaction");
    return;
  }
  reply(id, base::json_text("OK"));
  end_dialog(call_id, true);
}

void FakeOpenSips::end(const std::string& id, const Params& params) {
  const std::string call_id = get(params, "dialog_id");
  if (!dialogs.contains(call_id)) {
    refuse(id, 404, "Requested Dialog not found");
    return;
  }
  reply(id, base::json_text("OK"));
  end_dialog(call_id, true);
}

void FakeOpenSips::list(const std::string& id, const Params& params) {
  const auto described = [](const auto& named) {
    const auto& [call_id, dialog] = named;
    return Json{Json::Object{
        parameter("ID", "1"),
        {"state", base::json_number(dialog.state)},
        parameter("callid", call_id),
        parameter("from_uri", dialog.caller),
        parameter("to_uri", dialog.callee),
        parameter("caller_sdp", sdp_of(dialog.caller)),
        // Another phone rang as well.
        {"CALLEES", Json{Json::Array{Json{Json::Object{parameter("callee_sdp", "")}}, Json{Json::Object{parameter("callee_sdp", sdp_of(dialog.callee))}}}}}}};
  };
  Json::Array listed;
  if (params.find("callid") == nullptr) {
    const std::size_t first = std::stoul(get(params, "index"));
    const std::size_t count = std::stoul(get(params, "counter"));
    std::size_t at = 0;
    for (const auto& dialog : dialogs) {
      if (at >= first && at < first + count) {
        listed.push_back(described(dialog));
      }
      ++at;
    }
  } else if (const auto found = dialogs.find(get(params, "callid")); found != dialogs.end()) {
    listed.push_back(described(*found));
  } else {
    refuse(id, 404, "Dialog not found");
    return;
  }
  reply(id, Json{Json::Object{{"Dialogs", Json{std::move(listed)}}}});
}

void FakeOpenSips::list_contacts(const std::string& id, const Params& /*params*/) {
  Json::Array aors;
  for (const auto& [user, contact] : contacts) {
    aors.push_back(Json{Json::Object{parameter("AOR", user), {"Contacts", Json{Json::Array{Json{Json::Object{parameter("Contact", contact)}}}}}}});
  }
  reply(id, Json{Json::Object{{"Domains", Json{Json::Array{Json{Json::Object{parameter("name", "location"), {"AORs", Json{std::move(aors)}}}}}}}}});
}

void FakeOpenSips::send_sequential(const std::string& id, const Params& params) {
  const auto found = dialogs.find(get(params, "callid"));
  if (found == dialogs.end()) {
    refuse(id, 404, "Dialog Not Found");
    return;
  }
  const std::string leg = get(params, "mode");
  const bool ends = get(params, "method") == "BYE";
  const int status = ends ? 200 : phones[leg == "caller" ? found->second.caller : found->second.callee].reinvite_status;
  if (status == 200) {
    found->second.told[leg] = ends ? "BYE" : get(params, "body");
  }
  const Json answer{Json::Object{{"Code", base::json_number(status)}, parameter("Reason", status_line(status).substr(4))}};
  at(milliseconds(20), [this, id, answer] { reply(id, answer); });
}

void FakeOpenSips::subscribe(const std::string& id, const Params& params) {
  static const std::set<std::string> kEvents{"E_CALL_TRANSFER", "E_CALL_HOLD", "E_UA_SESSION", "E_UL_CONTACT_INSERT", "E_UL_CONTACT_DELETE"};
  const std::string event = get(params, "event");
  if (!kEvents.contains(event) && !(event == "E_DLG_STATE_CHANGED" && options_.reports_dialogs)) {
    refuse(id, 400, "Bad parameter value");
    return;
  }
  subscriptions_[event] = clock_.now() + seconds(std::stoi(get(params, "expire")));
  reply(id, base::json_text("OK"));
}

}  // namespace callwright::sim
