#include "sip/client_request.hpp"

#include "sip/user_agent.hpp"
#include "sip/writer.hpp"

#include <algorithm>
#include <utility>

namespace callwright::sip {
namespace {

/// Two challengers (a proxy and the answerer), each with one nonce gone stale. More is a loop.
constexpr int kMaxChallenges = 4;

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
      timer_(user_agent.timers(), base::Callback::to<&ClientRequest::on_timer>(*this)) {}

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
  const auto transport = uri && uri->scheme != UriView::Scheme::Tel ? transport_of(*uri) : std::nullopt;
  if (!transport) {
    fail_later(478, "Unresolvable destination");
    return;
  }
  flow_.transport = *transport;
  flow_.remote.port = uri->port != 0 ? uri->port : default_port(*transport);
  const std::string host(uri->parameter("maddr").value_or(uri->host));
  if (const auto literal = base::IpAddress::parse(host)) {
    flow_.remote.ip = *literal;
    transmit();
    return;
  }
  lookup_ = std::make_shared<char>();
  user_agent_.resolver().resolve(host, [this, lookup = std::weak_ptr<char>(lookup_)](base::Result<std::vector<base::IpAddress>> addresses) {
    if (!lookup.expired()) {
      on_resolved(std::move(addresses));
    }
  });
}

void ClientRequest::on_resolved(base::Result<std::vector<base::IpAddress>> addresses) {
  lookup_.reset();
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
  stage_ = Stage::Waiting;
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
  for (const Answer& answer : answers_) {
    writer.header(answer.header, answer.value);
  }
  writer.raw(request_.headers);
  writer.header(Header::UserAgent, user_agent_.transactions().settings().server_name);
  if (request_.body.empty()) {
    writer.end();
  } else {
    writer.body(request_.content_type, request_.body);
  }
  return text;
}

std::string ClientRequest::authorization() const {
  std::string lines;
  Writer writer(lines);
  for (const Answer& answer : answers_) {
    writer.header(answer.header, answer.value);
  }
  return lines;
}

void ClientRequest::on_response(const Message& response) {
  const int status = response.status();
  if (status < 200) {
    stage_ = Stage::Proceeding;
    if (cancelled_ && !timer_.pending()) {
      send_cancel();
    }
  } else if ((status == 401 || status == 407) && !cancelled_ && answer_challenges(response)) {
    if (transaction_ != nullptr) {
      std::exchange(transaction_, nullptr)->detach();
    }
    transmit();
    return;
  } else {
    stage_ = Stage::Done;
    timer_.cancel();
  }
  user_.on_response(*this, response);
}

bool ClientRequest::answer_challenges(const Message& response) {
  if (digest_ == nullptr || ++challenged_ > kMaxChallenges) {
    return false;
  }
  // A server offers the algorithms that it knows in the order of its preference (RFC 8760 §2.4): the first that we know too is answered.
  const bool proxy = response.status() == 407;
  for (const HeaderField& field : response.headers()) {
    if (field.id == (proxy ? Header::ProxyAuthenticate : Header::WwwAuthenticate) &&
        answer_challenge(proxy ? Header::ProxyAuthorization : Header::Authorization, field.value)) {
      return true;
    }
  }
  return false;
}

bool ClientRequest::answer_challenge(Header answer, std::string_view value) {
  const auto challenge = DigestChallenge::parse(value);
  if (!challenge) {
    return false;
  }
  const auto known =
      std::find_if(answers_.begin(), answers_.end(), [&](const Answer& other) { return other.header == answer && other.realm == challenge->realm; });
  if (known != answers_.end()) {
    // Challenged again although the nonce was fresh: the password is wrong, asking again would not help.
    if (!challenge->stale) {
      return false;
    }
    answers_.erase(known);
  }
  answers_.push_back({answer, challenge->realm, digest_->authorize(*challenge, to_string(request_.method), request_.uri)});
  return true;
}

void ClientRequest::on_no_response(NoResponse why) {
  stage_ = Stage::Done;
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

void ClientRequest::cancel(std::string_view headers) {
  if (cancelled_ || stage_ == Stage::Done || request_.method != Method::Invite) {
    return;
  }
  cancelled_ = true;
  // Those of the INVITE are needed no more: a cancelled one is not sent again.
  request_.headers = headers;
  if (lookup_ != nullptr) {
    lookup_.reset();
    fail_later(487, "Request Terminated");
  } else if (stage_ == Stage::Proceeding) {
    send_cancel();
  }
}

void ClientRequest::send_cancel() {
  // RFC 3261 §9.1: same Request-URI, Call-ID, To, From, CSeq number, top Via and Route as the INVITE.
  Message invite;
  if (transaction_ == nullptr || !invite.parse(transaction_->request())) {
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
  writer.raw(request_.headers);
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
