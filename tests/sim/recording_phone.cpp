#include "sim/recording_phone.hpp"

namespace callwright::simulation {

using sip::InviteProgress;
using sip::InviteSession;

RecordingPhone::RecordingPhone(SimulatedNetwork& network, sip::Resolver& resolver, std::string_view address, sip::TransactionLayer::Settings settings)
    : node(network.add_node(address)),
      agent(network.timers(), network.random(), node, resolver, std::move(settings)),
      digest_("sim", network.clock(), network.random()) {
  node.attach(agent.transport_user());
  agent.set_handler(this);
}

InviteSession& RecordingPhone::call(const std::string& target, std::string_view offer) {
  InviteSession::CallerOptions options;
  options.uri = target;
  options.to = "<" + target + ">";
  return call(std::move(options), offer);
}

InviteSession& RecordingPhone::call(InviteSession::CallerOptions options, std::string_view offer) {
  options.from = "<" + uri() + ">";
  options.contact_user = "alice";
  session_ = agent.call(std::move(options), *this);
  session_->invite(offer).value();
  return *session_;
}

bool RecordingPhone::nothing_left() {
  const sip::TransactionLayer& layer = agent.transactions();
  return agent.dialogs() == 0 && agent.retired() == 0 && layer.client_transactions() == 0 && layer.server_transactions() == 0;
}

sip::DigestServer::Verdict RecordingPhone::judge(const sip::Message& request) {
  const auto answer = sip::DigestResponse::parse(request.header(sip::Header::Authorization).value_or(std::string_view{}));
  if (!answer) {
    return sip::DigestServer::Verdict::Wrong;
  }
  const auto verdict = digest_.verify(*answer, request.method_text(), sip::digest_ha1(answer->algorithm, "alice", "sim", password_));
  return verdict == sip::DigestServer::Verdict::Accepted && stale_-- > 0 ? sip::DigestServer::Verdict::Stale : verdict;
}

void RecordingPhone::on_request(sip::ServerTransaction& transaction, const sip::Message& request) {
  if (request.method() != sip::Method::Invite) {
    transaction.respond({.status = 405});
    return;
  }
  if (!password_.empty()) {
    const auto verdict = judge(request);
    if (verdict != sip::DigestServer::Verdict::Accepted) {
      const bool stale = verdict == sip::DigestServer::Verdict::Stale;
      const std::string challenge = "WWW-Authenticate: " + digest_.challenge(sip::DigestAlgorithm::Md5, stale) + "\r\n";
      transaction.respond({.status = 401, .headers = challenge});
      return;
    }
  }
  session_ = agent.answer(transaction, request, "bob", *this);
  InviteSession& session = *session_;
  note(session, "incoming", request.body());
  if (on_incoming) {
    on_incoming(session);
  }
}

void RecordingPhone::on_replaces(sip::ServerTransaction& transaction, const sip::Message& invite, InviteSession& replaced) {
  former_ = std::move(session_);
  session_ = agent.answer(transaction, invite, "bob", *this);
  note(*session_, "replacing", invite.body());
  if (on_named) {
    on_named(replaced);
  }
}

void RecordingPhone::on_join(sip::ServerTransaction& transaction, const sip::Message& invite, InviteSession& joined) {
  former_ = std::move(session_);
  session_ = agent.answer(transaction, invite, "bob", *this);
  note(*session_, "joining", invite.body());
  if (on_named) {
    on_named(joined);
  }
}

void RecordingPhone::note(InviteSession& session, std::string event, std::string_view detail) {
  if (!detail.empty()) {
    event.append(" ").append(detail);
  }
  events_.push_back(std::move(event));
  if (on_event) {
    on_event(session);
  }
}

void RecordingPhone::on_provisional(InviteSession& session, const InviteProgress& progress) {
  last_progress_tag = progress.tag;
  note(session, "provisional " + std::to_string(progress.status), progress.sdp);
}

void RecordingPhone::on_accepted(InviteSession& session, const InviteProgress& progress) {
  last_progress_tag = progress.tag;
  note(session, "accepted", progress.sdp);
}

void RecordingPhone::on_confirmed(InviteSession& session, std::string_view sdp) { note(session, "confirmed", sdp); }

void RecordingPhone::on_reinvite(InviteSession& session, std::string_view sdp) { note(session, "reinvite", sdp); }

void RecordingPhone::on_reinvite_result(InviteSession& session, const InviteProgress& result) {
  note(session, "reinvite_result " + std::to_string(result.status), result.sdp);
}

void RecordingPhone::on_prack(InviteSession& session, std::string_view sdp) { note(session, "prack", sdp); }

void RecordingPhone::on_update(InviteSession& session, std::string_view sdp) { note(session, "update", sdp); }

void RecordingPhone::on_update_result(InviteSession& session, const InviteProgress& result) {
  note(session, "update_result " + std::to_string(result.status), result.sdp);
}

void RecordingPhone::on_refer(InviteSession& session, const sip::IncomingRefer& refer) {
  last_replaces = refer.replaces;
  note(session, "refer " + std::string(refer.refer_to), refer.referred_by);
}

int RecordingPhone::on_content(InviteSession& session, const sip::DialogContent& content) {
  note(session, std::string(sip::to_string(content.method)) + " " + std::string(content.content_type), content.body);
  return content_status;
}

void RecordingPhone::on_content_result(InviteSession& session, sip::Method method, int status, std::uint64_t /*reference*/) {
  note(session, "content_result " + std::string(sip::to_string(method)) + " " + std::to_string(status));
}

void RecordingPhone::on_refer_result(InviteSession& session, int status, std::string_view /*reason*/) {
  note(session, "refer_result " + std::to_string(status));
}

void RecordingPhone::on_refer_progress(InviteSession& session, std::string_view status_line, bool last) {
  note(session, last ? "refer_progress last" : "refer_progress", status_line);
}

void RecordingPhone::on_ended(InviteSession& session, const sip::SessionEnd& end) {
  last_end = end;
  constexpr const char* kParties[] = {"local ", "remote ", "network "};
  note(session, std::string("ended ") + kParties[static_cast<int>(end.by)] + std::to_string(end.status));
}

}  // namespace callwright::simulation
