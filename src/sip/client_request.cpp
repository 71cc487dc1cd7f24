#include "sip/client_request.hpp"

#include "base/log.hpp"
#include "sip/user_agent.hpp"
#include "sip/writer.hpp"

#include <algorithm>
#include <utility>

namespace callwright::sip {
namespace {

/// Two challengers (a proxy and the answerer), each with one nonce gone stale. More is a loop.
constexpr int kMaxChallenges = 4;
constexpr std::size_t kMaxRealms = 4;

constexpr std::string_view kUnresolvable = "Unresolvable destination";
/// How long a server comes last: one that was silent or out of reach, one that answered 503 without saying for how long, and at most.
constexpr std::chrono::seconds kDeadAvoidance{60};
constexpr std::chrono::seconds kShortAvoidance{10};
/// Whatever the server says: otherwise two ways to it could be tried in turns for ever.
constexpr std::chrono::seconds kShortestAvoidance{1};
constexpr std::chrono::minutes kLongestAvoidance{5};

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

/// RFC 3261 §18.1.1: a request that a datagram may not carry whole goes over TCP, unless TCP has just failed there.
bool wants_stream(UserAgent& user_agent, const Flow& flow, std::size_t size) {
  constexpr std::size_t kMaxDatagram = 1300;
  return flow.transport == Transport::Udp && size > kMaxDatagram && user_agent.transport().local_address(Transport::Tcp, flow.remote) &&
         !user_agent.locator().avoided({Transport::Tcp, flow.remote});
}

}  // namespace

ClientRequest::ClientRequest(UserAgent& user_agent, OutgoingRequest request, std::uint32_t& cseq, DigestClient* digest, User& user)
    : user_agent_(user_agent),
      request_(std::move(request)),
      cseq_counter_(cseq),
      digest_(digest),
      user_(user),
      timer_(user_agent.timers(), base::Callback::to<&ClientRequest::on_timer>(*this)) {}

ClientRequest::~ClientRequest() { drop_transaction(); }

void ClientRequest::send() {
  if (const DigestChallenge* const known = digest_ != nullptr ? digest_->remembered() : nullptr) {
    answers_.push_back({Header::Authorization, known->realm, digest_->authorize(*known, request_.method_text(), request_.uri, request_.body), true});
  }
  if (request_.flow) {
    flow_ = *request_.flow;
    transmit();
    return;
  }
  locate();
}

std::string_view ClientRequest::next_hop() const {
  if (!request_.routes.empty()) {
    if (const auto route = NameAddr::parse(request_.routes.front())) {
      return route->uri;
    }
  }
  return request_.uri;
}

void ClientRequest::locate() {
  const auto uri = UriView::parse(next_hop());
  if (!uri || uri->scheme == UriView::Scheme::Tel) {
    fail_later(478, kUnresolvable);
    return;
  }
  if (const auto destination = Locator::numeric(*uri)) {
    go_to(*destination);
    return;
  }
  if (uri->has_parameter("transport") && !transport_of(*uri)) {
    fail_later(478, "Unknown transport");
    return;
  }
  // The search ends with its ticket, and that with this object.
  Locator::Ticket search =
      user_agent_.locator().locate(*uri, [this](base::Result<std::vector<Destination>> destinations) { on_located(std::move(destinations)); });
  if (stage_ == Stage::Locating) {
    detour().search = std::move(search);
  }
}

void ClientRequest::on_located(base::Result<std::vector<Destination>> destinations) {
  if (detour_ != nullptr) {
    detour_->search.reset();
  }
  if (!destinations) {
    base::log::debug("next hop not found", {{"uri", request_.uri}, {"reason", destinations.error().message()}});
    fail_later(478, kUnresolvable);
    return;
  }
  // Where there is no listener of that transport and address family, nothing can be sent.
  const TransportPort& transport = user_agent_.transport();
  std::erase_if(*destinations, [&transport](const Destination& destination) { return !transport.local_address(destination.transport, destination.address); });
  if (destinations->empty()) {
    fail_later(503, "No listener for this transport");
    return;
  }
  if (destinations->size() > 1) {
    detour().left.assign(destinations->rbegin(), std::prev(destinations->rend()));
  }
  go_to(destinations->front());
}

void ClientRequest::go_to(const Destination& destination) {
  flow_ = {.transport = destination.transport, .local = {}, .remote = destination.address, .connection = {}};
  if (is_reliable(flow_.transport)) {
    // The certificate has to be that of the name that was asked for, not of the server that DNS led to (RFC 5922 §4).
    flow_.connection = user_agent_.transactions().transport().connect(flow_.transport, flow_.remote, UriView::parse(next_hop())->host);
  }
  transmit();
}

ClientRequest::Detour& ClientRequest::detour() {
  if (detour_ == nullptr) {
    detour_ = std::make_unique<Detour>();
  }
  return *detour_;
}

bool ClientRequest::fail_over(base::Duration avoid_for) {
  if (detour_ == nullptr || detour_->left.empty() || cancelled_) {
    return false;
  }
  user_agent_.locator().avoid({flow_.transport, flow_.remote}, avoid_for);
  const Destination next = detour_->left.back();
  detour_->left.pop_back();
  base::log::debug("next server tried", {{"dead", flow_.remote.to_string()}, {"next", next.address.to_string()}});
  drop_transaction();
  go_to(next);
  return true;
}

bool ClientRequest::follow_redirect(const Message& response) {
  if (request_.redirects == RedirectPolicy::Off || cancelled_) {
    return false;
  }
  auto& redirects = detour().redirects;
  if (redirects == nullptr) {
    redirects = std::make_unique<Redirects>(request_.redirects, request_.uri);
  }
  redirects->add(response);
  return next_redirect();
}

bool ClientRequest::next_redirect() {
  if (detour_ == nullptr || detour_->redirects == nullptr || cancelled_) {
    return false;
  }
  auto next = detour_->redirects->next();
  if (!next) {
    return false;
  }
  request_.uri = std::move(*next);
  request_.flow.reset();
  detour_->left.clear();
  drop_transaction();
  stage_ = Stage::Locating;
  locate();
  return true;
}

bool ClientRequest::has_other_way(const Message& response) {
  const int status = response.status();
  if (status < 400) {
    return status >= 300 && follow_redirect(response);
  }
  if (status == 503) {
    // RFC 3263 §4.3. How long it wants to be left alone is up to the server, within reason.
    const auto wait = parse_number(response.header(Header::RetryAfter).value_or(std::string_view{}));
    if (fail_over(std::clamp<base::Duration>(std::chrono::seconds(wait.value_or(kShortAvoidance.count())), kShortestAvoidance, kLongestAvoidance))) {
      return true;
    }
  }
  return status < 600 && next_redirect();
}

void ClientRequest::drop_transaction() {
  if (transaction_ != nullptr) {
    std::exchange(transaction_, nullptr)->detach();
  }
}

void ClientRequest::transmit() {
  sent_cseq_ = cseq_counter_ + 1;
  std::string text = render();
  if (text.empty()) {
    fail_later(503, "No listener for this transport");
    return;
  }
  stage_ = Stage::Waiting;
  if (!request_.flow && wants_stream(user_agent_, flow_, text.size())) {
    detour().left.push_back({flow_.transport, flow_.remote});
    go_to({Transport::Tcp, flow_.remote});
    return;
  }
  // The pointer must be known before anything can call back; send_request only starts the transaction.
  cseq_counter_ = sent_cseq_;
  transaction_ = &user_agent_.transactions().send_request(request_.method, std::move(text), flow_, *this);
}

std::string ClientRequest::render() const {
  std::string text;
  text.reserve(512 + request_.headers.size() + request_.body.size());
  Writer writer(text);
  writer.request(request_.method_text(), request_.uri);
  if (!user_agent_.transactions().append_via(text, flow_)) {
    return {};
  }
  writer.header(Header::MaxForwards, request_.max_forwards);
  for (const std::string& route : request_.routes) {
    writer.header(Header::Route, route);
  }
  writer.raw(request_.parties);
  writer.cseq(sent_cseq_, request_.method_text());
  if (request_.contact_user) {
    text.append("Contact: ");
    user_agent_.append_contact(text, flow_, *request_.contact_user);
    text.append(request_.contact_parameters).append("\r\n");
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
    drop_transaction();
    transmit();
    return;
  } else if (has_other_way(response)) {
    return;
  } else {
    stage_ = Stage::Done;
    timer_.cancel();
    if (const auto info = response.header(Header::AuthenticationInfo); info && digest_ != nullptr) {
      digest_->take_next_nonce(*info);
    }
  }
  user_.on_response(*this, response);
}

bool ClientRequest::answer_challenges(const Message& response) {
  if (digest_ == nullptr || ++challenged_ > kMaxChallenges) {
    return false;
  }
  // A server offers the algorithms that it knows in the order of its preference (RFC 8760 §2.4): of each realm the first that we know is answered. After
  // forking one response may bring the challenges of several (RFC 3261 §22.3).
  std::vector<std::pair<Header, std::string>> answered;
  for (const HeaderField& field : response.headers()) {
    const bool proxy = field.id == Header::ProxyAuthenticate;
    if (!proxy && field.id != Header::WwwAuthenticate) {
      continue;
    }
    const auto challenge = DigestChallenge::parse(field.value);
    std::pair place(proxy ? Header::ProxyAuthorization : Header::Authorization, challenge ? challenge->realm : std::string());
    if (!challenge || answered.size() >= kMaxRealms || std::find(answered.begin(), answered.end(), place) != answered.end()) {
      continue;
    }
    if (!answer_challenge(place.first, *challenge)) {
      return false;
    }
    answered.push_back(std::move(place));
  }
  return !answered.empty();
}

bool ClientRequest::answer_challenge(Header answer, const DigestChallenge& challenge) {
  const auto known =
      std::find_if(answers_.begin(), answers_.end(), [&](const Answer& other) { return other.header == answer && other.realm == challenge.realm; });
  if (known != answers_.end()) {
    // Challenged again although the nonce was fresh: the password is wrong, asking again would not help.
    if (!challenge.stale && !known->guessed) {
      return false;
    }
    answers_.erase(known);
  }
  answers_.push_back({answer, challenge.realm, digest_->authorize(challenge, request_.method_text(), request_.uri, request_.body), false});
  if (answer == Header::ProxyAuthorization) {
    // Only what the server itself asks for is worth sending unasked.
    digest_->forget();
  }
  return true;
}

void ClientRequest::on_no_response(NoResponse why) {
  if (fail_over(kDeadAvoidance) || next_redirect()) {
    return;
  }
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
  if (stage_ == Stage::Locating && failure_status_ == 0) {
    detour_.reset();
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
  writer.raw(request_.parties);
  writer.cseq(sent_cseq_, "CANCEL");
  writer.raw(request_.headers);
  writer.end();
  TransactionLayer& layer = user_agent_.transactions();
  layer.send_request(Method::Cancel, std::move(text), flow_, cancel_user());
  timer_.start(layer.settings().timers.timeout());
}

void ClientRequest::on_timer() {
  if (failure_status_ != 0) {
    const int status = std::exchange(failure_status_, 0);
    if (!next_redirect()) {
      stage_ = Stage::Done;
      user_.on_failure(*this, status, failure_reason_);
    }
  } else if (transaction_ != nullptr) {
    transaction_->give_up();
  }
}

}  // namespace callwright::sip
