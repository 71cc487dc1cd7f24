// A call whose sound commands deal with: its streams, and its media taken in where they bypass the exchange.
#include "call/bridge_parts.hpp"

#include <utility>

namespace callwright::call {

using base::Errc;
using base::Error;
using base::Result;

Result<std::vector<media::StreamId>> Bridge::streams(const std::string& /*call_id*/, std::optional<Side> party) {
  std::vector<media::StreamId> streams;
  for (const Side side : {Side::Caller, Side::Callee}) {
    if (party && *party != side) {
      continue;
    }
    const sip::InviteSession* const session = this->party(side);
    if (session == nullptr) {
      return Error(Errc::WrongState, "The call is not up");
    }
    const auto stream = relays() ? media_->stream(*session) : std::nullopt;
    if (!stream) {
      return Error(Errc::Unsupported, "The media of the call bypass the exchange");
    }
    streams.push_back(*stream);
  }
  return streams;
}

void Bridge::mute(const std::string& /*call_id*/, std::optional<Side> party, bool muted) {
  for (const Side side : {Side::Caller, Side::Callee}) {
    if (media_ != nullptr && (!party || *party == side)) {
      media_->set_muted(side == Side::Caller ? *caller_ : *callee_, muted);
    }
  }
}

void Bridge::take_media_in(std::function<void(const Result<void>&)> done) {
  if (relays()) {
    done(base::ok());
    return;
  }
  if (over_ || replacement_ != nullptr || asks_phones() || !caller_->may_reinvite() || !callee_->may_reinvite()) {
    done(Error(Errc::WrongState, "The call is not up, or is being changed"));
    return;
  }
  MediaDesk* const desk = switchboard_.media();
  if (desk == nullptr) {
    done(Error(Errc::Unsupported, "This exchange handles no media"));
    return;
  }
  if (media_ == nullptr) {
    BridgeMedia::Owner& owner = *this;
    media_ = std::make_unique<BridgeMedia>(*desk, MediaMode::Bypass, owner);
    media_->add(*caller_, switchboard_.media_side_of(*caller_));
    media_->add(*callee_, switchboard_.media_side_of(*callee_));
  }
  taking_in_ = std::make_unique<TakingIn>();
  taking_in_->done = std::move(done);
  static_cast<void>(caller_->reinvite({}));
}

bool Bridge::on_taking_in_result(sip::InviteSession& session, const sip::InviteProgress& result) {
  using Step = TakingIn::Step;
  if (taking_in_ == nullptr || &session != (taking_in_->step == Step::AskingCaller ? caller_ : callee_).get()) {
    return false;
  }
  if (result.status >= 300) {
    if (taking_in_->step == Step::AskingCallee) {
      media_->withdraw(*caller_);
      static_cast<void>(caller_->acknowledge(caller_->description()));
    }
    end_taking_in(Error(Errc::Unsupported, std::to_string(result.status) + " " + std::string(result.reason)));
    return true;
  }
  if (taking_in_->step == Step::AskingCaller) {
    // What it offers is to go on as ours; where it cannot, what it had is said to it again.
    const auto taken = media_->take_in(*caller_, *callee_, result.sdp);
    const auto offered = taken ? offer(*caller_, *callee_, result.sdp, sip::InviteSession::OnGlare::Retry) : taken;
    if (offered) {
      taking_in_->step = Step::AskingCallee;
    } else {
      media_->withdraw(*caller_);
      static_cast<void>(caller_->acknowledge(caller_->description()));
      end_taking_in(offered);
    }
    return true;
  }
  const auto answer = translated(*callee_, *caller_, result.sdp);
  static_cast<void>(caller_->acknowledge(answer ? std::string_view(*answer) : std::string_view{}));
  if (answer) {
    end_taking_in(base::ok());
  } else {
    on_media_failed(answer.error());
  }
  return true;
}

void Bridge::end_taking_in(const Result<void>& how) {
  if (const std::unique_ptr<TakingIn> taking = std::move(taking_in_)) {
    taking->done(how);
  }
}

}  // namespace callwright::call
