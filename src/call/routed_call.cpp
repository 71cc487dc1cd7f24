#include "call/routed_call.hpp"

#include "call/bridge.hpp"
#include "call/routed_call_media.hpp"

#include <algorithm>
#include <utility>

namespace callwright::call {
namespace {

/// RFC 3261 §16.7 step 6, for the refusals of several targets: a 6xx wins, then the lowest class; of 4xx those tell most that a person caused.
int rank(int status) {
  if (status >= 600) {
    return 0;
  }
  if (status == 486 || status == 480 || status == 603) {
    return 1;
  }
  return status >= 500 || status == 408 ? 3 : 2;
}

/// What the caller is told for a refusal that was meant for us: challenges and redirections are between us and the target, and a 503 would
/// make the caller believe that the exchange is overloaded (RFC 3261 §16.7 step 6).
int relayed(int status) {
  if (status == 401 || status == 407) {
    return 403;
  }
  if (status == 503) {
    return 500;
  }
  return status >= 400 ? status : 480;
}

CallCourse::Outcome outcome_of(const sip::SessionEnd& end) {
  using Outcome = CallCourse::Outcome;
  constexpr int kBusy = 486;
  constexpr int kBusyEverywhere = 600;
  if (end.status == kBusy || end.status == kBusyEverywhere) {
    return Outcome::Busy;
  }
  // A phone that is not there does not answer either.
  const bool nobody = end.by == sip::SessionEnd::Party::Network || end.status == 408 || end.status == 480;
  return nobody ? Outcome::NoAnswer : end.status > kBusyEverywhere ? Outcome::Declined : Outcome::Refused;
}

}  // namespace

RoutedCall::RoutedCall(Switchboard& switchboard, sip::ServerTransaction& transaction, const sip::Message& invite, Options options)
    : switchboard_(switchboard),
      options_(std::move(options)),
      incoming_(switchboard.user_agent().answer(transaction, invite, std::string(sip::user_of(invite.request_uri())), *this)),
      ring_timeout_(switchboard.user_agent().timers(), base::Callback::to<&RoutedCall::on_ring_timeout>(*this)) {}

RoutedCall::RoutedCall(Switchboard& switchboard, std::unique_ptr<sip::InviteSession> incoming, Options options)
    : switchboard_(switchboard),
      options_(std::move(options)),
      incoming_(std::move(incoming)),
      ring_timeout_(switchboard.user_agent().timers(), base::Callback::to<&RoutedCall::on_ring_timeout>(*this)),
      told_(true) {
  incoming_->set_observer(*this);
}

RoutedCall::~RoutedCall() {
  sip::UserAgent& user_agent = switchboard_.user_agent();
  for (auto& attempt : attempts_) {
    user_agent.retire(std::move(attempt));
  }
  user_agent.retire(std::move(incoming_));
}

/// What callers tell the called party by fields of their own, as by convention "X-…", or by User-to-User (RFC 7433). The others are between a party and us.
std::string RoutedCall::passed_on(const sip::Message& invite) {
  constexpr std::size_t kMost = 32;
  std::string lines;
  std::size_t count = 0;
  for (const sip::HeaderField& field : invite.headers()) {
    const bool theirs = field.id == sip::Header::Other && ((field.name.size() > 2 && (field.name[0] == 'X' || field.name[0] == 'x') && field.name[1] == '-') ||
                                                           sip::equals_ignoring_case(field.name, "User-to-User"));
    if (theirs && ++count <= kMost) {
      sip::append_header(lines, field.name, field.value);
    }
  }
  return lines;
}

/// For the journal. The URI of a request that a command has brought about holds the command's token.
std::string RoutedCall::callee_of(const sip::Message& invite) const {
  if (options_.to.empty()) {
    return std::string(invite.request_uri());
  }
  const auto to = sip::NameAddr::parse(options_.to);
  return std::string(to ? to->uri : invite.request_uri());
}

void RoutedCall::start(const sip::Message& invite) {
  if (over_) {
    return;
  }
  if (!std::exchange(told_, true)) {
    switchboard_.report(incoming_->call_id(), CallStarted{std::string(invite.from().uri), callee_of(invite)});
  }
  tell_of_forwarding();
  if (over_) {
    return;
  }
  offer_ = invite.body();
  sip::InviteSession::CallerOptions& options = call_options_;
  options.from = options_.from.empty() ? sip::without_tag(invite.header(sip::Header::From).value_or(std::string_view{}), invite.from()) : options_.from;
  options.to = options_.to.empty() ? sip::without_tag(invite.header(sip::Header::To).value_or(std::string_view{}), invite.to()) : options_.to;
  options.contact_user = sip::user_of(invite.from().uri);
  options.headers = options_.headers + passed_on(invite);
  if (invite.body().empty()) {
    // An offer in a reliable provisional response would want an answer that the caller may be unable to give before the call is answered.
    options.policy = switchboard_.user_agent().session_policy();
    options.policy->reliable = sip::SessionPolicy::Reliable::Off;
  }
  ring();
}

sip::InviteSession& RoutedCall::add_attempt(const Target& target, sip::InviteSession::CallerOptions options) {
  options.uri = target.uri;
  options.flow = target.flow;
  options.routes = target.routes;
  options.credentials = target.credentials;
  options.redirects = target.redirects;
  options.headers += target.headers;
  options_.identity.apply(target.peer, options);
  attempts_.push_back(switchboard_.user_agent().call(std::move(options), *this));
  switchboard_.index(attempts_.back()->call_id(), *this);
  return *attempts_.back();
}

void RoutedCall::hang_up() {
  if (over_) {
    return;
  }
  refuse(480, "Call ended");
}

void RoutedCall::on_provisional(sip::InviteSession& session, const sip::InviteProgress& progress) {
  // Of 199 (RFC 6228) the caller has no use: the early dialog that it knows is ours, and goes on.
  constexpr int kEarlyDialogTerminated = 199;
  if (over_ || progress.status == kEarlyDialogTerminated) {
    return;
  }
  // Early media can come from one target only; of several that ring, now or one after the other, the caller gets to know just that.
  const bool single = attempts_.size() == 1 && (!may_go_on() || progress.sdp.empty());
  const bool reliable = single && progress.delivery == sip::InviteProgress::Delivery::Reliable;
  // Without an offer of the caller it is none yet either: the 200 has it.
  std::string_view sdp = single && !offer_.empty() ? progress.sdp : std::string_view{};
  base::Result<std::string> ours = std::string();
  if (!sdp.empty() && relays(session)) {
    ours = answer_from(session, progress);
    sdp = ours ? std::string_view(*ours) : std::string_view{};
  }
  static_cast<void>(incoming_->provisional(single ? progress.status : 180, sdp,
                                           reliable ? sip::InviteSession::Delivery::WhenSupported : sip::InviteSession::Delivery::WhenRequired));
  if (!ringing_) {
    ringing_ = true;
    switchboard_.report(call_id(), CallRinging{});
  }
}

void RoutedCall::on_accepted(sip::InviteSession& session, const sip::InviteProgress& progress) {
  if (over_) {
    session.end();
    return;
  }
  base::Result<std::string> ours = std::string();
  if (relays(session)) {
    ours = answer_from(session, progress);
    if (!ours) {
      give_up(session, ours.error());
      return;
    }
  }
  over_ = true;
  ring_timeout_.cancel();
  const bool relayed = relays(session);
  const auto winner = std::find_if(attempts_.begin(), attempts_.end(), [&session](const auto& attempt) { return attempt.get() == &session; });
  auto callee = std::move(*winner);
  attempts_.erase(winner);
  end_attempts(kCompletedElsewhere);
  static_cast<void>(incoming_->accept(relayed ? std::string_view(*ours) : progress.sdp));
  switchboard_.report(call_id(), CallAnswered{callee->call_id()});
  // The bridge comes first: whoever hears of the answer may hang up at once.
  std::unique_ptr<BridgeMedia> media = media_ == nullptr ? nullptr : media_for(*callee);
  Bridge::join(switchboard_, std::move(incoming_), std::move(callee), std::move(media));
  if (CallWatcher* const watcher = options_.watcher()) {
    watcher->on_answered();
  }
  switchboard_.finish(*this);
}

sip::InviteSession* RoutedCall::early_peer(const sip::InviteSession& session) const noexcept {
  if (over_ || attempts_.size() != 1 || may_go_on()) {
    return nullptr;
  }
  return &session == incoming_.get() ? attempts_.front().get() : incoming_.get();
}

void RoutedCall::on_update(sip::InviteSession& session, std::string_view sdp) {
  sip::InviteSession* const peer = early_peer(session);
  if (peer != nullptr && relays(session) && relays(*peer)) {
    update_with_media(session, *peer, sdp);
  } else if (peer == nullptr || !peer->update(sdp, {}, sip::InviteSession::OnGlare::Report)) {
    static_cast<void>(session.reject_update(488));
  }
}

void RoutedCall::on_update_result(sip::InviteSession& session, const sip::InviteProgress& result) {
  sip::InviteSession* const asking = early_peer(session);
  if (asking != nullptr && relays(session) && relays(*asking)) {
    answer_update_with_media(session, *asking, result);
  } else if (asking != nullptr) {
    static_cast<void>(result.status < 300 ? asking->accept_update(result.sdp) : asking->reject_update(result.status));
  }
}

void RoutedCall::on_ended(sip::InviteSession& session, const sip::SessionEnd& end) {
  if (over_) {
    return;
  }
  if (&session == incoming_.get()) {
    // The caller hung up, or a refusal of ours is out.
    over_ = true;
    const bool callee_refused = end.by == sip::SessionEnd::Party::Local && phone_refused_ && attempts_.empty();
    end_attempts();
    media_.reset();
    switchboard_.report(session.call_id(), CallEnded{end.status, end.reason, callee_refused ? CallEnded::By::Callee : ended_by(end, Side::Caller)});
    if (CallWatcher* const watcher = options_.watcher()) {
      watcher->on_refused(end.status, end.reason);
    }
    switchboard_.finish(*this);
    return;
  }
  if (std::none_of(attempts_.begin(), attempts_.end(), [&session](const auto& attempt) { return attempt.get() == &session; })) {
    return;  // It has been given up.
  }
  if (media_ != nullptr && try_with_media(session, end)) {
    return;
  }
  note_refusal(end);
  outcome_ = std::min(outcome_, outcome_of(end));
  if (!end.contact.empty() && end.by == sip::SessionEnd::Party::Remote) {
    moved_to_ = end.contact;
  }
  drop(session);
  if (attempts_.empty()) {
    go_on(outcome_);
  }
}

void RoutedCall::note_refusal(const sip::SessionEnd& end) {
  const int status = relayed(end.status);
  if (best_status_ == 0 || rank(status) < rank(best_status_)) {
    best_status_ = status;
    phone_refused_ = end.by == sip::SessionEnd::Party::Remote;
    best_reason_ = status == end.status ? end.reason : std::string{};
  }
}

void RoutedCall::drop(sip::InviteSession& attempt) {
  const auto found = std::find_if(attempts_.begin(), attempts_.end(), [&attempt](const auto& candidate) { return candidate.get() == &attempt; });
  if (relays(attempt)) {
    media_->bridge->drop(attempt);
  }
  switchboard_.user_agent().retire(std::move(*found));
  attempts_.erase(found);
}

void RoutedCall::refuse(int status, std::string_view reason) {
  // on_ended of the incoming session does the rest.
  static_cast<void>(incoming_->reject(status, reason));
}

void RoutedCall::end_attempts(const std::optional<sip::Reason>& cause) {
  for (auto& attempt : attempts_) {
    if (cause) {
      attempt->end(480, cause);
    }
    switchboard_.user_agent().retire(std::move(attempt));
  }
  attempts_.clear();
}

}  // namespace callwright::call
