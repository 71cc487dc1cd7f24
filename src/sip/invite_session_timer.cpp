// Session timers (RFC 4028): the interval is negotiated with each INVITE, re-INVITE and UPDATE; one side refreshes, both hang up when nobody did.
#include "sip/invite_session_parts.hpp"

#include <algorithm>
#include <utility>

namespace callwright::sip {

namespace {

using Seconds = SessionPolicy::Seconds;

constexpr Seconds kLeastInterval{90};                 // RFC 4028 §4.
constexpr Seconds kMostInterval{365 * 24 * 60 * 60};  // Within what a timer can wait.

Seconds to_interval(std::chrono::seconds value) { return Seconds(static_cast<std::uint32_t>(std::min<std::int64_t>(value.count(), kMostInterval.count()))); }

}  // namespace

bool interval_too_small(const Message& request, const SessionPolicy& policy) {
  const auto value = request.header(Header::SessionExpires);
  if (!value || policy.timers == SessionPolicy::Timers::Off) {
    return false;
  }
  const auto expires = SessionExpires::parse(*value);
  return expires && expires->interval < policy.min_interval && request.lists(Header::Supported, "timer");
}

void append_capabilities(std::string& lines, const SessionPolicy& policy) {
  lines.reserve(lines.size() + 256);
  lines.append(UserAgent::kAllow).append("Supported: ");
  if (policy.reliable != SessionPolicy::Reliable::Off) {
    lines += "100rel, ";
  }
  if (policy.timers != SessionPolicy::Timers::Off) {
    lines += "timer, ";
  }
  if (policy.named_dialogs != SessionPolicy::NamedDialogs::Ignored) {
    lines += policy.named_dialogs == SessionPolicy::NamedDialogs::Heeded ? "replaces, join, tdialog, " : "replaces, tdialog, ";
  }
  lines += "norefersub, 199\r\n";
}

std::chrono::seconds InviteSession::session_interval() const noexcept { return timing_ != nullptr ? timing_->interval : Seconds(0); }

void InviteSession::note_peer(const Message& message) {
  if (message.has(Header::Allow)) {
    peer_allows_update_ = message.lists(Header::Allow, "UPDATE");
  }
  if (message.method() == Method::Update && state_ != State::Confirmed) {
    return;  // The INVITE counts until it is answered (RFC 3262 §3, RFC 4028 §9).
  }
  peer_knows_timers_ = message.lists(Header::Supported, "timer");
  if (message.is_request() && state_ == State::Incoming) {
    peer_requires_100rel_ = message.lists(Header::Require, "100rel");
    peer_knows_100rel_ = peer_requires_100rel_ || message.lists(Header::Supported, "100rel");
  }
}

bool InviteSession::refuse_interval(ServerTransaction& transaction, const Message& request) const {
  if (!interval_too_small(request, policy_)) {
    return false;
  }
  const std::string lines = "Min-SE: " + std::to_string(policy_.min_interval.count()) + "\r\n";
  transaction.respond({.status = 422, .headers = lines});
  return true;
}

void InviteSession::note_timer_proposal(const Message& request) {
  proposed_interval_ = Seconds(0);
  proposed_refresher_ = SessionExpires::Refresher::Unspecified;
  if (const auto value = request.header(Header::SessionExpires)) {
    if (const auto expires = SessionExpires::parse(*value)) {
      proposed_interval_ = std::max(to_interval(expires->interval), kLeastInterval);
      proposed_refresher_ = expires->refresher;
    }
  }
}

void InviteSession::append_timer_request(std::string& lines) const {
  if (policy_.timers == SessionPolicy::Timers::Off) {
    return;
  }
  SessionExpires expires{policy_.session_interval, SessionExpires::Refresher::Unspecified};
  if (timing_ != nullptr) {
    // RFC 4028 §7.4: who refreshes goes on to do so.
    expires.interval = std::max(timing_->interval, policy_.min_interval);
    expires.refresher = timing_->refreshes ? SessionExpires::Refresher::Uac : SessionExpires::Refresher::Uas;
  } else if (state_ == State::Confirmed && !peer_knows_timers_) {
    return;
  }
  lines.append("Session-Expires: ").append(expires.to_string()).append("\r\n");
  if (policy_.min_interval > kLeastInterval) {
    lines.append("Min-SE: ").append(std::to_string(policy_.min_interval.count())).append("\r\n");
  }
}

void InviteSession::append_timer_answer(std::string& lines) {
  using Refresher = SessionExpires::Refresher;
  const bool wanted = proposed_interval_.count() != 0 || peer_knows_timers_ || policy_.timers == SessionPolicy::Timers::Always;
  if (policy_.timers == SessionPolicy::Timers::Off || !wanted) {
    timing_.reset();
    return;
  }
  SessionExpires answer{policy_.session_interval, Refresher::Uas};
  if (proposed_interval_.count() != 0) {
    answer.interval = proposed_interval_;
    const bool ours_already = timing_ != nullptr && timing_->refreshes;
    // RFC 4028 §9, table 2: a peer that does not know timers cannot be asked to refresh.
    if (peer_knows_timers_ && !(proposed_refresher_ == Refresher::Unspecified && ours_already)) {
      answer.refresher = proposed_refresher_ == Refresher::Unspecified ? Refresher::Uac : proposed_refresher_;
    }
  }
  lines.append("Session-Expires: ").append(answer.to_string()).append("\r\n");
  if (answer.refresher == Refresher::Uac) {
    lines += "Require: timer\r\n";
  }
  start_session_timer(to_interval(answer.interval), answer.refresher == Refresher::Uas);
}

void InviteSession::take_timer_answer(const Message& response) {
  const auto value = response.header(Header::SessionExpires);
  const auto expires = value ? SessionExpires::parse(*value) : std::nullopt;
  if (!expires || policy_.timers == SessionPolicy::Timers::Off) {
    timing_.reset();
    return;
  }
  start_session_timer(std::max(to_interval(expires->interval), kLeastInterval), expires->refresher != SessionExpires::Refresher::Uas);
}

void InviteSession::take_larger_interval(const Message& response) {
  const auto least = parse_number(response.header(Header::MinSe).value_or(std::string_view{}));
  if (least) {
    const Seconds interval = std::min(Seconds(*least), kMostInterval);
    policy_.min_interval = std::max(policy_.min_interval, interval);
    policy_.session_interval = std::max(policy_.session_interval, interval);
  }
}

void InviteSession::start_session_timer(Seconds interval, bool refreshes) {
  if (timing_ == nullptr) {
    timing_ = std::make_unique<Timing>(*this);
  }
  timing_->interval = interval;
  timing_->refreshes = refreshes;
  timing_->next = refreshes ? Timing::Next::Refresh : Timing::Next::Expiry;
  const base::Duration whole = interval;
  timing_->timer.start(refreshes ? whole / 2 : whole - std::min<base::Duration>(std::chrono::seconds(32), whole / 3));
}

void InviteSession::remember_description(std::string_view sdp) {
  if (!sdp.empty()) {
    description_ = sdp;
  }
}

void InviteSession::on_session_time() {
  Timing& timing = *timing_;
  if (timing.next == Timing::Next::Expiry) {
    // RFC 4028 §10.
    bye_ = make_request(in_dialog(Method::Bye));
    bye_->send();
    finish({.by = SessionEnd::Party::Network, .status = 408, .reason = "Session expired"});
    return;
  }
  const base::Duration whole = timing.interval;
  timing.next = Timing::Next::Expiry;
  timing.timer.start(whole - std::min<base::Duration>(std::chrono::seconds(32), whole / 3) - whole / 2);
  // Whatever is under way already refreshes the session as well.
  if (state_ != State::Confirmed) {
    return;
  }
  if (peer_allows_update_) {
    if (update({}).has_value()) {
      updating_->purpose = Renegotiation::Purpose::Refresh;
    }
  } else if (!description_.empty() && reinvite(std::string(description_)).has_value()) {
    renegotiation_->purpose = Renegotiation::Purpose::Refresh;
  }
}

}  // namespace callwright::sip
