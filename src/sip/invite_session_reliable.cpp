// Reliable provisional responses as answerer (RFC 3262 §3), with the exchange of descriptions in them and in PRACK (§5).
#include "sip/invite_session_parts.hpp"

#include <utility>

namespace callwright::sip {

using base::Errc;
using base::Error;
using base::Result;

namespace {

constexpr std::size_t kMaxWaiting = 8;

}  // namespace

bool InviteSession::goes_reliably(std::string_view sdp, Delivery delivery) const noexcept {
  if (peer_requires_100rel_) {
    return true;
  }
  if (policy_.reliable == SessionPolicy::Reliable::Off || !peer_knows_100rel_ || delivery == Delivery::WhenRequired) {
    return false;
  }
  return delivery == Delivery::WhenSupported || !sdp.empty() || policy_.reliable == SessionPolicy::Reliable::Required;
}

Result<void> InviteSession::send_reliably(int status, std::string_view sdp) {
  if (reliability_ == nullptr) {
    reliability_ = std::make_unique<Reliability>(*this);
    // RFC 3262 §3: between 1 and 2^31 - 1; room is left for those that follow.
    reliability_->rseq = static_cast<std::uint32_t>(user_agent_.random().between(0, 0x7fff0000));
  }
  if (reliability_->waiting.size() >= kMaxWaiting) {
    return Error(Errc::LimitReached, "too many provisional responses wait for the PRACK of an earlier one; send fewer");
  }
  reliability_->waiting.push_back({status, std::string(sdp)});
  send_next_reliable();
  return base::ok();
}

void InviteSession::send_next_reliable() {
  Reliability& reliability = *reliability_;
  if (reliability.outstanding.status != 0 || reliability.waiting.empty()) {
    return;
  }
  reliability.outstanding = std::move(reliability.waiting.front());
  reliability.waiting.pop_front();
  std::string& sdp = reliability.outstanding.sdp;
  if (offer_answer_ == OfferAnswer::Agreed || offer_answer_ == OfferAnswer::OfferedHere) {
    sdp.clear();
  } else if (!sdp.empty()) {
    offer_answer_ = offer_answer_ == OfferAnswer::OfferedThere ? OfferAnswer::Agreed : OfferAnswer::OfferedHere;
    remember_description(sdp);
  }
  ++reliability.rseq;
  const TimerValues& timers = user_agent_.transactions().settings().timers;
  reliability.interval = timers.t1;
  reliability.timeout.start(timers.timeout());
  retransmit_reliable();
}

void InviteSession::retransmit_reliable() {
  Reliability& reliability = *reliability_;
  std::string lines = contact_lines(invite_transaction_->flow());
  lines += "Require: 100rel\r\nRSeq: " + std::to_string(reliability.rseq) + "\r\n";
  const Reliability::Item& item = reliability.outstanding;
  invite_transaction_->respond({.status = item.status, .headers = lines, .content_type = "application/sdp", .body = item.sdp});
  reliability.retransmit.start(reliability.interval);
  reliability.interval *= 2;
}

void InviteSession::on_no_prack() {
  // RFC 3262 §3: the INVITE is to be refused with a 5xx.
  invite_transaction_->respond({.status = 504, .reason = "No PRACK"});
  finish({.by = SessionEnd::Party::Network, .status = 408, .reason = "No PRACK"});
}

bool InviteSession::accept_must_wait() const noexcept {
  const bool unacknowledged_description = reliability_ != nullptr && reliability_->outstanding.status != 0 && !reliability_->outstanding.sdp.empty();
  return unacknowledged_description || (reliability_ != nullptr && updating_ != nullptr && updating_->incoming != nullptr);
}

void InviteSession::receive_prack(ServerTransaction& transaction, const Message& request) {
  const auto rack = RAck::parse(request.header(Header::RAck).value_or(std::string_view{}));
  const bool known = reliability_ != nullptr && reliability_->outstanding.status != 0 && rack && rack->rseq == reliability_->rseq &&
                     rack->cseq == invite_cseq_ && rack->method == Method::Invite;
  if (!known) {
    transaction.respond({.status = 481});
    return;
  }
  reliability_->retransmit.cancel();
  reliability_->timeout.cancel();
  const bool offered = !std::exchange(reliability_->outstanding, {}).sdp.empty() && offer_answer_ == OfferAnswer::OfferedHere;
  const std::string_view sdp = request.body();
  if (offered && !sdp.empty()) {
    offer_answer_ = OfferAnswer::Agreed;
  } else if (!sdp.empty()) {
    if (const int refused = refuse_offer(nullptr); refused != 0) {
      transaction.respond({.status = refused == 491 ? 491 : 488});
    } else {
      observer_->on_prack(*this, {});
      take_offer(transaction, sdp);
      return;
    }
  }
  transaction.respond({.status = 200});
  observer_->on_prack(*this, offered ? sdp : std::string_view{});
  continue_after_prack();
}

void InviteSession::continue_after_prack() {
  if (state_ != State::Incoming || reliability_ == nullptr || accept_must_wait()) {
    return;
  }
  if (reliability_->accept) {
    const std::string sdp = *std::exchange(reliability_->accept, {});
    static_cast<void>(accept(sdp));
  } else {
    send_next_reliable();
  }
}

}  // namespace callwright::sip
