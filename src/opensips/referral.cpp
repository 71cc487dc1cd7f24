#include "opensips/referral.hpp"

#include <utility>

namespace callwright::opensips {
namespace {

constexpr int kRequestPending = 491;
/// How long the proxy's own word may come after the phone's.
constexpr base::Duration kGrace = std::chrono::seconds(2);
constexpr std::size_t kMaxText = 256;

}  // namespace

Referral::Referral(CommandDesk& desk, Owner& owner)
    : desk_(desk),
      owner_(owner),
      request_(desk.mi, [this](const MiOutcome& outcome) { return on_answer(outcome); }),
      deadline_(desk.timers, base::Callback::to<&Referral::on_deadline>(*this)) {}

void Referral::begin(base::Json::Object params, base::Duration silence) {
  state_ = State::Asked;
  silence_ = silence;
  request_.send(MiCommand::Transfer, std::move(params), MiRequest::Repeat::WhileUnanswered, desk_.settings.answer_timeout);
}

void Referral::stop() {
  state_ = State::Over;
  if (!call_id_.empty()) {
    desk_.forget_referred(call_id_);
  }
  request_.cancel();
  deadline_.cancel();
}

MiRequest::Next Referral::on_answer(const MiOutcome& outcome) {
  if (state_ != State::Asked) {
    return MiRequest::Next::Done;  // An event was faster.
  }
  // The proxy transfers a call once. So the refusal of a repeated request says nothing of the first, but what follows does.
  if (outcome.kind == MiOutcome::Kind::Refused && outcome.code == kRequestPending && outcome.repeated) {
    doubt_ = outcome.text;
    state_ = State::Referring;
    deadline_.start(silence_);
  } else if (outcome.kind == MiOutcome::Kind::Answered) {
    accepted();
  } else {
    stop();
    owner_.on_refused(outcome.text);
  }
  return MiRequest::Next::Done;
}

void Referral::accepted() {
  if (state_ == State::Asked || !doubt_.empty()) {
    state_ = State::Referring;
    doubt_.clear();
    deadline_.start(silence_);
    owner_.on_referring();
  }
}

void Referral::started(const ProxyEvent& event) {
  const std::string_view call_id = event.text("transfer_callid");
  if (state_ == State::Referring && !call_id.empty()) {
    state_ = State::Started;
    call_id_ = call_id.substr(0, kMaxText);
    deadline_.start(desk_.settings.ring_timeout);
    owner_.on_started(call_id_, std::string(event.text("destination")));
  }
}

void Referral::on_event(const ProxyEvent& event) {
  if (!running()) {
    return;
  }
  // Whoever observes may end this from within any of the reports.
  accepted();
  if (running()) {
    started(event);
  }
  if (!running()) {
    return;
  }
  const std::string_view state = event.text("state");
  const std::string status(event.text("status").substr(0, kMaxText));
  if (state == "ok") {
    stop();
    owner_.on_connected();
  } else if (state == "fail") {
    stop();
    owner_.on_unreachable(status.empty() ? "the proxy could not transfer the call" : status);
  } else if (state == "notify") {
    on_status(status);
  }
}

void Referral::on_status(const std::string& status) {
  if (status.empty()) {
    return;
  }
  if (status.front() == '1') {
    if (state_ == State::Started) {
      owner_.on_progress(status);
    }
  } else if (status_.empty()) {
    status_ = status;
    deadline_.start(kGrace);
  }
}

void Referral::on_deadline() {
  const bool had_started = state_ == State::Started;
  const std::string doubt = doubt_;
  stop();
  if (!status_.empty() && status_.front() == '2') {
    owner_.on_connected();
  } else if (!status_.empty()) {
    owner_.on_unreachable(status_);
  } else if (had_started) {
    owner_.on_unreachable("408 Request Timeout");
  } else if (!doubt.empty()) {
    owner_.on_refused(doubt);
  } else {
    owner_.on_silence();
  }
}

}  // namespace callwright::opensips
