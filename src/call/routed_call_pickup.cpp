// A call that somebody else takes while it rings.
#include "call/picked_up_call.hpp"
#include "call/routed_call_media.hpp"

#include <algorithm>
#include <utility>

namespace callwright::call {

base::Result<void> ActiveCall::give_caller_to(Newcomer& /*newcomer*/, const MediaSide& /*media*/) {
  return base::Error(base::Errc::WrongState, "The call does not ring");
}

std::optional<sip::DialogName> RoutedCall::ringing() const {
  for (const auto& attempt : attempts_) {
    if (auto name = attempt->name_at_ringing_peer()) {
      return name;
    }
  }
  return std::nullopt;
}

std::optional<WaitingCaller> RoutedCall::waiting_caller() const {
  return over_ || attempts_.empty() ? std::nullopt : std::optional(WaitingCaller{incoming_->call_id(), party_of(incoming_->dialog())});
}

base::Result<PickedUpCall::Caller> RoutedCall::take_caller(const sip::InviteSession& attempt, std::string_view newcomers_offer) {
  const bool relayed = relays(attempt);
  PickedUpCall::Caller caller{.session = nullptr, .offer = relayed ? offer_of_caller() : std::string(attempt.offer()), .media = nullptr};
  if (!relayed && PickedUpCall::refusal(caller.offer, newcomers_offer) != 0) {
    return base::Error(base::Errc::Unsupported, "The two have no codec in common");
  }
  if (relayed) {
    caller.media = take_media();
  }
  over_ = true;
  ring_timeout_.cancel();
  end_attempts(kCompletedElsewhere);
  caller.session = std::move(incoming_);
  return caller;
}

void RoutedCall::replace(sip::InviteSession& replaced, sip::ServerTransaction& transaction, const sip::Message& invite, const FindWatcher& /*watcher*/) {
  const bool rings = std::any_of(attempts_.begin(), attempts_.end(), [&replaced](const auto& attempt) { return attempt.get() == &replaced; });
  if (over_ || !rings) {
    transaction.respond({.status = 481});
    return;
  }
  auto caller = take_caller(replaced, invite.body());
  if (!caller) {
    transaction.respond({.status = 488});
    return;
  }
  transaction.respond({.status = 100});
  PickedUpCall::begin(switchboard_, std::move(*caller), transaction, invite, options_.watcher);
  switchboard_.finish(*this);
}

base::Result<void> RoutedCall::give_caller_to(Newcomer& newcomer, const MediaSide& media) {
  if (!waiting_caller()) {
    return base::Error(base::Errc::WrongState, "The call does not ring any more");
  }
  // Where the media of some pass through the exchange, so do those of the newcomer.
  const auto relayed = std::find_if(attempts_.begin(), attempts_.end(), [this](const auto& attempt) { return relays(*attempt); });
  auto caller = take_caller(relayed == attempts_.end() ? *attempts_.front() : **relayed, newcomer.offer);
  if (!caller) {
    return caller.error();
  }
  PickedUpCall::begin(switchboard_, std::move(*caller), newcomer, media, options_.watcher);
  switchboard_.finish(*this);
  return base::ok();
}

}  // namespace callwright::call
