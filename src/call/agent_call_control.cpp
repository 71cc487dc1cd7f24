// What a program asks of a call that is there: keys, other codecs; and the keys that come.
#include "call/agent.hpp"
#include "media/codec_names.hpp"

#include <algorithm>
#include <charconv>
#include <utility>

namespace callwright::call {

base::Result<void> AgentCall::press(std::string_view keys, const media::KeyTiming& timing) {
  if (auto checked = media::check_keys(keys, timing); !checked) {
    return checked;
  }
  if (negotiated() == nullptr) {
    return base::Error(base::Errc::WrongState, "Keys cannot be pressed before the call is answered");
  }
  const AgentMedia::Keys way = agent_.options().media.keys;
  if (way == AgentMedia::Keys::Info) {
    if (info_keys_ == nullptr) {
      info_keys_ = std::make_unique<InfoKeySender>(*session_, agent_.user_agent().timers());
    }
    return info_keys_->press(keys, timing);
  }
  if (way == AgentMedia::Keys::Event && !negotiated()->event_payload_type) {
    return base::Error(base::Errc::Unsupported, "The other side takes no telephone-events; let keys be Auto, Sound or Info");
  }
  return agent_.media().press(leg_->stream(), keys, timing);
}

int AgentCall::on_content(sip::InviteSession& session, const sip::DialogContent& content) {
  if (content.method != sip::Method::Info) {
    const auto peer = sip::NameAddr::parse(session.dialog().remote);
    report(TextReceived{peer ? std::string(peer->uri) : std::string(), std::string(content.content_type), std::string(content.body)});
    return 200;
  }
  if (content.body.empty()) {
    return 200;  // Some phones ask in this way whether the call is still there.
  }
  const auto key = read_info_key(content.content_type, content.body);
  if (!key) {
    return key.error().code == base::Errc::Unsupported ? 415 : 400;
  }
  hear_key(key->key, key->duration, KeyPressed::By::Info);
  return 200;
}

void AgentCall::on_content_result(sip::InviteSession& /*session*/, sip::Method /*method*/, int status, std::uint64_t reference) {
  if (const auto sent = contents_.extract(reference)) {
    sent.mapped()(status);
    return;
  }
  if (info_keys_ == nullptr) {
    return;
  }
  if (const auto went = info_keys_->on_result(status); !went) {
    report(KeysFailed{went.error().message()});
  }
}

void AgentCall::hear_key(char key, base::Duration duration, KeyPressed::By by) {
  const KeyMerger::Way way = by == KeyPressed::By::Info ? KeyMerger::Way::Info : KeyMerger::Way::Media;
  if (merger_.is_new(key, way, agent_.user_agent().timers().clock().now())) {
    report(KeyPressed{key, duration, by});
  }
}

base::Result<void> AgentCall::renegotiate(const std::vector<std::string>& codecs, sdp::Direction direction) {
  auto known = media::codecs_by_name(codecs);
  return known ? propose(std::move(*known), direction) : known.error();
}

base::Result<void> AgentCall::change_direction(sdp::Direction direction) { return propose({}, direction); }

base::Result<void> AgentCall::hold() { return propose({}, sdp::Direction::SendOnly); }

base::Result<void> AgentCall::resume() { return propose({}, sdp::Direction::SendRecv); }

/// No codecs: those of now.
base::Result<void> AgentCall::propose(std::vector<sdp::Codec> codecs, sdp::Direction direction) {
  if (session_->state() != sip::InviteSession::State::Confirmed || negotiated() == nullptr) {
    return base::Error(base::Errc::WrongState, "The call is not answered");
  }
  if (before_ || awaiting_answer_) {
    return base::Error(base::Errc::WrongState, "Another change of the media is under way; try again when it is done");
  }
  sdp::AudioCapabilities& speaks = leg_->speaks();
  before_ = Spoken{speaks.codecs, std::exchange(speaks.direction, direction)};
  if (!codecs.empty()) {
    speaks.codecs = std::move(codecs);
  }
  // An offer of the other side may come in between: then this one is not to be made again as it was.
  auto sent = session_->reinvite(leg_->offer(), sip::InviteSession::OnGlare::Report);
  if (!sent) {
    speaks.codecs = std::move(before_->codecs);
    speaks.direction = before_->direction;
    before_.reset();
  }
  return sent;
}

base::Result<void> AgentCall::refuse(const Refusal& refusal) { return session_->reject(refusal.status, refusal.reason, refusal.headers); }

base::Result<void> AgentCall::transfer(std::string_view uri) { return session_->refer(uri, agent_.options().address_of_record); }

base::Result<void> AgentCall::transfer_to(AgentCall& other) {
  const auto peer = sip::NameAddr::parse(other.session_->dialog().remote);
  if (other.state() != sip::InviteSession::State::Confirmed || !peer) {
    return base::Error(base::Errc::WrongState, "The call to whom it is to be transferred is not answered");
  }
  const std::string replaces = sip::escape_header_value(other.session_->name_at_peer().to_string());
  return session_->refer(std::string(peer->uri) + "?Replaces=" + replaces, agent_.options().address_of_record);
}

void AgentCall::on_refer_result(sip::InviteSession& /*session*/, int status, std::string_view reason) {
  report(TransferProgress{TransferProgress::Stage::Answered, status, std::string(reason)});
}

void AgentCall::on_refer_progress(sip::InviteSession& /*session*/, std::string_view status_line, bool last) {
  TransferProgress progress{last ? TransferProgress::Stage::Ended : TransferProgress::Stage::Progress, 0, {}};
  const std::size_t blank = std::min(status_line.find(' '), status_line.size());
  if (std::from_chars(status_line.data(), status_line.data() + blank, progress.status).ec == std::errc() && blank < status_line.size()) {
    progress.reason = status_line.substr(blank + 1);
  }
  report(std::move(progress));
}

base::Result<void> AgentCall::send_text(std::string_view text) { return session_->send_content(sip::Method::Message, "text/plain", text); }

base::Result<void> AgentCall::send_content(const Content& content, std::function<void(int status)> answered) {
  const std::uint64_t reference = agent_.user_agent().next_reference();
  auto sent = session_->send_content(content.method, content.content_type, content.body, reference, content.headers, content.own_method);
  if (sent) {
    contents_.emplace(reference, std::move(answered));
  }
  return sent;
}

bool AgentCall::hear(std::shared_ptr<audio::LiveReader> reader) {
  if (leg_ == nullptr) {
    return false;
  }
  agent_.media().hear(leg_->stream(), std::move(reader));
  return true;
}

void AgentCall::measure() {
  if (leg_ != nullptr) {
    agent_.media().measure(leg_->stream());
  }
}

void AgentCall::play(const media::SourceSpec& source) {
  if (leg_ != nullptr) {
    agent_.media().set_source(leg_->stream(), source);
  }
}

}  // namespace callwright::call
