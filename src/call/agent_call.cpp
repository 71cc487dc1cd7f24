#include "call/agent_call.hpp"

#include "call/agent.hpp"

#include <utility>

namespace callwright::call {
namespace {

CallEnded::By ended_by(sip::SessionEnd::Party party, sip::InviteSession::Role ours) {
  if (party == sip::SessionEnd::Party::Network) {
    return CallEnded::By::Network;
  }
  const bool caller = (ours == sip::InviteSession::Role::Caller) == (party == sip::SessionEnd::Party::Local);
  return caller ? CallEnded::By::Caller : CallEnded::By::Callee;
}

}  // namespace

AgentCall::AgentCall(Agent& agent, AgentCall* referrer) : agent_(agent), referrer_(referrer) {
  if (referrer_ != nullptr) {
    referrer_->referred_ = this;
  }
}

AgentCall::~AgentCall() {
  if (referrer_ != nullptr) {
    referrer_->referred_ = nullptr;
  }
  if (referred_ != nullptr) {
    referred_->referrer_ = nullptr;
  }
  stop_recording();
  close_media();
  agent_.user_agent().retire(std::move(session_));
}

base::Result<void> AgentCall::open_stream(void (AgentCall::*next)()) {
  media::MediaObserver& self = *this;
  listener_ = std::make_unique<AgentStream>(agent_, self, session_->call_id());
  LegMedia::Options options = LegMedia::Options::from(agent_.options().media, agent_.capabilities());
  options.stream.address = agent_.options().media_address;
  options.stream.stun_server = agent_.options().media.stun_server;
  options.advertised = agent_.options().advertised_media;
  auto opened = LegMedia::open(agent_.media(), agent_.user_agent().random(), *listener_, std::move(options));
  if (!opened) {
    return opened.error();
  }
  leg_ = std::move(*opened);
  leg_->speaks().direction = direction_;
  agent_.media().set_source(leg_->stream(), agent_.options().source);
  if (agent_.options().media.stun_server) {
    when_described_ = next;
  } else {
    (this->*next)();
  }
  return base::ok();
}

void AgentCall::go_on_with_address() {
  if (when_described_ != nullptr && session_->state() != sip::InviteSession::State::Ended) {
    (this->*std::exchange(when_described_, nullptr))();
  }
}

void AgentCall::dial(OutgoingCall outgoing) {
  sip::InviteSession::CallerOptions options;
  options.uri = agent_.routed(outgoing.uri);
  options.from = agent_.name_and_address();
  options.to = "<" + outgoing.uri + ">";
  options.contact_user = agent_.contact();
  options.credentials = agent_.credentials();
  options.routes = agent_.route_set();
  options.headers = agent_.options().headers + outgoing.headers;
  options.redirects = agent_.options().redirects;
  options.replaces = std::move(outgoing.replaces);
  direction_ = outgoing.direction;
  session_ = agent_.user_agent().call(std::move(options), *this);
  report(CallStarted{agent_.options().address_of_record, std::move(outgoing.uri), CallStarted::Placed::Here});
  if (const auto opened = open_stream(&AgentCall::send_offer); !opened) {
    fail_media(opened.error());
  }
}

void AgentCall::send_offer() { static_cast<void>(session_->invite(leg_->offer())); }

void AgentCall::receive(sip::ServerTransaction& transaction, const sip::Message& invite) {
  session_ = agent_.user_agent().answer(transaction, invite, agent_.contact(), *this);
  remote_offer_ = invite.body();
  report(CallStarted{std::string(invite.from().uri), std::string(invite.request_uri())});
  static_cast<void>(session_->provisional(180, {}));
  report(CallRinging{});
  if (agent_.options().answering == AgentOptions::Answering::AtOnce) {
    answer();
  }
}

void AgentCall::begin_early_media() {
  if (!rings() || leg_ != nullptr || remote_offer_.empty()) {
    return;
  }
  if (const auto opened = open_stream(&AgentCall::send_early_answer); !opened) {
    fail_media(opened.error());
  }
}

void AgentCall::answer(sdp::Direction direction) {
  if (!rings()) {
    return;
  }
  if (leg_ != nullptr) {
    if (when_described_ == nullptr) {
      send_answer();
    } else {
      when_described_ = &AgentCall::send_answer;
    }
    return;
  }
  direction_ = direction;
  if (const auto opened = open_stream(&AgentCall::send_answer); !opened) {
    fail_media(opened.error());
  }
}

std::optional<std::string> AgentCall::answer_to_offer() {
  if (negotiated() != nullptr) {
    return leg_->latest()->to_string();
  }
  auto answer = leg_->answer(remote_offer_);
  if (!answer) {
    report(MediaFailed{answer.error().message()});
    static_cast<void>(session_->reject(488));
    return std::nullopt;
  }
  return std::move(*answer);
}

void AgentCall::send_early_answer() {
  if (const auto answer = answer_to_offer()) {
    static_cast<void>(session_->provisional(183, *answer));
    start_media();
  }
}

void AgentCall::send_answer() {
  if (remote_offer_.empty()) {
    awaiting_answer_ = true;
    static_cast<void>(session_->accept(leg_->offer()));
    report(CallAnswered{});
    return;
  }
  const bool has_early_media = negotiated() != nullptr;
  const auto answer = answer_to_offer();
  if (!answer) {
    return;
  }
  static_cast<void>(session_->accept(*answer));
  report(CallAnswered{});
  if (!has_early_media) {
    start_media();
  }
}

void AgentCall::hang_up(int status) { session_->end(status); }

void AgentCall::on_provisional(sip::InviteSession& /*session*/, const sip::InviteProgress& progress) {
  if (progress.status == 180) {
    report(CallRinging{});
  }
  hear_early(progress.sdp);
  tell_referrer(progress.status, progress.reason);
}

/// What the network plays before the answer. Which of several places plays it does not matter: the answer says whom the call is with.
void AgentCall::hear_early(std::string_view sdp) {
  if (!sdp.empty() && leg_ != nullptr && negotiated() == nullptr && leg_->accept(sdp)) {
    start_media();
  }
}

void AgentCall::on_accepted(sip::InviteSession& /*session*/, const sip::InviteProgress& progress) {
  report(CallAnswered{});
  if (referrer_ != nullptr && referrer_->recording_ && *referrer_->recording_) {
    // Transferred: the recording goes on with whom the call is now.
    recording_ = std::exchange(referrer_->recording_, media::RecordingId{});
    agent_.media().record(*recording_, leg_->stream(), media::HeardOn::Left);
  }
  tell_referrer(progress.status, progress.reason);
  take_answer(progress.sdp);
}

void AgentCall::on_confirmed(sip::InviteSession& /*session*/, std::string_view sdp) {
  // An ACK may repeat a description that is no answer to anything.
  if (std::exchange(awaiting_answer_, false) && !sdp.empty()) {
    take_answer(sdp);
  }
}

void AgentCall::take_answer(std::string_view sdp) {
  if (const auto accepted = leg_->accept(sdp); !accepted) {
    fail_media(accepted.error());
    return;
  }
  start_media();
}

void AgentCall::fail_media(const base::Error& error) {
  report(MediaFailed{error.message()});
  session_->end();
}

void AgentCall::start_media() {
  if (const auto started = leg_->start(); !started) {
    fail_media(started.error());
    return;
  }
  if (negotiated() != nullptr) {
    report(MediaAgreed{*negotiated()});
    record();
  }
}

void AgentCall::close_media() {
  if (leg_ != nullptr) {
    agent_.end_stream(leg_->close(), std::move(listener_));
    leg_.reset();
  }
}

void AgentCall::stop_recording() {
  if (const auto id = std::exchange(recording_, media::RecordingId{})) {
    agent_.recordings().stop(*id);
  }
}

/// Once a call; it goes on through all changes of the stream.
void AgentCall::record() {
  if (!recording_) {
    recording_ = agent_.recordings().open(session_->call_id());
    if (*recording_) {
      agent_.media().record(*recording_, leg_->stream(), media::HeardOn::Left);
    }
  }
}

void AgentCall::on_reinvite(sip::InviteSession& session, std::string_view sdp) {
  if (sdp.empty()) {
    awaiting_answer_ = true;
    static_cast<void>(session.accept_reinvite(leg_->offer()));
    return;
  }
  const auto answer = leg_->answer(sdp);
  if (!answer) {
    static_cast<void>(session.reject_reinvite(488));
    return;
  }
  static_cast<void>(session.accept_reinvite(*answer));
  start_media();
}

void AgentCall::on_reinvite_result(sip::InviteSession& /*session*/, const sip::InviteProgress& result) {
  auto before = std::exchange(before_, std::nullopt);
  if (!before) {
    return;
  }
  if (result.status < 300) {
    take_answer(result.sdp);
    report(Renegotiated{result.status, std::string(result.reason), negotiated() != nullptr ? negotiated()->codec.name : std::string()});
    return;
  }
  leg_->speaks().codecs = std::move(before->codecs);
  leg_->speaks().direction = before->direction;
  report(Renegotiated{result.status, std::string(result.reason), {}});
}

void AgentCall::on_update(sip::InviteSession& session, std::string_view sdp) {
  const auto answer = leg_->answer(sdp);
  if (!answer) {
    static_cast<void>(session.reject_update(488));
    return;
  }
  static_cast<void>(session.accept_update(*answer));
  start_media();
}

void AgentCall::on_refer(sip::InviteSession& session, const sip::IncomingRefer& refer) {
  if (referred_ != nullptr) {
    static_cast<void>(session.reject_refer(491));
    return;
  }
  const std::string target(refer.target);
  static_cast<void>(session.accept_refer());
  report(TransferRequested{target, std::string(refer.referred_by)});
  agent_.dial({.uri = target, .referrer = this, .replaces = refer.replaces});
}

void AgentCall::tell_referrer(int status, std::string_view reason) {
  if (referrer_ == nullptr) {
    return;
  }
  static_cast<void>(referrer_->session_->notify_refer(status, reason));
  if (status >= 200) {
    referrer_->referred_ = nullptr;
    referrer_ = nullptr;
  }
}

void AgentCall::on_ended(sip::InviteSession& session, const sip::SessionEnd& end) {
  stop_recording();
  close_media();
  report(CallEnded{end.status, end.reason, ended_by(end.by, session.role())});
  tell_referrer(end.status >= 300 ? end.status : 480, end.status >= 300 ? std::string_view(end.reason) : std::string_view{});
  agent_.finish(*this);
}

void AgentCall::on_media_event(const media::StreamEvent& event) {
  if (const auto* const first = std::get_if<media::FirstPacket>(&event.what)) {
    report(MediaFlows{first->since_start});
  } else if (const auto* const tone = std::get_if<media::ToneDetected>(&event.what)) {
    report(AudioHeard{tone->frequency_hz, tone->level_dbov, tone->since_start});
  } else if (const auto* const audio = std::get_if<media::FirstAudio>(&event.what)) {
    report(AudioHeard{0, audio->level_dbov, audio->since_start});
  } else if (std::holds_alternative<media::Protected>(event.what)) {
    report(MediaSecured{});
  } else if (std::holds_alternative<media::SourceEnded>(event.what)) {
    report(SoundPlayed{});
  } else if (const auto* const file = std::get_if<media::FileFailed>(&event.what)) {
    report(MediaFailed{file->error.message()});
  } else if (const auto* const failed = std::get_if<media::StreamFailed>(&event.what)) {
    fail_media(failed->error);
  } else if (const auto* const silent = std::get_if<media::PartnerSilent>(&event.what)) {
    on_partner_silent(silent->since_last);
  } else if (const auto* const back = std::get_if<media::PartnerBack>(&event.what)) {
    report(PartnerBack{back->silence});
  } else if (const auto* const key = std::get_if<media::KeyPressed>(&event.what)) {
    hear_key(key->key, key->duration, key->by == media::KeyPressed::By::Event ? KeyPressed::By::Event : KeyPressed::By::Sound);
  } else if (const auto* const refused = std::get_if<media::KeysRefused>(&event.what)) {
    report(KeysFailed{refused->error.message()});
  } else if (const auto* const measured = std::get_if<media::Measured>(&event.what)) {
    report(MediaMeasured{measured->statistics});
  } else if (const auto* const learned = std::get_if<media::AddressLearned>(&event.what)) {
    leg_->describe(learned->rtp, learned->rtcp);
    go_on_with_address();
  } else if (const auto* const unknown = std::get_if<media::AddressUnknown>(&event.what)) {
    report(AddressUnknown{unknown->error.message()});
    go_on_with_address();
  }
}

void AgentCall::on_partner_silent(base::Duration since_last) {
  report(PartnerSilent{since_last});
  if (agent_.options().media.on_silence == AgentMedia::OnSilence::EndCall) {
    session_->end(480, sip::Reason{.cause = 408, .text = "RTP timeout"});
  }
}

void AgentCall::report(decltype(Event::what) what) { agent_.report(session_->call_id(), std::move(what)); }

}  // namespace callwright::call
