#include "sip/transaction_layer.hpp"

#include "base/log.hpp"
#include "sip/stun.hpp"
#include "sip/writer.hpp"

#include <charconv>
#include <utility>
#include <vector>

namespace callwright::sip {
namespace {

constexpr std::string_view kMagicCookie = "z9hG4bK";
constexpr std::string_view kViaStart = "Via: SIP/2.0/";
constexpr std::string_view kBranchStart = ";branch=";

/// What follows the magic cookie in a branch of ours.
constexpr std::size_t kBranchCharacters = 16;

/// Of a request of ours, whose second line is its Via.
std::string_view branch_of(std::string_view request) {
  const std::size_t via = request.find("\r\n");
  const std::size_t start = request.find(kBranchStart, via) + kBranchStart.size();
  return request.substr(start, kMagicCookie.size() + kBranchCharacters);
}

char method_letter(Method method) noexcept { return static_cast<char>('A' + static_cast<int>(method)); }

void append_number(std::string& text, std::uint32_t number) {
  char digits[12];
  const auto end = std::to_chars(digits, digits + sizeof digits, number).ptr;
  text.append(digits, end);
}

}  // namespace

TransactionLayer::TransactionLayer(base::Timers& timers, base::Random& random, TransportPort& transport, Settings settings)
    : timers_(timers), random_(random), transport_(transport), settings_(std::move(settings)), make_key_(random), overload_(timers, settings_.max_lag) {}

TransactionLayer::~TransactionLayer() = default;

MatchKey TransactionLayer::client_key(std::string_view branch, Method method) {
  // RFC 3261 §17.1.3: branch and CSeq method.
  key_text_.assign(branch).push_back(method_letter(method));
  return make_key_(key_text_);
}

/// RFC 3261 §17.2.3; a request of an RFC 2543 phone, whose branch means nothing, is known by what it carries.
MatchKey TransactionLayer::server_key(const Message& request, Method method) {
  const Via& via = request.top_via();
  key_text_.clear();
  if (via.branch().starts_with(kMagicCookie)) {
    key_text_.append(via.branch());
  } else {
    key_text_.append(request.call_id()).append("|").append(request.from().tag()).append("|").append(request.request_uri()).append("|");
    append_number(key_text_, request.cseq().number);
  }
  key_text_.append("|").append(via.host).append(":");
  append_number(key_text_, via.port);
  key_text_.push_back(method_letter(method));
  return make_key_(key_text_);
}

std::uint64_t TransactionLayer::identity_of(const Message& request) {
  if (!request.to().tag().empty() || request.method() == Method::Ack || request.method() == Method::Cancel) {
    return 0;
  }
  key_text_.assign(request.call_id()).append("|").append(request.from().tag()).append("|");
  append_number(key_text_, request.cseq().number);
  key_text_.push_back(method_letter(request.method()));
  return make_key_(key_text_).low | 1;
}

void TransactionLayer::send(const Flow& flow, std::string_view message) {
  trace(TraceSink::Direction::Sent, flow, message);
  transport_.send(flow, message);
}

void TransactionLayer::trace(TraceSink::Direction direction, const Flow& flow, std::string_view message) {
  if (trace_ == nullptr) {
    return;
  }
  Flow seen = flow;
  if (seen.local.port == 0 || seen.local.ip.is_unspecified()) {
    // The transport or the route will choose; a trace has to say what.
    seen.local = transport_.local_address(flow.transport, flow.remote).value_or(flow.local);
  }
  trace_->on_trace(direction, seen, message);
}

void TransactionLayer::on_message(const Flow& flow, std::string_view bytes) {
  if (bytes.find_first_not_of("\r\n") == std::string_view::npos || is_stun(bytes)) {
    core_->on_keep_alive(flow, bytes);
    return;
  }
  ++statistics_.received;
  trace(TraceSink::Direction::Received, flow, bytes);
  Message message;
  if (!message.parse(bytes)) {
    refuse_malformed(flow, message);
    return;
  }
  if (message.is_request()) {
    on_request(flow, message);
  } else {
    on_response(message);
  }
}

void TransactionLayer::refuse_malformed(const Flow& flow, const Message& message) {
  ++statistics_.malformed;
  const ParseError& error = message.error();
  base::log::debug("malformed SIP message refused", {{"from", flow.remote.to_string()}, {"position", error.position}, {"reason", error.reason}});
  if (error.answerable && message.is_request() && message.method() != Method::Ack) {
    const std::string reason = std::string(reason_phrase(error.status)) + " - " + std::string(error.reason);
    respond_statelessly(flow, message, {.status = error.status, .reason = reason});
  }
}

void TransactionLayer::respond_statelessly(const Flow& flow, const Message& request, const Response& response) {
  // A transaction that is never kept renders and sends the answer; ACKs and retransmissions are absorbed as strays.
  ServerTransaction once(*this, {}, 0, request, flow);
  once.respond(response);
}

void TransactionLayer::on_request(const Flow& flow, const Message& request) {
  const bool ack = request.method() == Method::Ack;
  const MatchKey key = server_key(request, ack ? Method::Invite : request.method());
  if (const auto found = servers_.find(key); found != servers_.end()) {
    if (!ack) {
      found->second->on_retransmission();
      return;
    }
    if (!found->second->accepted()) {
      found->second->on_ack();
      return;
    }
  }
  if (ack) {
    core_->on_ack(request);
    return;
  }
  const std::uint64_t identity = identity_of(request);
  if (const std::string_view reason = identity != 0 ? overload(request.method()) : std::string_view{}; !reason.empty()) {
    ++statistics_.refused;
    overload_.on_refused(reason);
    const std::string retry_after = "Retry-After: " + std::to_string(settings_.retry_after_s) + "\r\n";
    respond_statelessly(flow, request, {.status = 503, .headers = retry_after});
    return;
  }
  if (identity != 0 && !identities_.insert(identity).second) {
    ++statistics_.merged;
    respond_statelessly(flow, request, {.status = 482, .reason = "Merged Request"});
    return;
  }
  accept_request(flow, request, key, identity);
}

std::string_view TransactionLayer::overload(Method method) {
  overload_.on_request();
  if (servers_.size() >= settings_.max_server_transactions) {
    return "too many transactions";
  }
  const bool makes_dialog = method == Method::Invite || method == Method::Subscribe || method == Method::Refer;
  if (makes_dialog && core_->dialogs() >= settings_.max_dialogs) {
    return "too many dialogs";
  }
  return overload_.lagging() ? "the engine does not keep up" : "";
}

void TransactionLayer::accept_request(const Flow& flow, const Message& request, const MatchKey& key, std::uint64_t identity) {
  auto made = std::make_unique<ServerTransaction>(*this, key, identity, request, flow);
  ServerTransaction& transaction = *made;
  servers_.emplace(key, std::move(made));
  core_->on_request(transaction, request);
}

void TransactionLayer::on_response(const Message& response) {
  const auto found = clients_.find(client_key(response.top_via().branch(), response.cseq().method));
  if (found == clients_.end()) {
    ++statistics_.strays;
    return;
  }
  found->second->on_response(response);
}

void TransactionLayer::on_transport_error(const Flow& flow, const base::Error& error) {
  if (flow.connection) {
    core_->on_flow_failed(flow);
  }
  const auto found = by_remote_.find(flow.remote);
  if (found == by_remote_.end()) {
    return;
  }
  base::log::debug("peer unreachable", {{"remote", flow.remote.to_string()}, {"reason", error.message()}});
  // A callback may end other transactions of this list: keys, not pointers, survive that.
  std::vector<MatchKey> keys;
  for (const ClientTransaction& transaction : found->second) {
    if (transaction.flow().transport == flow.transport) {
      keys.push_back(transaction.key());
    }
  }
  for (const MatchKey& key : keys) {
    if (const auto client = clients_.find(key); client != clients_.end()) {
      client->second->on_transport_error();
    }
  }
}

ClientTransaction& TransactionLayer::send_request(Method method, std::string request, const Flow& flow, ClientTransactionUser& user) {
  const MatchKey key = client_key(branch_of(request), method);
  auto made = std::make_unique<ClientTransaction>(*this, key, method, std::move(request), flow, user);
  ClientTransaction& transaction = *made;
  clients_.emplace(key, std::move(made));
  by_remote_[flow.remote].push_back(transaction);
  transaction.start();
  return transaction;
}

bool TransactionLayer::append_via(std::string& request, const Flow& flow) {
  const auto local = transport_.local_address(flow.transport, flow.remote);
  if (!local) {
    return false;
  }
  ViaStart& start = via_starts_[static_cast<std::size_t>(flow.transport)];
  if (start.text.empty() || start.sent_by != *local) {
    start.sent_by = *local;
    start.text.assign(kViaStart).append(to_string(flow.transport)).append(" ");
    local->append_to(start.text);
    start.text.append(kBranchStart).append(kMagicCookie);
  }
  request.append(start.text);
  random_.append_token(request, kBranchCharacters);
  request.append(";rport\r\n");
  return true;
}

ServerTransaction* TransactionLayer::find_cancelled(const Message& cancel) {
  const auto found = servers_.find(server_key(cancel, Method::Invite));
  return found == servers_.end() ? nullptr : found->second.get();
}

void TransactionLayer::forget_remote(ClientTransaction& transaction) {
  if (!transaction.WaitingHook::is_linked()) {
    return;
  }
  transaction.WaitingHook::unlink();
  const auto remote = by_remote_.find(transaction.flow().remote);
  if (remote->second.empty()) {
    by_remote_.erase(remote);
  }
}

void TransactionLayer::remove(ClientTransaction& transaction) {
  forget_remote(transaction);
  clients_.erase(transaction.key());
}

void TransactionLayer::remove(ServerTransaction& transaction) {
  identities_.erase(transaction.request_identity());
  servers_.erase(transaction.key());
}

}  // namespace callwright::sip
