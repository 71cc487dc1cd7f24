// A call that rings at one place after the other, until somebody answers.
#include "call/routed_call_media.hpp"

#include <algorithm>
#include <utility>

namespace callwright::call {
namespace {

constexpr int kBusyEverywhere = 600;

/// RFC 3326, for the CANCEL: unlike a call that was answered elsewhere, the phone is to show this one as missed.
const sip::Reason kNoAnswer{"SIP", 480, "No answer"};

}  // namespace

void RoutedCall::ring() {
  call_options_.max_forwards = options_.max_forwards;
  outcome_ = CallCourse::Outcome::Declined;
  if (switchboard_.media() != nullptr) {
    plan_media();
  }
  for (const Target& target : options_.targets) {
    const sip::InviteSession& attempt = add_attempt(target, call_options_);
    if (media_ != nullptr) {
      choose_media(attempt, target);
    }
  }
  ring_timeout_.start(options_.ring_timeout);
  if (media_ != nullptr && media_->bridge != nullptr) {
    invite_all_with_media();
    return;
  }
  for (const auto& attempt : attempts_) {
    static_cast<void>(attempt->invite(offer_));
  }
}

void RoutedCall::tell_of_forwarding() {
  if (options_.forwarded_to.empty()) {
    return;
  }
  static_cast<void>(incoming_->provisional(181, {}));
  const std::string id = call_id();
  switchboard_.report(id, CallReplaced{.by = id, .party = std::exchange(options_.forwarded_to, {}), .side = CallReplaced::Side::Callee});
}

void RoutedCall::go_on(CallCourse::Outcome outcome) {
  CallCourse::Next next = CallCourse::Refusal{};
  if (options_.course != nullptr && !moved_to_.empty() && best_status_ <= kBusyEverywhere) {
    next = options_.course->moved(std::exchange(moved_to_, {}));
  } else if (options_.course != nullptr) {
    // A 6xx counts for all, also when other phones just have not answered.
    next = options_.course->after(best_status_ > kBusyEverywhere ? CallCourse::Outcome::Declined : outcome);
  }
  if (const auto* const refusal = std::get_if<CallCourse::Refusal>(&next)) {
    if (refusal->status != 0) {
      note_refusal({.by = sip::SessionEnd::Party::Local, .status = refusal->status, .reason = refusal->reason});
    }
    refuse(best_status_, best_reason_);
    return;
  }
  auto& step = std::get<CallCourse::Step>(next);
  if (media_ != nullptr) {
    media_->automatic.clear();  // They point to the targets.
  }
  options_.targets = std::move(step.targets);
  options_.ring_timeout = step.time;
  options_.forwarded_to = std::move(step.forwarded_to);
  // RFC 3261 §16.6 step 3, as if each who forwards it were a proxy.
  const unsigned hops = std::exchange(options_.hops, step.hops);
  options_.max_forwards -= std::min(options_.max_forwards, step.hops - hops);
  if (options_.max_forwards == 0) {
    refuse(483, {});
    return;
  }
  tell_of_forwarding();
  if (!over_) {
    ring();
  }
}

void RoutedCall::give_up_attempts() {
  for (auto& attempt : std::exchange(attempts_, {})) {
    if (relays(*attempt)) {
      media_->bridge->drop(*attempt);
    }
    attempt->end(480, kNoAnswer);
    switchboard_.user_agent().retire(std::move(attempt));
  }
}

void RoutedCall::on_ring_timeout() {
  note_refusal({.by = sip::SessionEnd::Party::Local, .status = 480, .reason = "No answer"});
  if (options_.course == nullptr) {
    refuse(480, "No answer");
    return;
  }
  give_up_attempts();
  go_on(CallCourse::Outcome::NoAnswer);
}

}  // namespace callwright::call
