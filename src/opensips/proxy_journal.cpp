#include "opensips/proxy_journal.hpp"

#include "base/log.hpp"
#include "opensips/caller_leg.hpp"

#include <algorithm>
#include <utility>

namespace callwright::opensips {
namespace {

constexpr base::Duration kAudit = std::chrono::milliseconds(500);
constexpr base::Duration kTrusted = std::chrono::minutes(5);
constexpr std::size_t kMaxText = 1024;
constexpr int kDialogEarly = 2;
constexpr int kDialogOver = 5;
constexpr int kOk = 200;
constexpr int kNotFound = 404;

}  // namespace

ProxyJournal::ProxyJournal(MiClient& client, base::Timers& timers, const Settings& settings, call::EventSink& sink)
    : client_(client), timers_(timers), settings_(settings), sink_(sink), audit_(timers, base::Callback::to<&ProxyJournal::on_audit>(*this)) {}

void ProxyJournal::on_event(const ProxyEvent& event) {
  if (event.name == "E_DLG_STATE_CHANGED") {
    on_dialog(event);
  } else if (event.name == "E_CALL_HOLD") {
    on_hold(event);
  } else if (event.name == "E_UL_CONTACT_INSERT" || event.name == "E_UL_CONTACT_DELETE") {
    on_contact(event);
  }
}

void ProxyJournal::on_dialog(const ProxyEvent& event) {
  const std::string call_id(event.text("callid").substr(0, kMaxText));
  const std::string_view state = event.text("new_state");
  if (call_id.empty() || state.size() != 1 || state.front() < '1' || state.front() > '5') {
    return;
  }
  const int number = state.front() - '0';
  auto found = calls_.find(call_id);
  if (found == calls_.end()) {
    if (number == kDialogOver || calls_.size() >= kMaxCalls) {
      return;
    }
    auto call = std::make_unique<Call>(client_, [this, call_id](const MiOutcome& outcome) { return on_listed(call_id, outcome); });
    found = calls_.emplace(call_id, std::move(call)).first;
    ask(call_id, *found->second);
  }
  Call& call = *found->second;
  call.heard = timers_.clock().now();
  const Stage stage = number == kDialogOver ? Stage::Over : number > kDialogEarly ? Stage::Up : number == kDialogEarly ? Stage::Ringing : Stage::Started;
  call.was_up = call.was_up || stage == Stage::Up;
  call.stage = std::max(call.stage, stage);  // Events may overtake each other.
  advance(call_id);
  if (!audit_.pending()) {
    audit_.start(kAudit);
  }
}

void ProxyJournal::ask(const std::string& call_id, Call& call) {
  call.list.send(MiCommand::ListDialogs, {parameter("callid", call_id)}, MiRequest::Repeat::WhileUnanswered, settings_.answer_timeout);
}

MiRequest::Next ProxyJournal::on_listed(const std::string& call_id, const MiOutcome& outcome) {
  const auto found = calls_.find(call_id);
  if (found == calls_.end()) {
    return MiRequest::Next::Done;
  }
  Call& call = *found->second;
  call.heard = timers_.clock().now();
  if (outcome.kind == MiOutcome::Kind::Refused && outcome.code == kNotFound) {
    call.stage = Stage::Over;
  }
  if (!std::exchange(call.told, true)) {
    const auto parties = dialog_parties(outcome.result);  // Of a call that is over already, nobody knows them.
    tell(call_id, call::CallStarted{parties.first, parties.second});
  }
  advance(call_id);
  return MiRequest::Next::Done;
}

void ProxyJournal::advance(const std::string& call_id) {
  const auto found = calls_.find(call_id);
  Call& call = *found->second;
  if (!call.told) {
    return;
  }
  const Stage before = std::exchange(call.told_stage, call.stage);
  if (call.stage == Stage::Ringing && before < Stage::Ringing) {
    tell(call_id, call::CallRinging{});
  } else if (call.was_up && before < Stage::Up) {
    tell(call_id, call::CallAnswered{});
  }
  if (call.stage == Stage::Over) {
    tell(call_id, call.was_up ? call::CallEnded{kOk, "BYE"} : call::CallEnded{0, "not answered"});
    over_.push_back(std::move(found->second));
    calls_.erase(found);
  }
}

void ProxyJournal::on_hold(const ProxyEvent& event) {
  const std::string_view leg = event.text("leg");
  const auto found = calls_.find(std::string(event.text("callid")));
  if (found == calls_.end() || event.text("state") != "ok" || (leg != "caller" && leg != "callee")) {
    return;
  }
  std::array<bool, 2>& held = found->second->held;
  held.at(leg == "caller" ? 0 : 1) = event.text("action") == "hold";
  tell(found->first, call::CallHeld{held[0], held[1]});
}

void ProxyJournal::on_contact(const ProxyEvent& event) {
  const std::string_view user = event.text("aor").substr(0, kMaxText);
  const auto now = event.name == "E_UL_CONTACT_INSERT" ? call::ContactChanged::Now::Registered : call::ContactChanged::Now::Unregistered;
  if (!user.empty()) {
    // "alice", or "alice@example.com" where the proxy tells domains apart.
    tell({}, call::ContactChanged{std::string(user.substr(0, user.find('@'))), std::string(event.text("uri").substr(0, kMaxText)), now, {}});
  }
}

void ProxyJournal::on_audit() {
  over_.clear();
  if (calls_.empty()) {
    return;
  }
  auto next = calls_.upper_bound(audited_);
  if (next == calls_.end()) {
    next = calls_.begin();
  }
  audited_ = next->first;
  if (timers_.clock().now() - next->second->heard > kTrusted && !next->second->list.pending()) {
    ask(next->first, *next->second);
  }
  audit_.start(kAudit);
}

void ProxyJournal::tell(const std::string& call_id, decltype(call::Event::what) what) {
  sink_.on_event({.time = timers_.clock().wall_now(), .agent = {}, .call_id = call_id, .what = std::move(what)});
}

}  // namespace callwright::opensips
