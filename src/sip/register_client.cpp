#include "sip/register_client.hpp"

#include <algorithm>
#include <utility>

namespace callwright::sip {
namespace {

/// Whatever a registrar grants or asks for: a day is long enough to wait.
constexpr base::Duration kLongestWait = std::chrono::hours(24);

bool is_worth_retrying(int status) {
  return status >= 500 || status == 408 || status == 423 || status == 429 || status == 478 || status == 480 || status == 491;
}

/// RFC 5626 §4.4.1: without a Flow-Timer every 95 to 120 s over a stream; for the bindings of a NAT every 24 to 29 s over UDP.
constexpr std::chrono::seconds kStreamKeepAlive{120};
constexpr std::chrono::seconds kDatagramKeepAlive{29};
/// RFC 5626 §4.4.1, and RFC 8489 §6.2.1: seven requests, each waiting twice as long as the one before, the last for 16 times the first.
constexpr std::chrono::seconds kPongTime{10};
constexpr unsigned kStunSendings = 7;
constexpr int kLastStunWait = 16;
constexpr std::size_t kMaxServiceRoutes = 8;
constexpr std::size_t kMaxGruu = 512;

const std::string kNothing;
const std::vector<std::string> kNoRoutes;

/// A GRUU that can be put into a Contact.
bool is_gruu(std::string_view text) { return text.size() <= kMaxGruu && text.find_first_of("<>\"\r\n") == std::string_view::npos && UriView::parse(text); }

}  // namespace

RegisterClient::RegisterClient(UserAgent& user_agent, Options options, Observer& observer)
    : user_agent_(user_agent),
      options_(std::move(options)),
      observer_(observer),
      digest_(std::move(options_.credentials), user_agent.random()),
      call_id_(user_agent.random().token(24)),
      tag_(user_agent.random().token(10)),
      refresh_(user_agent.timers(), base::Callback::to<&RegisterClient::refresh>(*this)) {
  digest_.remember();
}

RegisterClient::~RegisterClient() { forget_flow(); }

const std::vector<std::string>& RegisterClient::service_route() const noexcept { return learned_ ? learned_->service_route : kNoRoutes; }

const std::string& RegisterClient::public_gruu() const noexcept { return learned_ ? learned_->public_gruu : kNothing; }

const std::string& RegisterClient::temporary_gruu() const noexcept { return learned_ ? learned_->temporary_gruu : kNothing; }

void RegisterClient::start() {
  stopping_ = false;
  failures_ = 0;
  send(options_.expires);
}

void RegisterClient::stop() {
  stopping_ = true;
  send(std::chrono::seconds(0));
}

void RegisterClient::refresh() { send(options_.expires); }

void RegisterClient::send(std::chrono::seconds expires) {
  refresh_.cancel();
  if (expires.count() == 0) {
    forget_flow();
  }
  OutgoingRequest request;
  request.method = Method::Register;
  request.uri = options_.registrar;
  const std::string self = name_addr(options_.display_name, options_.address_of_record);
  request.parties = party_lines(self, tag_, self, {}, call_id_);
  request.contact_user = options_.contact_user;
  request.contact_parameters = ";expires=" + std::to_string(expires.count());
  request.routes = options_.routes;
  request.headers = "Expires: " + std::to_string(expires.count()) + "\r\n" + options_.headers;
  request.redirects = RedirectPolicy::SameDomain;
  if (!options_.instance.empty()) {
    request.contact_parameters += ";+sip.instance=\"<" + options_.instance + ">\";reg-id=" + std::to_string(options_.reg_id);
    request.headers += "Supported: path, outbound, gruu\r\n";
    if (learned_ != nullptr && learned_->flow.connection) {
      request.flow = learned_->flow;
    }
  }
  ClientRequest::User& user = *this;
  request_ = std::make_unique<ClientRequest>(user_agent_, std::move(request), cseq_, &digest_, user);
  request_->send();
}

std::optional<NameAddr> RegisterClient::own_contact(const Message& response) const {
  // The registrar lists all bindings; ours is the one with our user and address (RFC 3261 §10.2.4), or our instance and flow (RFC 5626 §4.2).
  const std::string ours = user_agent_.contact(request_->flow(), options_.contact_user);
  const auto mine = UriView::parse(std::string_view(ours).substr(1, ours.size() - 2));
  const std::string instance = "<" + options_.instance + ">";
  std::optional<NameAddr> found;
  response.for_each_value(Header::Contact, [&](std::string_view value) {
    const auto contact = NameAddr::parse(value);
    const auto uri = contact ? UriView::parse(contact->uri) : base::Result<UriView>(base::Error(base::Errc::InvalidArgument, ""));
    const bool our_flow = contact && !options_.instance.empty() && contact->parameters.find("+sip.instance") == instance &&
                          parse_number(contact->parameters.find("reg-id").value_or(std::string_view{})) == options_.reg_id;
    if (our_flow || (uri && mine && equivalent(*uri, *mine))) {
      found = *contact;
    }
    return !our_flow;
  });
  return found;
}

std::chrono::seconds RegisterClient::granted(const Message& response) const {
  std::optional<std::uint32_t> expires;
  if (const auto contact = own_contact(response)) {
    expires = parse_number(contact->parameters.find("expires").value_or(std::string_view{}));
  }
  if (!expires) {
    expires = parse_number(response.header(Header::Expires).value_or(std::string_view{}));
  }
  return expires ? std::chrono::seconds(*expires) : options_.expires;
}

void RegisterClient::learn(const Message& response) {
  const bool routed = response.has(Header::ServiceRoute);
  if (options_.instance.empty() && options_.keep_alive != KeepAlive::Always && !routed && learned_ == nullptr) {
    return;
  }
  if (learned_ == nullptr) {
    learned_ = std::make_unique<Learned>(*this, user_agent_.timers());
  }
  // RFC 3608 §5.1: what the latest 200 says replaces what was said before.
  learned_->service_route.clear();
  response.for_each_value(Header::ServiceRoute, [this](std::string_view value) {
    if (NameAddr::parse(value)) {
      learned_->service_route.emplace_back(value);
    }
    return learned_->service_route.size() < kMaxServiceRoutes;
  });
  if (const auto contact = own_contact(response); contact && !options_.instance.empty()) {
    learn_gruus(*contact);
  }
  keep_flow(response);
}

void RegisterClient::learn_gruus(const NameAddr& contact) {
  for (const auto& [parameter, gruu] : {std::pair{"pub-gruu", &learned_->public_gruu}, {"temp-gruu", &learned_->temporary_gruu}}) {
    const auto value = contact.parameters.find(parameter);
    *gruu = value && is_gruu(*value) ? std::string(*value) : std::string();
  }
}

void RegisterClient::keep_flow(const Message& response) {
  if (learned_->flow != request_->flow()) {
    forget_flow();
    learned_->flow = request_->flow();
  }
  user_agent_.unwatch_flow(learned_->flow.connection, *this);
  const bool agreed = !options_.instance.empty() && response.lists(Header::Require, "outbound");
  if (!agreed && options_.keep_alive != KeepAlive::Always) {
    forget_flow();
    return;
  }
  const bool stream = is_reliable(learned_->flow.transport);
  const auto asked = parse_number(response.header("Flow-Timer").value_or(std::string_view{}));
  const std::chrono::seconds usual = stream ? kStreamKeepAlive : kDatagramKeepAlive;
  learned_->flow_timer = asked && *asked != 0 ? std::min(usual, std::chrono::seconds(*asked)) : usual;
  user_agent_.watch_flow(learned_->flow.connection, *this);
  if (learned_->keep_alive.pending()) {
    return;
  }
  if (stream) {
    start_keep_alive();
  } else {
    keep_alive();  // The first answer tells the mapping that the later ones are compared with.
  }
}

void RegisterClient::keep_alive() {
  Learned& learned = *learned_;
  if (is_reliable(learned.flow.transport)) {
    user_agent_.transactions().transport().send(learned.flow, "\r\n\r\n");
    learned.silence.start(kPongTime);
  } else if (!learned.silence.pending()) {
    const std::string random = user_agent_.random().token(learned.transaction.size());
    random.copy(learned.transaction.data(), learned.transaction.size());
    learned.sendings = 0;
    user_agent_.expect_stun(learned.transaction, *this);
    send_stun();
  }
  start_keep_alive();
}

void RegisterClient::send_stun() {
  Learned& learned = *learned_;
  const base::Duration first = user_agent_.transactions().settings().timers.t1;
  learned.silence.start(++learned.sendings == kStunSendings ? first * kLastStunWait : first * (1 << (learned.sendings - 1)));
  user_agent_.transactions().transport().send(learned.flow, make_stun_keep_alive(learned.transaction));
}

void RegisterClient::on_silence() {
  if (!is_reliable(learned_->flow.transport) && learned_->sendings < kStunSendings) {
    send_stun();
  } else {
    give_up_flow("The registrar does not answer keep-alives");
  }
}

void RegisterClient::on_pong() {
  if (learned_ != nullptr && learned_->silence.pending()) {
    on_alive();
  }
}

void RegisterClient::on_stun_answer(const base::SocketAddress& remote, const StunAnswer& answer) {
  Learned& learned = *learned_;
  if (remote != learned.flow.remote) {
    user_agent_.expect_stun(learned.transaction, *this);  // Whoever that was: not whom we asked.
    return;
  }
  if (learned.mapped && answer.mapped && *learned.mapped != *answer.mapped) {
    give_up_flow("The NAT has changed our address");
    return;
  }
  if (answer.mapped) {
    learned.mapped = answer.mapped;
  }
  on_alive();
}

void RegisterClient::on_alive() {
  learned_->silence.cancel();
  failures_ = 0;
}

void RegisterClient::give_up_flow(std::string_view reason) {
  const ConnectionId connection = learned_->flow.connection;
  forget_flow();
  if (connection) {
    // Nobody else should use it either.
    user_agent_.transactions().transport().disconnect(connection);
  }
  if (registered_ && !stopping_) {
    request_.reset();
    fail(503, reason, base::Duration::zero());
  }
}

void RegisterClient::start_keep_alive() {
  // RFC 5626 §4.4: between 80 % and 100 % of the time, so that many phones do not come at once.
  const base::Duration longest = learned_->flow_timer;
  const auto part = static_cast<std::int64_t>(user_agent_.random().between(800, 1000));
  learned_->keep_alive.start(longest / 1000 * part);
}

void RegisterClient::forget_flow() {
  if (learned_ != nullptr) {
    user_agent_.unwatch_flow(learned_->flow.connection, *this);
    learned_->flow.connection = {};
    learned_->keep_alive.cancel();
    learned_->silence.cancel();
    learned_->mapped.reset();
    user_agent_.forget_stun(learned_->transaction);
  }
}

void RegisterClient::on_flow_failed() {
  forget_flow();
  if (registered_ && !stopping_) {
    request_.reset();
    fail(503, "The connection to the registrar is lost", base::Duration::zero());
  }
}

void RegisterClient::on_success(const Message& response) {
  if (stopping_) {
    registered_ = false;
    request_.reset();
    observer_.on_unregistered(*this);
    return;
  }
  registered_ = true;
  const std::chrono::seconds expires = granted(response);
  learn(response);
  if (learned_ == nullptr || !learned_->keep_alive.pending()) {
    failures_ = 0;  // Else once the flow has proved to work: it may take REGISTER and nothing else.
  }
  // Early enough that a lost request can be repeated for all of timer F, but not in a busy loop for tiny intervals.
  const auto early = std::min(std::chrono::seconds(32), expires / 2);
  const base::Duration wait = std::clamp<base::Duration>(expires - early, std::chrono::seconds(1), kLongestWait);
  // Phones that were switched on together need not come back together.
  const auto jitter = static_cast<std::int64_t>(user_agent_.random().between(0, 100));
  refresh_.start(wait - wait / 1000 * jitter);
  request_.reset();  // Many phones that wait need little memory.
  observer_.on_registered(*this, expires);
}

void RegisterClient::on_response(ClientRequest& /*request*/, const Message& response) {
  const int status = response.status();
  if (status < 200) {
    return;
  }
  if (status < 300) {
    on_success(response);
    return;
  }
  if (status == 423 && !stopping_) {
    const auto minimum = parse_number(response.header(Header::MinExpires).value_or(std::string_view{}));
    if (minimum && std::chrono::seconds(*minimum) > options_.expires) {
      options_.expires = std::chrono::seconds(*minimum);
      send(options_.expires);
      return;
    }
  }
  const auto wait = parse_number(response.header(Header::RetryAfter).value_or(std::string_view{}));
  fail(status, response.reason(), std::chrono::seconds(wait.value_or(0)));
}

void RegisterClient::on_failure(ClientRequest& /*request*/, int status, std::string_view reason) { fail(status, reason, base::Duration::zero()); }

base::Duration RegisterClient::back_off() {
  const base::Duration longest = std::min(options_.retry_after * (std::int64_t{1} << std::min(failures_, 20U)), options_.longest_retry);
  ++failures_;
  return longest / 1000 * static_cast<std::int64_t>(user_agent_.random().between(500, 1000));
}

void RegisterClient::fail(int status, std::string_view reason, base::Duration retry_after) {
  const std::string text(reason);
  registered_ = false;
  if (stopping_) {
    observer_.on_unregistered(*this);
    return;
  }
  forget_flow();
  if (is_worth_retrying(status)) {
    refresh_.start(std::min(std::max(retry_after, back_off()), kLongestWait));
  }
  observer_.on_registration_failed(*this, status, text);
}

}  // namespace callwright::sip
