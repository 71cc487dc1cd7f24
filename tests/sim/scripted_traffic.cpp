#include "sim/scripted_traffic.hpp"

#include <algorithm>
#include <utility>

namespace callwright::simulation {
namespace {

using namespace std::chrono_literals;

constexpr std::size_t kMaxSteps = 300;
constexpr std::string_view kOutside[] = {"INVITE",  "OPTIONS", "REGISTER", "SUBSCRIBE", "MESSAGE", "REFER", "NOTIFY",
                                         "PUBLISH", "INFO",    "UPDATE",   "BYE",       "PRACK",   "CANCEL"};
constexpr std::string_view kInside[] = {"ACK", "CANCEL", "BYE", "INVITE", "UPDATE", "PRACK", "REFER", "NOTIFY", "INFO", "MESSAGE", "OPTIONS"};
constexpr int kStatuses[] = {100, 180, 183, 200, 202, 302, 401, 407, 408, 422, 423, 481, 486, 487, 491, 500, 503, 600};
constexpr sip::Transport kTransports[] = {sip::Transport::Udp, sip::Transport::Tcp, sip::Transport::Tls, sip::Transport::Ws, sip::Transport::Wss};
constexpr std::chrono::milliseconds kTimes[] = {1ms, 10ms, 100ms, 500ms, 1s, 4s, 10s, 40s, 200s, 1800s};

/// Header lines, each with its end, and the body.
std::pair<std::string, std::string> split(std::string_view text) {
  const std::size_t end = text.find("\n\n");
  std::string lines(text.substr(0, end));
  if (!lines.empty() && lines.back() != '\n') {
    lines.push_back('\n');
  }
  return {std::move(lines), std::string(end == std::string_view::npos ? std::string_view{} : text.substr(end + 2))};
}

bool names(std::string_view lines, std::string_view header) {
  return lines.starts_with(header) || lines.find("\n" + std::string(header)) != std::string_view::npos;
}

unsigned number_of(const std::string& text) { return static_cast<unsigned>(std::strtoul(text.c_str(), nullptr, 10)); }

}  // namespace

ScriptedTraffic::ScriptedTraffic(SimulatedNetwork& network, Node& target, sip::TransportUser& user, Application application)
    : network_(network), target_(target), user_(user), application_(std::move(application)), peer_(peers_.data()) {
  constexpr std::string_view kNames[] = {"alice", "bob"};
  for (std::size_t i = 0; i < peers_.size(); ++i) {
    Peer& peer = peers_[i];
    peer.name = kNames[i];
    peer.raw = std::make_unique<RawPeer>(network, "192.0.2." + std::to_string(i + 11) + ":5060");
    peer.digest = std::make_unique<sip::DigestClient>(sip::Credentials{peer.name, "secret of " + peer.name}, random_);
  }
}

std::size_t ScriptedTraffic::run(std::string_view script) {
  end_ = network_.clock().now() + 2h;
  std::size_t steps = 0;
  while (!script.empty() && steps < kMaxSteps && network_.clock().now() < end_) {
    const std::size_t bar = script.find('|');
    step(script.substr(0, bar));
    script = bar == std::string_view::npos ? std::string_view{} : script.substr(bar + 1);
    ++steps;
  }
  return steps;
}

void ScriptedTraffic::step(std::string_view text) {
  if (text.empty()) {
    return;
  }
  look();
  const char what = text[0];
  const std::size_t choice = text.size() < 2 ? 0 : static_cast<unsigned char>(text[1]) - std::size_t{'0'};
  const std::string_view rest = text.substr(std::min<std::size_t>(2, text.size()));
  switch (what) {
    case 'w': pass(choice); return;
    case 'i': request_outside(choice, rest); return;
    case 'd': request_inside(choice, rest); return;
    case 'r': respond(choice, rest, 0); return;
    case 'R': respond(3, rest, choice); return;
    case 'a': answer_challenge(); return;
    case 'm': send_raw(rest); return;
    case 'e': user_.on_transport_error({transport_, target_.address(), peer_->raw->node.address(), {}}, base::Error(base::Errc::Unreachable, "dead")); return;
    case 't': transport_ = kTransports[choice % std::size(kTransports)]; return;
    case 'p': peer_ = &peers_[choice % peers_.size()]; return;
    case 'x': application_(choice, rest); return;
    default: return;
  }
}

void ScriptedTraffic::pass(std::size_t choice) {
  network_.run_for(std::min<base::Duration>(kTimes[choice % std::size(kTimes)], end_ - network_.clock().now()));
}

void ScriptedTraffic::look() {
  for (Peer& peer : peers_) {
    for (; peer.seen < peer.raw->received.size(); ++peer.seen) {
      look(peer, peer.raw->received[peer.seen]);
    }
  }
}

void ScriptedTraffic::look(Peer& peer, const std::string& message) {
  if (message.starts_with("INVITE ") && parameter_of(message, "To", "tag").empty()) {
    peer.dialog = Dialog();
    peer.dialog.call_id = header_of(message, "Call-ID");
    peer.dialog.local_tag = "peer";
    peer.dialog.remote_tag = parameter_of(message, "From", "tag");
    peer.dialog.theirs = true;
  }
  if (!message.starts_with("SIP/2.0 ")) {
    return;
  }
  const std::string tag = parameter_of(message, "To", "tag");
  if (!peer.dialog.theirs && !tag.empty() && header_of(message, "Call-ID") == peer.dialog.call_id) {
    peer.dialog.remote_tag = tag;
  }
  peer.dialog.rseq = std::max(peer.dialog.rseq, number_of(header_of(message, "RSeq")));
  for (const std::string_view header : {"WWW-Authenticate", "Proxy-Authenticate"}) {
    if (std::string value = header_of(message, header); !value.empty()) {
      peer.challenge = std::move(value);
    }
  }
}

std::string ScriptedTraffic::contact() const {
  std::string line = "Contact: <sip:";
  return line.append(peer_->name).append("@").append(peer_->raw->node.address().to_string()).append(sip::uri_parameter(transport_)).append(">\r\n");
}

void ScriptedTraffic::request_outside(std::size_t choice, std::string_view text) {
  const std::string_view method = kOutside[choice % std::size(kOutside)];
  peer_->dialog = Dialog();
  peer_->dialog.call_id = next("call");
  peer_->dialog.local_tag = next("tag");
  peer_->latest = {
      .method = std::string(method), .text = std::string(text), .branch = next("z9hG4bK"), .to_tag = {}, .authorization = {}, .cseq = ++peer_->dialog.cseq};
  if (method == "INVITE") {
    peer_->dialog.invite_branch = peer_->latest.branch;
    peer_->dialog.invite_cseq = peer_->dialog.cseq;
  }
  send(peer_->latest);
}

void ScriptedTraffic::request_inside(std::size_t choice, std::string_view text) {
  const std::string_view method = kInside[choice % std::size(kInside)];
  Dialog& dialog = peer_->dialog;
  Request request{.method = std::string(method),
                  .text = std::string(text),
                  .branch = next("z9hG4bK"),
                  .to_tag = dialog.remote_tag,
                  .authorization = {},
                  .cseq = dialog.invite_cseq};
  if (method == "CANCEL") {
    request.branch = dialog.invite_branch;
    request.to_tag.clear();  // It repeats the To of the INVITE that it ends.
  } else if (method != "ACK") {
    request.cseq = ++dialog.cseq;
  }
  if (method == "INVITE") {
    dialog.invite_branch = request.branch;
    dialog.invite_cseq = request.cseq;
  }
  if (method == "PRACK" && !names(text, "RAck")) {
    request.text.insert(0, "RAck: " + std::to_string(dialog.rseq) + " " + std::to_string(dialog.invite_cseq) + " INVITE\n");
  }
  peer_->latest = request;
  send(request);
}

void ScriptedTraffic::answer_challenge() {
  const auto challenge = sip::DigestChallenge::parse(peer_->challenge);
  Request& request = peer_->latest;
  if (!challenge || request.method.empty()) {
    return;
  }
  request.branch = next("z9hG4bK");
  request.cseq = ++peer_->dialog.cseq;
  if (request.method == "INVITE") {
    peer_->dialog.invite_branch = request.branch;
    peer_->dialog.invite_cseq = request.cseq;
  }
  request.authorization = "Authorization: " + peer_->digest->authorize(*challenge, request.method, "sip:192.0.2.1") + "\r\n";
  send(request);
}

void ScriptedTraffic::send(const Request& request) {
  const auto [lines, body] = split(request.text);
  const Dialog& dialog = peer_->dialog;
  const std::string own = "<sip:" + peer_->name + "@192.0.2.1>";
  const std::string uri = request.method == "REGISTER" ? "sip:192.0.2.1" : peer_ == peers_.data() ? "sip:bob@192.0.2.1" : "sip:alice@192.0.2.1";
  std::string text = request.method + " " + uri + " SIP/2.0\r\nVia: SIP/2.0/" + std::string(to_string(transport_)) + " " +
                     peer_->raw->node.address().to_string() + ";branch=" + request.branch + ";rport\r\nMax-Forwards: 70\r\nFrom: " + own +
                     ";tag=" + dialog.local_tag + "\r\nTo: " + (request.method == "REGISTER" ? own : "<" + uri + ">");
  if (!request.to_tag.empty()) {
    text += ";tag=" + request.to_tag;
  }
  text += "\r\nCall-ID: " + dialog.call_id + "\r\nCSeq: " + std::to_string(request.cseq) + " " + request.method + "\r\n" + request.authorization;
  if (!names(lines, "Contact")) {
    text += contact();
  }
  text.append(lines).append("Content-Length: ").append(std::to_string(body.size())).append("\r\n\r\n").append(body);
  peer_->raw->send(target_, text, transport_);
}

void ScriptedTraffic::respond(std::size_t choice, std::string_view text, std::size_t back) {
  const auto& received = peer_->raw->received;
  for (auto message = received.rbegin(); message != received.rend(); ++message) {
    if (message->starts_with("SIP/2.0 ") || message->starts_with("ACK ") || back-- > 0) {
      continue;
    }
    auto [lines, body] = split(text);
    if (!names(lines, "Contact")) {
      lines += contact();
    }
    peer_->raw->reply(*message, {.status = kStatuses[choice % std::size(kStatuses)], .headers = lines, .body = body});
    return;
  }
}

void ScriptedTraffic::send_raw(std::string_view text) {
  std::string message;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const char next_one = text[i] == '$' && i + 1 < text.size() ? text[i + 1] : ' ';
    const Dialog& dialog = peer_->dialog;
    switch (next_one) {
      case 'b': message += peer_->latest.branch; break;
      case 'c': message += dialog.call_id; break;
      case 't': message += dialog.remote_tag; break;
      case 'f': message += dialog.local_tag; break;
      default: message += text[i]; continue;
    }
    ++i;
  }
  peer_->raw->send(target_, message, transport_);
}

}  // namespace callwright::simulation
