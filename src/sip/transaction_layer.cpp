#include "sip/transaction_layer.hpp"

#include "base/log.hpp"
#include "sip/writer.hpp"

#include <charconv>
#include <utility>
#include <vector>

namespace callwright::sip {
namespace {

constexpr std::string_view kMagicCookie = "z9hG4bK";

void append_number(std::string& text, std::uint32_t number) {
  char digits[12];
  const auto end = std::to_chars(digits, digits + sizeof digits, number).ptr;
  text.append(digits, end);
}

/// RFC 3261 §17.2.3; a request of an RFC 2543 phone, whose branch means nothing, is known by what it carries.
void make_server_key(std::string& key, const Message& request, Method method) {
  const Via& via = request.top_via();
  key.clear();
  if (via.branch().starts_with(kMagicCookie)) {
    key.append(via.branch());
  } else {
    key.append(request.call_id()).append("|").append(request.from().tag()).append("|").append(request.request_uri()).append("|");
    append_number(key, request.cseq().number);
  }
  key.append("|").append(via.host).append(":");
  append_number(key, via.port);
  key.push_back('|');
  key.push_back(static_cast<char>('A' + static_cast<int>(method)));
}

std::uint64_t identity_of(const Message& request) {
  if (!request.to().tag().empty() || request.method() == Method::Ack || request.method() == Method::Cancel) {
    return 0;
  }
  const std::hash<std::string_view> hash;
  std::uint64_t value = hash(request.call_id());
  value = value * 0x9e3779b97f4a7c15ULL + hash(request.from().tag());
  value = value * 0x9e3779b97f4a7c15ULL + request.cseq().number;
  value = value * 0x9e3779b97f4a7c15ULL + static_cast<std::uint64_t>(request.method());
  return value | 1;
}

}  // namespace

void make_client_key(std::string& key, std::string_view branch, Method method) {
  key.assign(branch);
  key.push_back('|');
  key.push_back(static_cast<char>('A' + static_cast<int>(method)));
}

TransactionLayer::TransactionLayer(base::Timers& timers, base::Random& random, TransportPort& transport, Settings settings)
    : timers_(timers), random_(random), transport_(transport), settings_(std::move(settings)) {}

TransactionLayer::~TransactionLayer() = default;

void TransactionLayer::send(const Flow& flow, std::string_view message) {
  if (trace_ != nullptr) {
    Flow seen = flow;
    if (seen.local.port == 0) {
      // The transport will choose; a trace has to say what.
      seen.local = transport_.local_address(flow.transport, flow.remote).value_or(flow.local);
    }
    trace_->on_trace(TraceSink::Direction::Sent, seen, message);
  }
  transport_.send(flow, message);
}

void TransactionLayer::on_message(const Flow& flow, std::string_view bytes) {
  ++statistics_.received;
  if (trace_ != nullptr) {
    trace_->on_trace(TraceSink::Direction::Received, flow, bytes);
  }
  if (!message_.parse(bytes)) {
    refuse_malformed(flow, message_);
    return;
  }
  if (message_.is_request()) {
    on_request(flow, message_);
  } else {
    on_response(message_);
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
  const std::string no_key;
  ServerTransaction once(*this, no_key, 0, request, flow);
  once.respond(response);
}

void TransactionLayer::on_request(const Flow& flow, const Message& request) {
  const bool ack = request.method() == Method::Ack;
  make_server_key(key_, request, ack ? Method::Invite : request.method());
  if (const auto found = servers_.find(key_); found != servers_.end()) {
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
  if (identity != 0 && servers_.size() >= settings_.max_server_transactions) {
    ++statistics_.refused;
    const std::string retry_after = "Retry-After: " + std::to_string(settings_.retry_after_s) + "\r\n";
    respond_statelessly(flow, request, {.status = 503, .headers = retry_after});
    return;
  }
  if (identity != 0 && !identities_.insert(identity).second) {
    ++statistics_.merged;
    respond_statelessly(flow, request, {.status = 482, .reason = "Merged Request"});
    return;
  }
  accept_request(flow, request, identity);
}

void TransactionLayer::accept_request(const Flow& flow, const Message& request, std::uint64_t identity) {
  const auto place = servers_.emplace(key_, nullptr).first;
  place->second = std::make_unique<ServerTransaction>(*this, place->first, identity, request, flow);
  core_->on_request(*place->second, request);
}

void TransactionLayer::on_response(const Message& response) {
  make_client_key(key_, response.top_via().branch(), response.cseq().method);
  const auto found = clients_.find(key_);
  if (found == clients_.end()) {
    ++statistics_.strays;
    return;
  }
  found->second->on_response(response);
}

void TransactionLayer::on_transport_error(const Flow& flow, const base::Error& error) {
  const auto found = by_remote_.find(flow.remote);
  if (found == by_remote_.end()) {
    return;
  }
  base::log::debug("peer unreachable", {{"remote", flow.remote.to_string()}, {"reason", error.message()}});
  // A callback may end other transactions of this set: keys, not pointers, survive that.
  std::vector<std::string> keys;
  for (const ClientTransaction* transaction : found->second) {
    if (transaction->flow().transport == flow.transport) {
      make_client_key(keys.emplace_back(), transaction->branch(), transaction->method());
    }
  }
  for (const std::string& key : keys) {
    if (const auto client = clients_.find(key); client != clients_.end()) {
      client->second->on_transport_error();
    }
  }
}

ClientTransaction& TransactionLayer::send_request(Method method, std::string branch, std::string request, const Flow& flow, ClientTransactionUser& user) {
  std::string key;
  make_client_key(key, branch, method);
  auto made = std::make_unique<ClientTransaction>(*this, method, std::move(branch), std::move(request), flow, user);
  ClientTransaction& transaction = *made;
  clients_.emplace(std::move(key), std::move(made));
  by_remote_[flow.remote].insert(&transaction);
  transaction.start();
  return transaction;
}

std::string TransactionLayer::make_branch() { return std::string(kMagicCookie) + random_.token(16); }

std::optional<std::string> TransactionLayer::make_via(const Flow& flow, std::string_view branch) const {
  const auto local = transport_.local_address(flow.transport, flow.remote);
  if (!local) {
    return std::nullopt;
  }
  std::string via = "SIP/2.0/";
  via.append(to_string(flow.transport)).append(" ").append(local->to_string()).append(";branch=").append(branch).append(";rport");
  return via;
}

ServerTransaction* TransactionLayer::find_cancelled(const Message& cancel) {
  make_server_key(key_, cancel, Method::Invite);
  const auto found = servers_.find(key_);
  return found == servers_.end() ? nullptr : found->second.get();
}

void TransactionLayer::forget_remote(ClientTransaction& transaction) {
  const auto remote = by_remote_.find(transaction.flow().remote);
  if (remote != by_remote_.end()) {
    remote->second.erase(&transaction);
    if (remote->second.empty()) {
      by_remote_.erase(remote);
    }
  }
}

void TransactionLayer::remove(ClientTransaction& transaction) {
  forget_remote(transaction);
  std::string key;
  make_client_key(key, transaction.branch(), transaction.method());
  clients_.erase(key);
}

void TransactionLayer::remove(ServerTransaction& transaction) {
  identities_.erase(transaction.request_identity());
  servers_.erase(servers_.find(transaction.key()));
}

}  // namespace callwright::sip
