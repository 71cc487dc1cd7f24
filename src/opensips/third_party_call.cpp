#include "opensips/third_party_call.hpp"

#include <utility>

namespace callwright::opensips {

using Next = MiRequest::Next;
using Repeat = MiRequest::Repeat;

namespace {

constexpr std::size_t kMaxText = 256;

std::string status_text(const ProxyEvent& event) {
  std::string text(event.text("status").substr(0, kMaxText));
  if (const std::string_view reason = event.text("reason").substr(0, kMaxText); !reason.empty()) {
    text += text.empty() ? "" : " ";
    text += reason;
  }
  return text;
}

/// As ua_session_client_start has it: what is before the first comma is the display name.
std::string name_and_uri(std::string_view name, const std::string& uri) {
  if (name.empty() && uri.find(',') == std::string::npos) {
    return uri;
  }
  std::string quoted = "\"";
  for (const char letter : name) {
    if (letter == '"' || letter == '\\') {
      quoted += '\\';
    }
    quoted += letter == ',' ? ' ' : letter;
  }
  return quoted + "\"," + uri;
}

}  // namespace

ThirdPartyCall::ThirdPartyCall(CommandDesk& desk, Owner& owner)
    : desk_(desk),
      owner_(owner),
      start_(desk.mi, [this](const MiOutcome& outcome) { return on_started(outcome); }),
      end_(desk.mi,
           [this](const MiOutcome& /*outcome*/) {
             gone();
             return Next::Done;
           }),
      reply_(desk.mi, [](const MiOutcome& /*outcome*/) { return Next::Done; }),
      deadline_(desk.timers, base::Callback::to<&ThirdPartyCall::on_deadline>(*this)) {}

void ThirdPartyCall::call(const ThirdPartyPlan& plan) {
  state_ = State::Starting;
  ring_timeout_ = plan.look.timeout ? base::Duration(*plan.look.timeout) : desk_.settings.ring_timeout;
  const std::string& shown = plan.look.caller_id.empty() ? plan.caller : plan.look.caller_id;
  // Flags: replies and bodies are reported. No content_type: that of a body is application/sdp, and OpenSIPS 3.6 writes what it is told without the header's
  // name.
  base::Json::Object params{parameter("ruri", plan.callee),
                            parameter("to", name_and_uri(plan.look.callee_name, plan.callee)),
                            parameter("from", name_and_uri(plan.look.caller_name, shown)),
                            parameter("proxy", desk_.settings.sip_uri),
                            parameter("body", plan.offer),
                            parameter("flags", "rb")};
  if (!plan.look.headers.empty()) {
    params.push_back(parameter("extra_headers", plan.look.headers));
  }
  start_.send(MiCommand::StartSession, std::move(params), Repeat::Never, desk_.settings.answer_timeout);
}

Next ThirdPartyCall::on_started(const MiOutcome& outcome) {
  if (outcome.kind != MiOutcome::Kind::Answered) {
    state_ == State::Leaving ? gone() : fail(outcome.text);
    return Next::Done;
  }
  const base::Json* const named = outcome.result.find("key");
  key_ = text_of(named == nullptr ? &outcome.result : named).substr(0, kMaxText);
  if (state_ == State::Leaving) {
    terminate();
    return Next::Done;
  }
  state_ = State::Ringing;
  deadline_.start(ring_timeout_);
  if (key_.empty() || !owner_.on_session(key_)) {
    fail("500 OpenSIPS has named no session");
  }
  return Next::Done;
}

void ThirdPartyCall::on_event(const ProxyEvent& event) {
  const std::string_view type = event.text("event_type");
  const std::string_view method = event.text("method");
  const bool invited = method.empty() || method == "INVITE";
  if (type == "TERMINATED" && (state_ == State::Up || state_ == State::Ringing)) {
    gone();
    owner_.on_callee_hung_up();
  } else if (type == "EARLY" && state_ == State::Ringing && invited) {
    owner_.on_callee_progress(status_text(event));
  } else if (type == "REJECTED" && state_ == State::Ringing && invited) {
    gone();
    owner_.on_callee_failed(status_text(event));
  } else if (type == "ANSWERED" && state_ == State::Ringing && invited) {
    state_ = State::Up;
    deadline_.cancel();
    owner_.on_callee_answered(std::string(event.text("body")));
  } else if (type == "UPDATED" && method != "ACK" && state_ == State::Up) {
    refuse_update(method);
  }
}

void ThirdPartyCall::refuse_update(std::string_view method) {
  // Nobody would pass a new offer on to the caller; the session goes on as it was (RFC 3261 §14.2).
  const bool offers = method == "INVITE" || method == "UPDATE";
  reply_.send(MiCommand::ReplyInSession,
              {parameter("key", key_), parameter("method", method), parameter("code", offers ? "488" : "200"),
               parameter("reason", offers ? "Not Acceptable Here" : "OK")},
              Repeat::Never, desk_.settings.answer_timeout);
}

void ThirdPartyCall::on_deadline() { fail("408 Request Timeout"); }

void ThirdPartyCall::fail(const std::string& text) {
  if (key_.empty()) {
    gone();
  } else {
    put_away();
  }
  owner_.on_callee_failed(text);
}

void ThirdPartyCall::put_away() {
  if (is_gone() || state_ == State::Leaving) {
    return;
  }
  state_ = State::Leaving;
  deadline_.cancel();
  if (!key_.empty()) {
    terminate();
  }
}

void ThirdPartyCall::terminate() { end_.send(MiCommand::TerminateSession, {parameter("key", key_)}, Repeat::WhileUnanswered, desk_.settings.answer_timeout); }

void ThirdPartyCall::gone() {
  const bool was_leaving = state_ == State::Leaving;
  state_ = State::Gone;
  start_.cancel();
  end_.cancel();
  deadline_.cancel();
  if (was_leaving) {
    owner_.on_callee_put_away();
  }
}

}  // namespace callwright::opensips
