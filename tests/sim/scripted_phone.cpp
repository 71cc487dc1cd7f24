#include "sim/scripted_phone.hpp"

#include <algorithm>
#include <utility>

namespace callwright::simulation {

namespace {

constexpr std::string_view kExchange = "192.0.2.1";

std::string without_parameters(const std::string& uri) { return uri.substr(0, uri.find(';')); }

}  // namespace

ScriptedPhone::ScriptedPhone(sip::UserAgent& user_agent, std::string name, PhoneScript how)
    : script(std::move(how)),
      password("secret of " + name),
      user_agent_(user_agent),
      name_(std::move(name)),
      registration_(
          user_agent,
          {.address_of_record = "sip:" + name_ + "@192.0.2.1", .registrar = "sip:192.0.2.1:5060", .contact_user = name_, .credentials = {name_, password}},
          *this) {
  user_agent_.set_handler(this);
}

ScriptedPhone::~ScriptedPhone() { user_agent_.set_handler(nullptr); }

PhoneLeg& ScriptedPhone::dial(const std::string& uri, std::string_view offer, PhoneLeg* referrer) {
  legs_.push_back(std::make_unique<PhoneLeg>(*this, referrer));
  PhoneLeg& leg = *legs_.back();
  leg.dial(uri, offer);
  return leg;
}

PhoneLeg& ScriptedPhone::call(const std::string& user) { return dial("sip:" + user + "@" + std::string(kExchange), sdp()); }

std::size_t ScriptedPhone::active() const {
  return static_cast<std::size_t>(std::count_if(legs_.begin(), legs_.end(), [](const auto& leg) { return !leg->ended(); }));
}

void ScriptedPhone::hang_up() {
  for (std::size_t i = 0; i < legs_.size(); ++i) {
    legs_[i]->hang_up();
  }
}

std::string ScriptedPhone::sdp(int version, std::string_view direction) const {
  std::string text = "v=0\r\no=" + name_ + " 1 " + std::to_string(version) + " IN IP4 203.0.113.1\r\ns=-\r\nc=IN IP4 " + script.address + "\r\nt=0 0\r\n";
  return text.append("m=audio 4000 ").append(script.audio).append("\r\na=rtpmap:0 PCMU/8000\r\na=").append(direction).append("\r\n");
}

void ScriptedPhone::on_request(sip::ServerTransaction& transaction, const sip::Message& request) {
  if (request.method() == sip::Method::Message) {
    transaction.respond({.status = script.message});
    return;
  }
  if (request.method() != sip::Method::Invite) {
    transaction.respond({.status = 405});
    return;
  }
  legs_.push_back(std::make_unique<PhoneLeg>(*this, nullptr));
  legs_.back()->receive(transaction, request);
}

void ScriptedPhone::on_registered(sip::RegisterClient& /*client*/, std::chrono::seconds /*expires*/) {}
void ScriptedPhone::on_registration_failed(sip::RegisterClient& /*client*/, int status, std::string_view /*reason*/) { registration_refused_ = status; }
void ScriptedPhone::on_unregistered(sip::RegisterClient& /*client*/) {}

PhoneLeg::PhoneLeg(ScriptedPhone& phone, PhoneLeg* referrer)
    : phone_(phone),
      referrer_(referrer),
      answer_timer_(phone.user_agent().timers(), base::Callback::to<&PhoneLeg::on_answer_time>(*this)),
      dial_timer_(phone.user_agent().timers(), base::Callback::to<&PhoneLeg::on_dial_time>(*this)) {}

PhoneLeg::~PhoneLeg() { phone_.user_agent().retire(std::move(session_)); }

void PhoneLeg::dial(const std::string& uri, std::string_view sdp) {
  sip::InviteSession::CallerOptions options;
  options.uri = uri.substr(0, uri.find('?'));
  const auto headers = sip::UriView::parse(uri);
  if (const auto replaces = headers ? headers->header("Replaces") : std::nullopt) {
    options.replaces = sip::DialogName::parse(sip::unescape(*replaces));
  }
  options.from = "<sip:" + phone_.name() + "@" + std::string(kExchange) + ">";
  options.to = "<" + without_parameters(uri) + ">";
  options.contact_user = phone_.name();
  options.credentials = sip::Credentials{phone_.name(), phone_.password};
  options.headers = phone_.script.headers;
  session_ = phone_.user_agent().call(std::move(options), *this);
  call_id_ = session_->call_id();
  static_cast<void>(session_->invite(sdp));
}

void PhoneLeg::receive(sip::ServerTransaction& transaction, const sip::Message& invite) {
  session_ = phone_.user_agent().answer(transaction, invite, phone_.name(), *this);
  call_id_ = session_->call_id();
  take(invite.body());
  offered_ = invite.body().empty();
  if (phone_.script.ring != 0) {
    static_cast<void>(session_->provisional(phone_.script.ring, phone_.script.ring_sdp == PhoneScript::RingSdp::Early ? phone_.sdp() : ""));
  }
  if (phone_.script.answer != 0) {
    answer_timer_.start(phone_.script.answer_after);
  }
}

void PhoneLeg::on_answer_time() {
  if (ended_) {
    return;
  }
  const bool first = &phone_.leg(0) == this;
  const int answer = first || phone_.script.answer_other == 0 ? phone_.script.answer : phone_.script.answer_other;
  if (answer >= 300) {
    static_cast<void>(session_->reject(answer, {}, phone_.script.answer_headers));
  } else {
    static_cast<void>(session_->accept(phone_.sdp(version_)));
  }
}

void PhoneLeg::hang_up() {
  if (!ended_) {
    session_->end();
  }
}

void PhoneLeg::reinvite(std::string_view sdp) { static_cast<void>(session_->reinvite(sdp)); }

void PhoneLeg::update(std::string_view sdp) { static_cast<void>(session_->update(sdp)); }

void PhoneLeg::refer(const std::string& target) { static_cast<void>(session_->refer(target, "sip:" + phone_.name() + "@" + std::string(kExchange))); }

void PhoneLeg::refer(const std::string& target, PhoneLeg& consultation) {
  refer(target + "?Replaces=" + sip::escape_header_value(consultation.session_->name_at_peer().to_string()));
}

std::string PhoneLeg::hears() const {
  const std::size_t at = remote_sdp_.find("o=");
  return at == std::string::npos ? std::string{} : remote_sdp_.substr(at + 2, remote_sdp_.find(' ', at) - at - 2);
}

void PhoneLeg::take(std::string_view sdp) {
  if (!sdp.empty()) {
    remote_sdp_ = sdp;
  }
}

void PhoneLeg::on_provisional(sip::InviteSession& /*session*/, const sip::InviteProgress& progress) {
  log_.push_back(std::to_string(progress.status));
  take(progress.sdp);
  tell_referrer(progress.status);
}

void PhoneLeg::on_accepted(sip::InviteSession& session, const sip::InviteProgress& progress) {
  log_.push_back(std::to_string(progress.status));
  take(progress.sdp);
  confirmed_ = true;
  static_cast<void>(session.acknowledge(phone_.sdp()));  // Does nothing unless the INVITE had no offer.
  tell_referrer(progress.status);
}

void PhoneLeg::on_confirmed(sip::InviteSession& /*session*/, std::string_view sdp) {
  confirmed_ = true;
  take(sdp);
}

namespace {

/// The direction of an answer that agrees with the offer (RFC 3264 §6.1), by whoever would rather say `wanted`.
std::string_view answer_to(std::string_view offer, std::string_view wanted) {
  if (offer.find("a=inactive") != std::string_view::npos) {
    return "inactive";
  }
  if (wanted == "sendrecv" && offer.find("a=sendonly") != std::string_view::npos) {
    return "recvonly";
  }
  return wanted == "sendrecv" && offer.find("a=recvonly") != std::string_view::npos ? "sendonly" : wanted;
}

}  // namespace

void PhoneLeg::on_reinvite(sip::InviteSession& session, std::string_view sdp) {
  log_.emplace_back(sdp.empty() ? "re-INVITE without offer" : "re-INVITE");
  take(sdp);
  if (phone_.script.reinvite >= 300) {
    static_cast<void>(session.reject_reinvite(phone_.script.reinvite));
  } else if (phone_.script.reinvite != 0) {
    static_cast<void>(session.accept_reinvite(phone_.sdp(++version_, answer_to(sdp, phone_.script.direction))));
  }
}

void PhoneLeg::on_reinvite_result(sip::InviteSession& session, const sip::InviteProgress& result) {
  log_.push_back("re-INVITE " + std::to_string(result.status));
  take(result.sdp);
  static_cast<void>(session.acknowledge(phone_.sdp(++version_)));
}

void PhoneLeg::on_update(sip::InviteSession& session, std::string_view sdp) {
  log_.emplace_back("UPDATE");
  take(sdp);
  static_cast<void>(session.accept_update(phone_.sdp(++version_)));
}

void PhoneLeg::on_update_result(sip::InviteSession& /*session*/, const sip::InviteProgress& result) {
  log_.push_back("UPDATE " + std::to_string(result.status));
  take(result.sdp);
}

void PhoneLeg::on_refer(sip::InviteSession& session, const sip::IncomingRefer& refer) {
  if (phone_.script.refer >= 300) {
    static_cast<void>(session.reject_refer(phone_.script.refer));
    return;
  }
  refer_to_ = phone_.script.token == PhoneScript::Token::Lost ? without_parameters(std::string(refer.refer_to)) : std::string(refer.refer_to);
  static_cast<void>(session.accept_refer());
  referring_ = true;
  dial_timer_.start(phone_.script.dial_after);
}

void PhoneLeg::on_dial_time() {
  if (phone_.script.after_refer == PhoneScript::AfterRefer::HangsUp) {
    hang_up();
  }
  if (phone_.script.dials == PhoneScript::Dials::Yes) {
    phone_.dial(refer_to_, phone_.sdp(), this);
  } else {
    referring_ = false;
    retire_when_done();
  }
}

void PhoneLeg::tell_referrer(int status) {
  if (referrer_ == nullptr) {
    return;
  }
  PhoneLeg& referrer = *referrer_;
  if (referrer.session_ != nullptr) {
    static_cast<void>(referrer.session_->notify_refer(status));
  }
  if (status >= 200) {
    referrer_ = nullptr;
    referrer.referring_ = false;
    referrer.retire_when_done();
  }
}

void PhoneLeg::on_refer_result(sip::InviteSession& /*session*/, int status, std::string_view /*reason*/) { log_.push_back("REFER " + std::to_string(status)); }

void PhoneLeg::on_refer_progress(sip::InviteSession& /*session*/, std::string_view status_line, bool /*last*/) {
  log_.push_back("NOTIFY " + std::string(status_line));
}

int PhoneLeg::on_content(sip::InviteSession& /*session*/, const sip::DialogContent& content) {
  log_.push_back(std::string(sip::to_string(content.method)) + " " + std::string(content.body));
  return phone_.script.content;
}

void PhoneLeg::on_ended(sip::InviteSession& /*session*/, const sip::SessionEnd& end) {
  ended_ = true;
  end_status_ = end.status;
  end_reason_ = end.reason;
  answer_timer_.cancel();
  tell_referrer(end.status >= 300 ? end.status : 487);
  retire_when_done();
}

void PhoneLeg::retire_when_done() {
  if (ended_ && !referring_) {
    phone_.user_agent().retire(std::move(session_));
  }
}

}  // namespace callwright::simulation
