#include "opensips/proxy_journal.hpp"

#include "base/json_values.hpp"
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
/// Dialogs in one answer: with their session descriptions they have to fit into a datagram.
constexpr std::size_t kPage = 8;

/// "alice", also of "alice@example.com", as it is where the proxy tells domains apart.
std::string user_of(std::string_view aor) { return std::string(aor.substr(0, aor.find('@')).substr(0, kMaxText)); }

const base::Json::Array& array_of(const base::Json& value, std::string_view name) {
  static const base::Json::Array kNone;
  const base::Json* const found = value.find(name);
  return found == nullptr || found->array() == nullptr ? kNone : *found->array();
}

/// Users and contacts in the result of ul_dump.
std::vector<std::pair<std::string, std::string>> contacts_of(const base::Json& dump) {
  std::vector<std::pair<std::string, std::string>> contacts;
  for (const base::Json& domain : array_of(dump, "Domains")) {
    for (const base::Json& aor : array_of(domain, "AORs")) {
      for (const base::Json& contact : array_of(aor, "Contacts")) {
        contacts.emplace_back(user_of(text_of(aor.find("AOR"))), std::string(text_of(contact.find("Contact")).substr(0, kMaxText)));
      }
    }
  }
  return contacts;
}

}  // namespace

ProxyJournal::ProxyJournal(MiClient& client, base::Timers& timers, const Settings& settings, call::EventSink& sink)
    : client_(client),
      timers_(timers),
      settings_(settings),
      sink_(sink),
      pages_(client, [this](const MiOutcome& outcome) { return on_page(outcome); }),
      contact_list_(client, [this](const MiOutcome& outcome) { return on_contacts(outcome); }),
      audit_(timers, base::Callback::to<&ProxyJournal::on_audit>(*this)) {}

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
    ask(call_id, add(call_id));
    found = calls_.find(call_id);
  }
  Call& call = *found->second;
  call.heard = timers_.clock().now();
  set_state(call, number);
  advance(call_id);
}

ProxyJournal::Call& ProxyJournal::add(const std::string& call_id) {
  auto call = std::make_unique<Call>(client_, [this, call_id](const MiOutcome& outcome) { return on_listed(call_id, outcome); });
  if (!audit_.pending()) {
    audit_.start(kAudit);
  }
  return *calls_.emplace(call_id, std::move(call)).first->second;
}

void ProxyJournal::set_state(Call& call, int number) {
  const Stage stage = number == kDialogOver ? Stage::Over : number > kDialogEarly ? Stage::Up : number == kDialogEarly ? Stage::Ringing : Stage::Started;
  call.was_up = call.was_up || stage == Stage::Up;
  call.stage = std::max(call.stage, stage);  // Events may overtake each other.
}

void ProxyJournal::load() {
  for (auto& [call_id, call] : calls_) {
    call->heard = timers_.clock().now() - kTrusted - kAudit;  // The proxy may have been restarted: the audit asks for it.
  }
  page_ = 0;
  ask_page();
  contact_list_.send(MiCommand::ListContacts, {}, MiRequest::Repeat::WhileUnanswered, settings_.answer_timeout);
}

void ProxyJournal::ask_page() {
  pages_.send(MiCommand::ListDialogs, {{"index", base::json_number(page_)}, {"counter", base::json_number(kPage)}}, MiRequest::Repeat::WhileUnanswered,
              settings_.answer_timeout);
}

MiRequest::Next ProxyJournal::on_page(const MiOutcome& outcome) {
  const base::Json* const dialogs = outcome.kind == MiOutcome::Kind::Answered ? outcome.result.find("Dialogs") : nullptr;
  if (dialogs == nullptr || dialogs->array() == nullptr) {
    base::log::warn("OpenSIPS does not list its calls; those that it had before are not known", {{"page", page_}, {"reason", outcome.text}});
    return MiRequest::Next::Done;
  }
  for (const base::Json& dialog : *dialogs->array()) {
    load_dialog(dialog);
  }
  page_ += kPage;
  // Dialogs that come and go meanwhile shift the pages; events tell of those.
  if (dialogs->array()->size() == kPage && page_ < kMaxCalls) {
    ask_page();
  }
  return MiRequest::Next::Done;
}

void ProxyJournal::load_dialog(const base::Json& dialog) {
  const std::string call_id(text_of(dialog.find("callid")).substr(0, kMaxText));
  const int state = dialog_state(dialog).value_or(kDialogOver);
  if (call_id.empty() || state < 1 || state >= kDialogOver) {
    return;
  }
  if (const auto known = calls_.find(call_id); known != calls_.end()) {
    set_state(*known->second, state);  // Events may have been lost.
    if (known->second->told) {
      advance(call_id);
    }
    return;
  }
  if (calls_.size() >= kMaxCalls) {
    return;
  }
  Call& call = add(call_id);
  call.heard = timers_.clock().now();
  call.told = true;
  set_state(call, state);
  const auto parties = dialog_parties(dialog);
  tell(call_id, call::CallStarted{parties.first, parties.second});
  advance(call_id);
}

MiRequest::Next ProxyJournal::on_contacts(const MiOutcome& outcome) {
  if (outcome.kind != MiOutcome::Kind::Answered) {
    base::log::warn("OpenSIPS does not list its registrations (over a datagram there is room for a few hundred); those from before are not known",
                    {{"reason", outcome.text}});
    return MiRequest::Next::Done;
  }
  auto gone = contacts_;
  for (const auto& [user, contact] : contacts_of(outcome.result)) {
    gone.erase({user, contact});
    set_contact(user, contact, true);
  }
  for (const auto& [user, contact] : gone) {
    set_contact(user, contact, false);
  }
  return MiRequest::Next::Done;
}

void ProxyJournal::set_contact(const std::string& user, const std::string& contact, bool is_there) {
  const bool was_there = contacts_.contains({user, contact});
  if (is_there && (was_there || contacts_.size() >= kMaxContacts)) {
    return;
  }
  if (is_there) {
    contacts_.emplace(user, contact);
  } else {
    contacts_.erase({user, contact});
  }
  tell({}, call::ContactChanged{user, contact, is_there ? call::ContactChanged::Now::Registered : call::ContactChanged::Now::Unregistered, {}});
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
  } else if (const auto state = dialog_state(outcome.result); outcome.kind == MiOutcome::Kind::Answered && state) {
    set_state(call, *state);  // Events may have been lost.
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
  const std::string user = user_of(event.text("aor"));
  if (!user.empty()) {
    set_contact(user, std::string(event.text("uri").substr(0, kMaxText)), event.name == "E_UL_CONTACT_INSERT");
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
