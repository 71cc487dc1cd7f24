#include "sim/random_call.hpp"

namespace callwright::simulation {
namespace {

using base::Callback;
using base::Duration;
using sip::InviteSession;
using namespace std::chrono_literals;

constexpr std::string_view kOffer = "v=0 offer";
constexpr std::string_view kAnswer = "v=0 answer";

constexpr sip::SessionPolicy::Seconds kShortInterval{90};

Duration up_to(base::Random& random, std::chrono::milliseconds longest) {
  return std::chrono::milliseconds(random.between(0, static_cast<std::uint64_t>(longest.count())));
}

}  // namespace

RandomPerson::RandomPerson(RandomCall& call, InviteSession::Role role, sip::UserAgent& user_agent)
    : call_(call),
      role_(role),
      user_agent_(user_agent),
      answer_(user_agent.timers(), Callback::to<&RandomPerson::answer>(*this)),
      acknowledge_(user_agent.timers(), Callback::to<&RandomPerson::acknowledge_later>(*this)),
      hang_up_(user_agent.timers(), Callback::to<&RandomPerson::hang_up>(*this)),
      reinvite_(user_agent.timers(), Callback::to<&RandomPerson::reinvite>(*this)),
      update_(user_agent.timers(), Callback::to<&RandomPerson::update>(*this)),
      answer_offer_(user_agent.timers(), Callback::to<&RandomPerson::answer_offer>(*this)),
      answer_early_offer_(user_agent.timers(), Callback::to<&RandomPerson::answer_early_offer>(*this)),
      refer_(user_agent.timers(), Callback::to<&RandomPerson::refer>(*this)),
      progress_(user_agent.timers(), Callback::to<&RandomPerson::tell_progress>(*this)),
      retire_(user_agent.timers(), Callback::to<&RandomPerson::retire_now>(*this)) {}

void RandomPerson::complain(std::string_view what) {
  if (violation_.empty()) {
    violation_ = std::string(role_ == InviteSession::Role::Caller ? "caller: " : "answerer: ").append(what);
  }
}

bool RandomPerson::enter(std::string_view callback, bool refer) {
  if (abandoned_) {
    complain(std::string(callback) + " after retire");
    return false;
  }
  if (ended_ > 0 && !refer) {
    complain(std::string(callback) + " after on_ended");
    return false;
  }
  if (ended_ == 0 && call_.random.chance(call_.abandon)) {
    abandoned_ = true;
    ++call_.counts.abandoned;
    stop_acting();
    user_agent_.retire(std::move(session_));
    return false;
  }
  return true;
}

void RandomPerson::stop_acting() {
  for (base::Timer* timer : {&answer_, &acknowledge_, &hang_up_, &reinvite_, &update_, &answer_offer_, &answer_early_offer_, &refer_}) {
    timer->cancel();
  }
}

void RandomPerson::retire_now() { user_agent_.retire(std::move(session_)); }

void RandomPerson::place_call(const std::string& target) {
  seen_ = true;
  InviteSession::CallerOptions options;
  options.uri = target;
  options.from = "<sip:caller@sim>";
  options.to = "<" + target + ">";
  options.call_id = call_.call_id();
  options.contact_user = "caller";
  options.headers = "X-Call: " + std::to_string(call_.index) + "\r\n";
  if (call_.authentication != RandomCall::Authentication::None) {
    options.credentials = sip::Credentials{"caller", call_.authentication == RandomCall::Authentication::Right ? "secret" : "guess"};
  }
  if (call_.long_lasting) {
    options.policy = sip::SessionPolicy{.session_interval = kShortInterval};
  }
  if (call_.predecessor != nullptr) {
    options.replaces = call_.predecessor->caller.dialog_at_peer();
  }
  session_ = user_agent_.call(std::move(options), *this);
  // Sooner or later everybody loses patience; some do so at once.
  const std::uint64_t patience = call_.random.between(0, 99);
  hang_up_.start(patience < 10 ? up_to(call_.random, 300ms) : patience < 30 ? up_to(call_.random, 10s) : Duration(90s));
  if (!session_->invite(call_.offer_in_invite ? kOffer : std::string_view{})) {
    complain("invite failed");
  }
}

void RandomPerson::receive_call(std::unique_ptr<InviteSession> session) {
  if (seen_) {
    complain("the same call came in twice");
    return;
  }
  seen_ = true;
  session_ = std::move(session);
  if (call_.random.chance(0.7) && !session_->provisional(180, {})) {
    complain("180 failed");
  }
  if (call_.random.chance(0.4)) {
    send_early_description();
  }
  answer_.start(call_.answer == RandomCall::Answer::RingLong ? Duration(20s) + up_to(call_.random, 40s) : up_to(call_.random, 8s));
}

void RandomPerson::send_early_description() {
  if (!session_->provisional(183, call_.offer_in_invite ? kAnswer : kOffer)) {
    complain("183 failed");
  }
}

void RandomPerson::answer() {
  switch (call_.answer) {
    case RandomCall::Answer::Accept:
      if (!session_->accept(call_.offer_in_invite ? kAnswer : kOffer)) {
        complain("accept failed");
      }
      // A description that waits for its PRACK holds the 2xx back, and the caller may still cancel.
      answered_ = session_->state() != InviteSession::State::Incoming;
      if (call_.random.chance(0.1)) {
        hang_up_.start(up_to(call_.random, 100ms));
      }
      return;
    case RandomCall::Answer::End: hang_up(); return;
    case RandomCall::Answer::Reject:
    case RandomCall::Answer::RingLong:
      if (!session_->reject(call_.random.chance(0.5) ? 486 : 603)) {
        complain("reject failed");
      }
      return;
  }
}

void RandomPerson::hang_up() {
  if (session_ != nullptr) {
    cancelled_ = session_->state() == InviteSession::State::Inviting;
    session_->end();
  }
}

void RandomPerson::begin_talking() {
  if (talking_) {
    return;
  }
  talking_ = true;
  talking_since_ = user_agent_.timers().clock().now();
  hang_up_.start(call_.long_lasting ? Duration(3min) + up_to(call_.random, 5min) : up_to(call_.random, 20s));
  if (role_ == InviteSession::Role::Caller && call_.successor != nullptr) {
    call_.successor->begin.start(up_to(call_.random, 5s));
  }
  if (call_.random.chance(0.3)) {
    update_.start(call_.glare ? Duration(1s) : up_to(call_.random, 10s));
  }
  reinvites_left_ = call_.random.chance(0.4) ? static_cast<int>(call_.random.between(1, 3)) : 0;
  if (call_.glare) {
    // Both sides count from about the same moment.
    reinvites_left_ = 1;
    reinvite_.start(1s);
  } else if (reinvites_left_ > 0) {
    reinvite_.start(up_to(call_.random, 10s));
  }
  if (call_.random.chance(0.2)) {
    refer_.start(up_to(call_.random, 5s));
  }
}

void RandomPerson::on_provisional(InviteSession& session, const sip::InviteProgress& progress) {
  if (!enter("on_provisional") || progress.sdp.empty() || progress.delivery != sip::InviteProgress::Delivery::Reliable) {
    return;
  }
  if (!call_.offer_in_invite) {
    early_offer_ = true;
    answer_early_offer_.start(up_to(call_.random, 1s));
  } else if (call_.random.chance(0.4)) {
    static_cast<void>(session.update(kOffer));
  }
}

void RandomPerson::answer_early_offer() {
  if (!session_->acknowledge(kAnswer) && session_->state() == InviteSession::State::Inviting && !cancelled_) {
    complain("acknowledge of an early offer failed");
  }
}

void RandomPerson::on_prack(InviteSession& session, std::string_view sdp) {
  if (!sdp.empty() && sdp != kAnswer) {
    complain("the PRACK brought the wrong body");
  }
  if (enter("on_prack")) {
    ++call_.counts.pracks;
    if (call_.random.chance(0.2)) {
      static_cast<void>(session.update(kOffer));
    }
  }
}

bool RandomPerson::right_description(std::string_view sdp) const {
  return sdp == (call_.offer_in_invite ? kAnswer : kOffer) || (early_updated_ && (sdp == kAnswer || sdp == kOffer));
}

void RandomPerson::on_accepted(InviteSession& session, const sip::InviteProgress& progress) {
  if (!right_description(progress.sdp)) {
    complain("the 2xx brought the wrong body");
  }
  answered_ = true;
  if (!enter("on_accepted")) {
    return;
  }
  if (call_.offer_in_invite || early_offer_) {
    begin_talking();
  } else if (call_.random.chance(0.5)) {
    acknowledge_.start(up_to(call_.random, 3s));
  } else if (session.acknowledge(kAnswer)) {
    begin_talking();
  }
}

void RandomPerson::acknowledge_later() {
  if (!session_->acknowledge(kAnswer)) {
    complain("acknowledge failed");
  }
  begin_talking();
}

void RandomPerson::on_confirmed(InviteSession& /*session*/, std::string_view sdp) {
  // A caller that hangs up before it has answered the offer acknowledges without an answer.
  if (!sdp.empty() && sdp != kAnswer) {
    complain("the ACK brought the wrong body");
  }
  confirmed_ = true;
  answered_ = true;
  if (call_.predecessor != nullptr) {
    ++call_.counts.replaced;
    call_.predecessor->answerer.hang_up();
  }
  if (enter("on_confirmed")) {
    begin_talking();
  }
}

void RandomPerson::reinvite() {
  if (session_->state() != InviteSession::State::Confirmed) {
    return;
  }
  --reinvites_left_;
  if (!session_->reinvite(call_.random.chance(0.8) ? kOffer : std::string_view{}) && reinvites_left_ > 0) {
    reinvite_.start(up_to(call_.random, 2s));
  }
}

void RandomPerson::on_reinvite(InviteSession& session, std::string_view sdp) {
  if (!enter("on_reinvite")) {
    return;
  }
  const double dice = static_cast<double>(call_.random.between(0, 99)) / 100;
  if (dice < 0.5) {
    static_cast<void>(session.accept_reinvite(sdp.empty() ? kOffer : kAnswer));
  } else if (dice < 0.8) {
    answer_offer_.start(up_to(call_.random, 2s));
  } else {
    static_cast<void>(session.reject_reinvite(488));
  }
}

void RandomPerson::answer_offer() {
  if (!session_->accept_reinvite(kAnswer)) {
    static_cast<void>(session_->accept_update(kAnswer));
  }
}

void RandomPerson::update() {
  if (session_->state() == InviteSession::State::Confirmed) {
    static_cast<void>(session_->update(call_.random.chance(0.8) ? kOffer : std::string_view{}));
  }
}

void RandomPerson::on_update(InviteSession& session, std::string_view sdp) {
  if (sdp != kOffer) {
    complain("the UPDATE brought the wrong body");
  }
  early_updated_ = true;
  if (!enter("on_update")) {
    return;
  }
  const double dice = static_cast<double>(call_.random.between(0, 99)) / 100;
  if (dice < 0.6) {
    static_cast<void>(session.accept_update(kAnswer));
  } else if (dice < 0.8) {
    answer_offer_.start(up_to(call_.random, 2s));
  } else {
    static_cast<void>(session.reject_update(488));
  }
}

void RandomPerson::on_update_result(InviteSession& session, const sip::InviteProgress& result) {
  early_updated_ = true;
  if (enter("on_update_result") && result.status < 300) {
    ++(session.state() == InviteSession::State::Confirmed ? call_.counts.updates_accepted : call_.counts.early_updates);
  }
}

void RandomPerson::on_reinvite_result(InviteSession& session, const sip::InviteProgress& result) {
  if (!enter("on_reinvite_result")) {
    return;
  }
  if (result.status < 300) {
    ++call_.counts.reinvites_accepted;
    // Does something only when the 2xx made the offer.
    static_cast<void>(session.acknowledge(kAnswer));
  }
  if (reinvites_left_ > 0) {
    reinvite_.start(call_.random.chance(0.3) ? Duration::zero() : up_to(call_.random, 3s));
  }
}

void RandomPerson::refer() {
  if (session_->state() == InviteSession::State::Confirmed && !session_->refer("sip:third@sim", "sip:caller@sim")) {
    complain("refer failed");
  }
}

void RandomPerson::on_refer(sip::InviteSession& session, const sip::IncomingRefer& refer) {
  if (refer.refer_to != "sip:third@sim") {
    complain("wrong Refer-To");
  }
  if (!enter("on_refer")) {
    return;
  }
  if (call_.random.chance(0.7)) {
    static_cast<void>(session.accept_refer());
    referred_step_ = 0;
    progress_.start(up_to(call_.random, 2s));
  } else {
    static_cast<void>(session.reject_refer(603));
  }
}

void RandomPerson::tell_progress() {
  if (session_ == nullptr) {
    return;
  }
  ++referred_step_;
  if (referred_step_ == 1) {
    static_cast<void>(session_->notify_refer(180));
    progress_.start(up_to(call_.random, 10s));
  } else {
    static_cast<void>(session_->notify_refer(call_.random.chance(0.7) ? 200 : 486));
    if (ended_ > 0) {
      retire_.start(1ms);
    }
  }
}

void RandomPerson::on_refer_result(InviteSession& /*session*/, int status, std::string_view /*reason*/) {
  if (!enter("on_refer_result", true)) {
    return;
  }
  if (status < 300) {
    ++call_.counts.refers_accepted;
  } else if (ended_ > 0) {
    retire_now();
  }
}

void RandomPerson::on_refer_progress(InviteSession& /*session*/, std::string_view status_line, bool last) {
  if (!enter("on_refer_progress", true)) {
    return;
  }
  if (ended_ > 0) {
    ++call_.counts.late_progress;
  }
  if (last) {
    call_.counts.referred_answered += status_line.starts_with("200") ? 1 : 0;
    if (ended_ > 0) {
      retire_now();
    }
  }
}

void RandomPerson::on_ended(InviteSession& session, const sip::SessionEnd& end) {
  ++ended_;
  if (ended_ > 1) {
    complain("on_ended twice");
  }
  end_ = end;
  answered_ = answered_ || end.reason == "No ACK";
  if (talking_ && user_agent_.timers().clock().now() - talking_since_ > kShortInterval) {
    ++call_.counts.refreshed;
  }
  if (cancelled_ && end.by != sip::SessionEnd::Party::Local) {
    complain("the call was cancelled, and yet it was somebody else who ended it");
  }
  stop_acting();
  if (abandoned_) {
    complain("on_ended after retire");
    return;
  }
  // Those who wait for NOTIFYs, or still have some to send, keep the session; others drop it at once or a little later.
  if (session.refer_pending() && call_.random.chance(0.7)) {
    return;
  }
  if (progress_.pending() && call_.random.chance(0.7)) {
    return;
  }
  progress_.cancel();
  if (call_.random.chance(0.5)) {
    retire_now();
  } else {
    retire_.start(up_to(call_.random, 5s));
  }
}

std::optional<sip::DialogName> RandomPerson::dialog_at_peer() const { return session_ != nullptr ? std::optional(session_->name_at_peer()) : std::nullopt; }

void RandomPerson::verify_over() {
  if (seen_ && !abandoned_ && ended_ != 1) {
    complain("on_ended came " + std::to_string(ended_) + " times");
  }
  if (session_ != nullptr) {
    complain("the session was never done");
  }
}

Outcome RandomPerson::outcome() const {
  if (!seen_) {
    return Outcome::Missing;
  }
  if (abandoned_) {
    return Outcome::Abandoned;
  }
  if (answered_ || end_.status == 200) {
    const bool unconfirmed = role_ == InviteSession::Role::Answerer && !confirmed_ && end_.by == sip::SessionEnd::Party::Network;
    return unconfirmed ? Outcome::Unconfirmed : Outcome::Established;
  }
  if (end_.by == sip::SessionEnd::Party::Network) {
    return Outcome::Network;
  }
  const bool by_caller = (end_.by == sip::SessionEnd::Party::Local) == (role_ == InviteSession::Role::Caller);
  return by_caller ? Outcome::Cancelled : Outcome::Refused;
}

RandomCall::RandomCall(std::uint64_t seed, std::size_t number, sip::UserAgent& caller_agent, sip::UserAgent& answerer_agent, RandomCallCounts& shared_counts)
    : random(seed * 1'000'003 + number),
      index(number),
      counts(shared_counts),
      begin(caller_agent.timers(), Callback::to<&RandomCall::start>(*this)),
      caller(*this, InviteSession::Role::Caller, caller_agent),
      answerer(*this, InviteSession::Role::Answerer, answerer_agent) {
  const std::uint64_t dice = random.between(0, 99);
  authentication = dice < 60 ? Authentication::None : dice < 90 ? Authentication::Right : Authentication::WrongPassword;
  const std::uint64_t other = random.between(0, 99);
  answer = other < 65 ? Answer::Accept : other < 80 ? Answer::Reject : other < 90 ? Answer::RingLong : Answer::End;
  offer_in_invite = random.chance(0.8);
  glare = random.chance(0.15);
  abandon = random.chance(0.1) ? 0.2 : 0;
  long_lasting = random.chance(0.1);
}

void RandomCall::schedule(const std::string& target_uri) {
  target = target_uri;
  begin.start(up_to(random, 30s));
}

void RandomCall::take_over(RandomCall& other, const std::string& target_uri) {
  target = target_uri;
  authentication = Authentication::None;
  predecessor = &other;
  other.successor = this;
}

void RandomCall::start() { caller.place_call(target); }

std::string RandomCall::verdict() const {
  const Outcome one = caller.outcome();
  const Outcome other = answerer.outcome();
  const int status = caller.end().status;
  const bool same_status = status == answerer.end().status;
  if (one == Outcome::Abandoned || other == Outcome::Abandoned) {
    return "abandoned";
  }
  if (one == Outcome::Established && other == Outcome::Established) {
    return "established";
  }
  if (one == Outcome::Refused && other == Outcome::Refused && same_status) {
    return "refused";
  }
  if (one == Outcome::Refused && other == Outcome::Missing && status == 401 && authentication == Authentication::WrongPassword) {
    return "unauthorized";
  }
  if (one == Outcome::Cancelled && other == Outcome::Cancelled && status == 487) {
    return "cancelled";
  }
  if (one == Outcome::Cancelled && other == Outcome::Refused && same_status) {
    return "refused while being cancelled";
  }
  if (one == Outcome::Cancelled && other == Outcome::Missing && status == 401 && authentication != Authentication::None) {
    return "cancelled while being challenged";
  }
  if (predecessor != nullptr && other == Outcome::Missing) {
    if (one == Outcome::Missing) {
      return "not begun";
    }
    if ((one == Outcome::Refused || one == Outcome::Cancelled) && (status == 481 || status == 603)) {
      return "nothing to replace";
    }
  }
  // What loss alone can do: every copy of a message, over 64*T1, went astray.
  const bool not_established = other != Outcome::Established;
  if ((one == Outcome::Network || one == Outcome::Cancelled) && status == 408 && not_established) {
    return "rare: the caller heard nothing";
  }
  if (one == Outcome::Refused && other == Outcome::Network && status == 504) {
    return "rare: no PRACK arrived";
  }
  if (one == Outcome::Established && other == Outcome::Unconfirmed) {
    return "rare: no ACK arrived";
  }
  return {};
}

}  // namespace callwright::simulation
