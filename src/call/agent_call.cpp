#include "call/agent_call.hpp"

#include "call/agent.hpp"

#include <utility>

namespace callwright::call {

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
  close_media();
  agent_.user_agent().retire(std::move(session_));
}

base::Result<void> AgentCall::open_stream() {
  media::StreamOptions options;
  options.address = agent_.options().media_address;
  auto opened = agent_.media().open(options, *this);
  if (!opened) {
    return opened.error();
  }
  stream_ = *opened;
  agent_.media().set_source(stream_.id, agent_.options().source);
  described_ = {agent_.options().advertised_media.value_or(stream_.rtp.ip), stream_.rtp.port};
  description_ = std::make_unique<sdp::Session>(agent_.user_agent().random().between(1, UINT32_MAX), described_.ip);
  secrets_.emplace(agent_.options().media, agent_.user_agent().random());
  return base::ok();
}

sdp::AudioCapabilities AgentCall::capabilities() const {
  sdp::AudioCapabilities capabilities = agent_.capabilities();
  capabilities.address = described_;
  secrets_->put_into(capabilities);
  return capabilities;
}

const sdp::Negotiated* AgentCall::negotiated() const noexcept {
  return description_ != nullptr && description_->negotiated() ? &*description_->negotiated() : nullptr;
}

std::string AgentCall::offer() { return description_->make_offer(capabilities()).to_string(); }

base::Result<std::string> AgentCall::answer_to(std::string_view offer) {
  const auto description = sdp::Description::parse(offer);
  if (!description) {
    return description.error();
  }
  secrets_->renew_for(*description, description_->negotiated());
  const auto answer = description_->make_answer(*description, capabilities());
  if (!answer) {
    return answer.error();
  }
  return answer->to_string();
}

void AgentCall::dial(const std::string& uri, std::optional<sip::DialogName> replaces) {
  sip::InviteSession::CallerOptions options;
  options.uri = uri;
  options.from = "<" + agent_.options().address_of_record + ">";
  options.to = "<" + uri + ">";
  options.contact_user = agent_.contact();
  options.credentials = agent_.credentials();
  options.routes = agent_.service_route();
  options.replaces = std::move(replaces);
  session_ = agent_.user_agent().call(std::move(options), *this);
  report(CallStarted{agent_.options().address_of_record, uri});
  if (const auto opened = open_stream(); !opened) {
    fail_media(opened.error());
    return;
  }
  static_cast<void>(session_->invite(offer()));
}

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

void AgentCall::answer() {
  if (session_->state() != sip::InviteSession::State::Incoming) {
    return;
  }
  if (const auto opened = open_stream(); !opened) {
    fail_media(opened.error());
    return;
  }
  if (remote_offer_.empty()) {
    awaiting_answer_ = true;
    static_cast<void>(session_->accept(offer()));
    report(CallAnswered{});
    return;
  }
  const auto answer = answer_to(remote_offer_);
  if (!answer) {
    report(MediaFailed{answer.error().message()});
    static_cast<void>(session_->reject(488));
    return;
  }
  static_cast<void>(session_->accept(*answer));
  report(CallAnswered{});
  start_media();
}

void AgentCall::hang_up() { session_->end(); }

void AgentCall::on_provisional(sip::InviteSession& /*session*/, const sip::InviteProgress& progress) {
  if (progress.status == 180) {
    report(CallRinging{});
  }
  tell_referrer(progress.status, progress.reason);
}

void AgentCall::on_accepted(sip::InviteSession& /*session*/, const sip::InviteProgress& progress) {
  report(CallAnswered{});
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
  const auto description = sdp::Description::parse(sdp);
  if (!description) {
    fail_media(description.error());
    return;
  }
  if (const auto accepted = description_->accept_answer(*description); !accepted) {
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
  if (!description_->negotiated()) {
    return;  // The offer had no stream.
  }
  const auto parameters = media::StreamParameters::from(*description_->negotiated());
  if (!parameters) {
    fail_media(parameters.error());
    return;
  }
  agent_.media().start(stream_.id, *parameters);
}

void AgentCall::close_media() {
  if (stream_.id) {
    agent_.media().abandon(std::exchange(stream_.id, {}));
  }
}

void AgentCall::on_reinvite(sip::InviteSession& session, std::string_view sdp) {
  if (sdp.empty()) {
    awaiting_answer_ = true;
    static_cast<void>(session.accept_reinvite(offer()));
    return;
  }
  const auto answer = answer_to(sdp);
  if (!answer) {
    static_cast<void>(session.reject_reinvite(488));
    return;
  }
  static_cast<void>(session.accept_reinvite(*answer));
  start_media();
}

void AgentCall::on_update(sip::InviteSession& session, std::string_view sdp) {
  const auto answer = answer_to(sdp);
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
  agent_.dial(target, this, refer.replaces);
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

void AgentCall::on_ended(sip::InviteSession& /*session*/, const sip::SessionEnd& end) {
  close_media();
  report(CallEnded{end.status, end.reason});
  tell_referrer(end.status >= 300 ? end.status : 480, end.status >= 300 ? std::string_view(end.reason) : std::string_view{});
  agent_.finish(*this);
}

void AgentCall::on_media_event(const media::StreamEvent& event) {
  if (const auto* const tone = std::get_if<media::ToneDetected>(&event.what)) {
    report(AudioHeard{tone->frequency_hz, tone->level_dbov, tone->since_start});
  } else if (const auto* const audio = std::get_if<media::FirstAudio>(&event.what)) {
    report(AudioHeard{0, audio->level_dbov, audio->since_start});
  } else if (const auto* const file = std::get_if<media::FileFailed>(&event.what)) {
    report(MediaFailed{file->error.message()});
  } else if (const auto* const failed = std::get_if<media::StreamFailed>(&event.what)) {
    fail_media(failed->error);
  }
}

void AgentCall::report(decltype(Event::what) what) { agent_.report(session_->call_id(), std::move(what)); }

}  // namespace callwright::call
