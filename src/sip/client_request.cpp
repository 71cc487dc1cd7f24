#include "sip/client_request.hpp"

#include "sip/user_agent.hpp"
#include "sip/writer.hpp"

#include <utility>

namespace callwright::sip {
namespace {

/// Sends a CANCEL and needs nothing of its answer.
class CancelUser final : public ClientTransactionUser {
 public:
  void on_response(const Message& /*response*/) override {}
  void on_no_response(NoResponse /*why*/) override {}
  void on_terminated() override {}
};

CancelUser& cancel_user() {
  static CancelUser user;
  return user;
}

}  // namespace

ClientRequest::ClientRequest(UserAgent& user_agent, OutgoingRequest request, std::uint32_t& cseq, DigestClient* digest, User& user)
    : user_agent_(user_agent),
      request_(std::move(request)),
      cseq_counter_(cseq),
      digest_(digest),
      user_(user),
      timer_(user_agent.timers(), base::Callback::to<&ClientRequest::on_timer>(*this)),
      alive_(std::make_shared<char>()) {}

ClientRequest::~ClientRequest() {
  if (transaction_ != nullptr) {
    transaction_->detach();
  }
}

void ClientRequest::send() {
  if (request_.flow) {
    flow_ = *request_.flow;
    transmit();
    return;
  }
  std::string_view next_hop = request_.uri;
  NameAddr route;
  if (!request_.routes.empty()) {
    if (auto parsed = NameAddr::parse(request_.routes.front())) {
      route = *parsed;
      next_hop = route.uri;
    }
  }
  const auto uri = UriView::parse(next_hop);
  if (!uri || uri->scheme != UriView::Scheme::Sip) {
    fail_later(478, "Unresolvable destination");
    return;
  }
  flow_.transport = equals_ignoring_case(uri->parameter("transport").value_or("udp"), "tcp") ? Transport::Tcp : Transport::Udp;
  flow_.remote.port = uri->port != 0 ? uri->port : 5060;
  const std::string host(uri->parameter("maddr").value_or(uri->host));
  if (const auto literal = base::IpAddress::parse(host)) {
    flow_.remote.ip = *literal;
    transmit();
    return;
  }
  user_agent_.resolver().resolve(host, [this, alive = std::weak_ptr<char>(alive_)](base::Result<std::vector<base::IpAddress>> addresses) {
    if (!alive.expired()) {
      on_resolved(std::move(addresses));
    }
  });
}

void ClientRequest::on_resolved(base::Result<std::vector<base::IpAddress>> addresses) {
  if (!addresses || addresses->empty()) {
    fail_later(478, "Unresolvable destination");
    return;
  }
  flow_.remote.ip = addresses->front();
  transmit();
}

void ClientRequest::transmit() {
  TransactionLayer& layer = user_agent_.transactions();
  std::string branch = layer.make_branch();
  const auto via = layer.make_via(flow_, branch);
  if (!via) {
    fail_later(503, "No listener for this transport");
    return;
  }
  sent_cseq_ = ++cseq_counter_;
  // The pointer must be known before anything can call back; send_request only starts the transaction.
  transaction_ = &layer.send_request(request_.method, std::move(branch), render(*via), flow_, *this);
}

std::string ClientRequest::render(std::string_view via) const {
  std::string text;
  text.reserve(512 + request_.headers.size() + request_.body.size());
  Writer writer(text);
  writer.request(request_.method, request_.uri);
  writer.header(Header::Via, via);
  writer.header(Header::MaxForwards, request_.max_forwards);
  for (const std::string& route : request_.routes) {
    writer.header(Header::Route, route);
  }
  writer.header(Header::From, request_.from);
  writer.header(Header::To, request_.to);
  writer.header(Header::CallId, request_.call_id);
  writer.cseq(sent_cseq_, to_string(request_.method));
  if (request_.contact_user) {
    writer.header(Header::Contact, user_agent_.contact(flow_, *request_.contact_user) + request_.contact_parameters);
  }
  writer.raw(authorization_);
  writer.raw(request_.headers);
  writer.header(Header::UserAgent, user_agent_.transactions().settings().server_name);
  if (request_.body.empty()) {
    writer.end();
  } else {
    writer.body(request_.content_type, request_.body);
  }
  return text;
}

void ClientRequest::on_response(const Message& response) {
  if ((response.status() == 401 || response.status() == 407) && answer_challenge(response)) {
    return;
  }
  if (response.status() >= 200) {
    timer_.cancel();
  }
  user_.on_response(*this, response);
}

bool ClientRequest::answer_challenge(const Message& response) {
  if (digest_ == nullptr) {
    return false;
  }
  const bool proxy = response.status() == 407;
  for (const HeaderField& field : response.headers()) {
    if (field.id != (proxy ? Header::ProxyAuthenticate : Header::WwwAuthenticate)) {
      continue;
    }
    const auto challenge = DigestChallenge::parse(field.value);
    if (!challenge) {
      continue;
    }
    // Challenged again although the nonce was fresh: the password is wrong, asking again would not help.
    if (!answered_nonce_.empty() && !challenge->stale) {
      return false;
    }
    answered_nonce_ = challenge->nonce;
    authorization_.clear();
    Writer(authorization_)
        .header(proxy ? Header::ProxyAuthorization : Header::Authorization, digest_->authorize(*challenge, to_string(request_.method), request_.uri));
    if (transaction_ != nullptr) {
      transaction_->detach();
      transaction_ = nullptr;
    }
    transmit();
    return true;
  }
  return false;
}

void ClientRequest::on_no_response(NoResponse why) {
  timer_.cancel();
  if (why == NoResponse::TimedOut) {
    user_.on_failure(*this, 408, "Request Timeout");
  } else {
    user_.on_failure(*this, 503, "Destination unreachable");
  }
}

void ClientRequest::fail_later(int status, std::string_view reason) {
  failure_status_ = status;
  failure_reason_ = reason;
  timer_.start(base::Duration::zero());
}

void ClientRequest::cancel() {
  if (transaction_ == nullptr || request_.method != Method::Invite || timer_.pending()) {
    return;
  }
  // RFC 3261 §9.1: same Request-URI, Call-ID, To, From, CSeq number, top Via and Route as the INVITE.
  Message invite;
  if (!invite.parse(transaction_->request())) {
    return;
  }
  std::string text;
  Writer writer(text);
  writer.request(Method::Cancel, request_.uri);
  writer.header(Header::Via, invite.header(Header::Via).value_or(std::string_view{}));
  writer.header(Header::MaxForwards, 70);
  for (const std::string& route : request_.routes) {
    writer.header(Header::Route, route);
  }
  writer.header(Header::From, request_.from);
  writer.header(Header::To, request_.to);
  writer.header(Header::CallId, request_.call_id);
  writer.cseq(sent_cseq_, "CANCEL");
  writer.end();
  TransactionLayer& layer = user_agent_.transactions();
  layer.send_request(Method::Cancel, transaction_->branch(), std::move(text), flow_, cancel_user());
  timer_.start(layer.settings().timers.timeout());
}

void ClientRequest::on_timer() {
  if (failure_status_ != 0) {
    user_.on_failure(*this, failure_status_, failure_reason_);
  } else if (transaction_ != nullptr) {
    transaction_->give_up();
  }
}

}  // namespace callwright::sip
