#include "call/open_calls.hpp"

#include <algorithm>
#include <utility>

namespace callwright::call {
namespace {

/// Every medium of a call would be two; more come when parties give their places to others.
constexpr std::size_t kMaxMedia = 16;
/// Somebody may press hold all day.
constexpr std::size_t kMaxChanges = 64;
constexpr std::size_t kMaxLegs = 32;

void add_change(BookedCall& call, base::WallTime now, decltype(BookedCall::Change::what) what) {
  if (call.changes.size() < kMaxChanges) {
    call.changes.push_back({now, std::move(what)});
  }
}

void leave(BookedCall& call, Side side, base::WallTime now) {
  for (BookedCall::Leg& leg : call.legs) {
    if (leg.side == side && leg.until == base::WallTime{}) {
      leg.until = now;
    }
  }
}

/// Somebody comes in the place of who was there on that side.
void enter(BookedCall& call, BookedCall::Leg leg) {
  const auto known = std::find_if(call.legs.begin(), call.legs.end(), [&leg](const auto& other) { return other.call_id == leg.call_id; });
  if (known != call.legs.end()) {
    known->since = leg.since;
    return;
  }
  leave(call, leg.side, leg.since);
  if (!leg.call_id.empty() && call.legs.size() < kMaxLegs) {
    call.legs.push_back(std::move(leg));
  }
}

}  // namespace

bool BookedCall::is_called(const std::string& id) const {
  const auto was = [&id](const Change& change) {
    const auto* const replaced = std::get_if<Replaced>(&change.what);
    return replaced != nullptr && replaced->call_id == id;
  };
  return call_id == id || leg == id || std::any_of(changes.begin(), changes.end(), was);
}

void BookedCall::add(const MediaEnded& media_of_leg) {
  if (media.size() < kMaxMedia) {
    media.push_back(media_of_leg);
  }
}

OpenCalls::Shared OpenCalls::note(const Event& event) {
  if (const auto* const started = std::get_if<CallStarted>(&event.what)) {
    return start(event, *started);
  }
  if (const auto* const replaced = std::get_if<CallReplaced>(&event.what)) {
    return replace(event, *replaced);
  }
  Shared call = open(event.call_id);
  if (call == nullptr) {
    return nullptr;
  }
  if (std::holds_alternative<CallRinging>(event.what)) {
    call->state = BookedCall::State::Ringing;
    call->ringing = event.time;
  } else if (const auto* const answered = std::get_if<CallAnswered>(&event.what)) {
    answer(*call, *answered, event.time);
  } else if (const auto* const held = std::get_if<CallHeld>(&event.what)) {
    call->held = {held->caller, held->callee};
    add_change(*call, event.time, call->held);
  } else if (const auto* const linked = std::get_if<CallLinked>(&event.what); linked != nullptr && call->linked.size() < kMaxChanges) {
    call->linked.push_back(linked->other);
  } else if (const auto* const media = std::get_if<MediaEnded>(&event.what)) {
    call->add(*media);
  }
  return call;
}

OpenCalls::Shared OpenCalls::start(const Event& event, const CallStarted& what) {
  take(event.call_id);
  auto call = std::make_shared<BookedCall>();
  call->call_id = event.call_id;
  call->caller = what.from;
  call->callee = what.to;
  call->started = event.time;
  call->legs.reserve(2);
  enter(*call, {event.call_id, what.from, Side::Caller, event.time, {}});
  calls_.emplace(call->call_id, call);
  return call;
}

void OpenCalls::answer(BookedCall& call, const CallAnswered& what, base::WallTime now) {
  call.state = BookedCall::State::Up;
  call.answered = now;
  forget_leg(call);
  call.leg = what.leg;
  if (!what.leg.empty()) {
    name_leg(call);
    enter(call, {what.leg, call.callee, Side::Callee, now, {}});
  }
}

OpenCalls::Shared OpenCalls::replace(const Event& event, const CallReplaced& what) {
  const auto found = calls_.find(event.call_id);
  if (found == calls_.end()) {
    return nullptr;
  }
  Shared call = std::move(found->second);
  calls_.erase(found);
  const Side side = what.side == CallReplaced::Side::Caller ? Side::Caller : Side::Callee;
  std::string& party = side == Side::Caller ? call->caller : call->callee;
  if (event.call_id != what.by && call->changes.size() < kMaxChanges) {
    by_former_[event.call_id] = call.get();
  }
  by_former_.erase(what.by);
  add_change(*call, event.time, BookedCall::Replaced{side, std::exchange(party, what.party), what.party, call->call_id});
  take(what.by);
  call->call_id = what.by;
  if (side == Side::Callee) {
    forget_leg(*call);
    call->leg = what.leg;
  }
  enter(*call, {side == Side::Caller ? what.by : what.leg, what.party, side, event.time, {}});
  if (!call->leg.empty()) {
    name_leg(*call);
  }
  calls_.emplace(call->call_id, call);
  return call;
}

OpenCalls::Shared OpenCalls::end(const Event& event, const CallEnded& what) {
  Shared call = take(event.call_id);
  if (call != nullptr) {
    call->state = BookedCall::State::Ended;
    call->held = {};
    call->ended = event.time;
    call->end = what;
    leave(*call, Side::Caller, event.time);
    leave(*call, Side::Callee, event.time);
  }
  return call;
}

std::vector<OpenCalls::Shared> OpenCalls::take_all() {
  std::vector<Shared> all;
  for (auto& [call_id, call] : std::exchange(calls_, {})) {
    all.push_back(std::move(call));
  }
  by_leg_.clear();
  by_former_.clear();
  std::sort(all.begin(), all.end(), [](const Shared& one, const Shared& other) { return one->call_id < other->call_id; });
  return all;
}

OpenCalls::Shared OpenCalls::take(const std::string& call_id) {
  const auto found = calls_.find(call_id);
  if (found == calls_.end()) {
    return nullptr;
  }
  Shared call = std::move(found->second);
  calls_.erase(found);
  forget_leg(*call);
  for (const BookedCall::Change& change : call->changes) {
    const auto* const replaced = std::get_if<BookedCall::Replaced>(&change.what);
    if (const auto former = replaced == nullptr ? by_former_.end() : by_former_.find(replaced->call_id);
        former != by_former_.end() && former->second == call.get()) {
      by_former_.erase(former);
    }
  }
  return call;
}

/// Whose leg had that name before is not found by it any more.
void OpenCalls::name_leg(BookedCall& call) {
  by_leg_.erase(call.leg);
  by_leg_.emplace(call.leg, &call);
}

void OpenCalls::forget_leg(const BookedCall& call) {
  if (const auto leg = by_leg_.find(call.leg); leg != by_leg_.end() && leg->second == &call) {
    by_leg_.erase(leg);
  }
}

OpenCalls::Shared OpenCalls::open(const std::string& call_id) {
  auto found = calls_.find(call_id);
  if (const auto former = by_former_.find(call_id); found == calls_.end() && former != by_former_.end()) {
    found = calls_.find(former->second->call_id);
  }
  return found == calls_.end() ? nullptr : found->second;
}

const BookedCall* OpenCalls::find(const std::string& call_id) const {
  if (const auto found = calls_.find(call_id); found != calls_.end()) {
    return found->second.get();
  }
  const auto leg = by_leg_.find(call_id);
  return leg == by_leg_.end() ? nullptr : leg->second;
}

std::vector<const BookedCall*> OpenCalls::first(std::size_t limit) const {
  std::vector<const BookedCall*> all;
  all.reserve(calls_.size());
  for (const auto& [call_id, call] : calls_) {
    all.push_back(call.get());
  }
  const auto wanted = all.begin() + static_cast<std::ptrdiff_t>(std::min(limit, all.size()));
  std::partial_sort(all.begin(), wanted, all.end(), [](const BookedCall* one, const BookedCall* other) { return one->call_id < other->call_id; });
  all.erase(wanted, all.end());
  return all;
}

}  // namespace callwright::call
