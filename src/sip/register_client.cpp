#include "sip/register_client.hpp"

#include "sip/user_agent.hpp"

#include <algorithm>
#include <utility>

namespace callwright::sip {
namespace {

/// Whatever a registrar grants or asks for: a day is long enough to wait.
constexpr base::Duration kLongestWait = std::chrono::hours(24);

bool is_worth_retrying(int status) {
  return status >= 500 || status == 408 || status == 423 || status == 429 || status == 478 || status == 480 || status == 491;
}

}  // namespace

RegisterClient::RegisterClient(UserAgent& user_agent, Options options, Observer& observer)
    : user_agent_(user_agent),
      options_(std::move(options)),
      observer_(observer),
      digest_(options_.credentials, user_agent.random()),
      call_id_(user_agent.random().token(24)),
      tag_(user_agent.random().token(10)),
      refresh_(user_agent.timers(), base::Callback::to<&RegisterClient::refresh>(*this)) {}

void RegisterClient::start() {
  stopping_ = false;
  send(options_.expires);
}

void RegisterClient::stop() {
  stopping_ = true;
  send(std::chrono::seconds(0));
}

void RegisterClient::refresh() { send(options_.expires); }

void RegisterClient::send(std::chrono::seconds expires) {
  refresh_.cancel();
  OutgoingRequest request;
  request.method = Method::Register;
  request.uri = options_.registrar;
  request.from = "<" + options_.address_of_record + ">;tag=" + tag_;
  request.to = "<" + options_.address_of_record + ">";
  request.call_id = call_id_;
  request.contact_user = options_.contact_user;
  request.contact_parameters = ";expires=" + std::to_string(expires.count());
  request.headers = "Expires: " + std::to_string(expires.count()) + "\r\n";
  ClientRequest::User& user = *this;
  request_ = std::make_unique<ClientRequest>(user_agent_, std::move(request), cseq_, &digest_, user);
  request_->send();
}

std::chrono::seconds RegisterClient::granted(const Message& response) const {
  // The registrar lists all bindings; ours is the one with our user and address (RFC 3261 §10.2.4).
  const std::string ours = user_agent_.contact(request_->flow(), options_.contact_user);
  const auto mine = UriView::parse(std::string_view(ours).substr(1, ours.size() - 2));
  std::optional<std::uint32_t> expires;
  response.for_each_value(Header::Contact, [&](std::string_view value) {
    const auto contact = NameAddr::parse(value);
    const auto uri = contact ? UriView::parse(contact->uri) : base::Result<UriView>(base::Error(base::Errc::InvalidArgument, ""));
    if (uri && mine && equivalent(*uri, *mine)) {
      expires = parse_number(contact->parameters.find("expires").value_or(std::string_view{}));
    }
    return !expires;
  });
  if (!expires) {
    expires = parse_number(response.header(Header::Expires).value_or(std::string_view{}));
  }
  return expires ? std::chrono::seconds(*expires) : options_.expires;
}

void RegisterClient::on_success(const Message& response) {
  if (stopping_) {
    registered_ = false;
    observer_.on_unregistered(*this);
    return;
  }
  registered_ = true;
  const std::chrono::seconds expires = granted(response);
  // Early enough that a lost request can be repeated for all of timer F, but not in a busy loop for tiny intervals.
  const auto early = std::min(std::chrono::seconds(32), expires / 2);
  refresh_.start(std::clamp<base::Duration>(expires - early, std::chrono::seconds(1), kLongestWait));
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
  fail(status, response.reason(), std::max<base::Duration>(options_.retry_after, std::chrono::seconds(wait.value_or(0))));
}

void RegisterClient::on_failure(ClientRequest& /*request*/, int status, std::string_view reason) { fail(status, reason, options_.retry_after); }

void RegisterClient::fail(int status, std::string_view reason, base::Duration retry_after) {
  const std::string text(reason);
  registered_ = false;
  if (stopping_) {
    observer_.on_unregistered(*this);
    return;
  }
  if (is_worth_retrying(status)) {
    refresh_.start(std::min(retry_after, kLongestWait));
  }
  observer_.on_registration_failed(*this, status, text);
}

}  // namespace callwright::sip
