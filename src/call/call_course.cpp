#include "call/call_course.hpp"

#include "sip/uri.hpp"

#include <algorithm>
#include <utility>

namespace callwright::call {
namespace {

constexpr int kLoop = 482;

CallCourse::Refusal refusal_of(ScreeningVerdict verdict) {
  // RFC 5079 for callers who hide; the phrase of RFC 5359 §2.13.
  return verdict == ScreeningVerdict::DeniedForAnonymity ? CallCourse::Refusal{433, "Anonymity Disallowed"} : CallCourse::Refusal{403, "Screening Failure"};
}

}  // namespace

CallCourse::Next CallCourse::end(Refusal refusal) {
  features_.reset();
  return refusal;
}

/// Somebody is called: what he wants to happen decides.
CallCourse::Next CallCourse::visit(const std::string& uri) {
  const std::string user = exchange_.user_of(uri);
  features_ = exchange_.features.find(user);
  if (features_ == nullptr) {
    uri_ = uri;
    return ring(uri);
  }
  if (std::find(visited_.begin(), visited_.end(), user) != visited_.end()) {
    return end({kLoop, "Loop Detected"});
  }
  visited_.push_back(user);
  uri_ = uri;
  next_ = 0;
  outcome_ = Outcome::Declined;
  unreachable_ = 0;
  const ScreeningVerdict verdict = screen(features_->incoming, caller_.party);
  if (verdict != ScreeningVerdict::Passes) {
    return end(refusal_of(verdict));
  }
  const Forwarding& forwarding = features_->forward;
  if (features_->do_not_disturb) {
    return forwarding.busy.empty() ? end({480, "Do Not Disturb"}) : forward(forwarding.busy, Cause::Busy);
  }
  if (const auto parsed = sip::UriView::parse(uri); parsed && parsed->has_parameter("gr")) {
    return ring(uri);  // RFC 5627 §5.5: nobody else stands in for the one phone that it names.
  }
  return forwarding.always.empty() ? next_step() : forward(forwarding.always, Cause::Always);
}

/// Nothing follows.
CallCourse::Next CallCourse::ring(const std::string& uri) {
  features_.reset();
  std::vector<Target> targets;
  add_places(uri, caller_.redirections, targets);
  if (targets.empty()) {
    return end({unreachable_});
  }
  return step_of(std::move(targets), exchange_.ring_timeout);
}

CallCourse::Next CallCourse::next_step() {
  while (next_ < steps()) {
    const std::size_t number = next_++;
    std::vector<Target> targets;
    if (features_->find_me.empty()) {
      add_places(uri_, caller_.redirections, targets);
    } else {
      for (const std::string& place : features_->find_me[number].places) {
        if (place == FindMeStep::kPhones) {
          add_places(uri_, caller_.redirections, targets);
        } else {
          add_elsewhere(place, targets);
        }
      }
    }
    if (!targets.empty()) {
      const bool waits = features_->find_me.empty() && features_->forward.no_answer.empty();
      const base::Duration time = features_->find_me.empty() ? features_->forward.after : features_->find_me[number].time;
      return step_of(std::move(targets), waits ? exchange_.ring_timeout : time);
    }
  }
  return leave();
}

/// None of the places of the one who is called was of use.
CallCourse::Next CallCourse::leave() {
  const Forwarding& forwarding = features_->forward;
  const bool unreachable = outcome_ == Outcome::Declined;
  if ((unreachable || outcome_ == Outcome::NoAnswer) && !forwarding.no_answer.empty()) {
    return forward(forwarding.no_answer, unreachable ? Cause::Unreachable : Cause::NoAnswer);
  }
  if (outcome_ == Outcome::Busy && !forwarding.busy.empty()) {
    return forward(forwarding.busy, Cause::Busy);
  }
  if (unreachable) {
    constexpr int kUnavailable = 480;
    return end({unreachable_ == 0 ? kUnavailable : unreachable_});
  }
  return end({});
}

CallCourse::Next CallCourse::after(Outcome outcome) {
  // RFC 3261 §16.7 step 5: a 6xx is meant for all places.
  if (features_ == nullptr || outcome == Outcome::Declined) {
    return end({});
  }
  outcome_ = std::min(outcome_, outcome);
  return next_step();
}

bool CallCourse::may_go_on() const {
  return features_ != nullptr && (next_ < steps() || !features_->forward.busy.empty() || !features_->forward.no_answer.empty());
}

CallCourse::Next CallCourse::forward(const std::string& place, Cause cause) {
  if (caller_.hops + hops_ >= kMaxHops) {
    return end({kLoop, "Too Many Forwardings"});
  }
  const std::string uri = uri_of(place);
  if (!may_forward_to(uri)) {
    return end(refusal_of(ScreeningVerdict::Denied));
  }
  ++hops_;
  caller_.redirections.note(uri_, uri, cause);
  forwarded_to_ = uri;
  return visit(uri);
}

CallCourse::Step CallCourse::step_of(std::vector<Target> targets, base::Duration time) {
  return {.targets = std::move(targets), .time = time, .hops = hops_, .forwarded_to = std::exchange(forwarded_to_, {})};
}

void CallCourse::add_places(const std::string& uri, const RedirectionHistory& told, std::vector<Target>& targets) {
  Routing::Found found = exchange_.find_places(uri);
  if (found.targets.empty()) {
    unreachable_ = found.status;
  }
  for (Target& target : found.targets) {
    // Who has forwarded the call is no more for strangers to know than who calls, without being asked.
    if (target.peer == Peer::Trusted || (target.peer == Peer::User && !caller_.hides_history)) {
      target.headers += told.lines();
    }
    targets.push_back(std::move(target));
  }
}

/// Somewhere else where the user may be: a place that he might call, and that wants to hear from the caller. Nobody there sends the call on.
void CallCourse::add_elsewhere(const std::string& place, std::vector<Target>& targets) {
  const std::string uri = uri_of(place);
  const std::string user = exchange_.user_of(uri);
  const auto others = exchange_.features.find(user);
  const bool unwelcome = others != nullptr && (others->do_not_disturb || screen(others->incoming, caller_.party) != ScreeningVerdict::Passes);
  const bool visited = std::find(visited_.begin(), visited_.end(), user) != visited_.end();
  if (unwelcome || visited || caller_.hops + hops_ >= kMaxHops || !may_forward_to(uri)) {
    return;
  }
  RedirectionHistory told = caller_.redirections;
  told.note(uri_, uri, Cause::FollowMe);
  add_places(uri, told, targets);
}

bool CallCourse::may_forward_to(const std::string& uri) const {
  return features_ == nullptr || screen(features_->outgoing, {.uri = uri}) == ScreeningVerdict::Passes;
}

std::string CallCourse::uri_of(const std::string& place) const { return place.starts_with("sip:") ? place : "sip:" + place + "@" + exchange_.home; }

}  // namespace callwright::call
