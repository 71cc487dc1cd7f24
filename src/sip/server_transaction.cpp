#include "sip/transaction.hpp"
#include "sip/transaction_layer.hpp"
#include "sip/writer.hpp"

#include <algorithm>
#include <utility>

namespace callwright::sip {
namespace {

using base::Callback;

/// The top Via as it goes back: where it really came from is added (RFC 3261 §18.2.1, RFC 3581 §4).
std::string returned_via(std::string_view value, const Via& via, const Flow& flow) {
  std::string text(value);
  const auto rport = via.parameters.find("rport");
  if (rport && rport->empty()) {
    // The name stands in the parameters, which are the tail of the value, so the last match is the parameter itself or text behind it.
    const std::size_t tail = text.size() - std::min(text.size(), via.parameters.text().size());
    for (std::size_t at = text.find(';', tail); at != std::string::npos; at = text.find(';', at + 1)) {
      const std::size_t name = text.find_first_not_of(" \t", at + 1);
      if (name != std::string::npos && equals_ignoring_case(std::string_view(text).substr(name, 5), "rport")) {
        const std::size_t after = text.find_first_not_of(" \t=", name + 5);
        if (after == std::string::npos || text[after] == ';') {
          text.replace(name, (after == std::string::npos ? text.size() : after) - name, "rport=" + std::to_string(flow.remote.port));
          break;
        }
      }
    }
  }
  const auto sent_by = base::IpAddress::parse(via.host);
  if (rport || !sent_by || *sent_by != flow.remote.ip) {
    text += ";received=" + flow.remote.ip.to_string();
  }
  return text;
}

/// RFC 3261 §18.2.2, RFC 3581 §4: back over the stream it came by, else to the source address.
std::uint16_t reply_port(const Flow& flow, const Via& via) {
  if (is_reliable(flow.transport) || via.parameters.has("rport")) {
    return flow.remote.port;
  }
  return via.port != 0 ? via.port : std::uint16_t{5060};
}

/// RFC 3261 §17.2.1: an INVITE that its user has not answered by then gets a 100, so that it is not sent again.
constexpr base::Duration kTryingDelay = std::chrono::milliseconds(200);

bool makes_dialog(Method method) { return method == Method::Invite || method == Method::Subscribe || method == Method::Refer || method == Method::Notify; }

}  // namespace

ServerTransaction::ServerTransaction(TransactionLayer& layer, const std::string& key, std::uint64_t identity, const Message& request, const Flow& flow)
    : layer_(layer),
      key_(&key),
      flow_(flow),
      retransmit_(layer.timers(), Callback::to<&ServerTransaction::on_retransmit>(*this)),
      timeout_(layer.timers(), Callback::to<&ServerTransaction::on_timeout>(*this)),
      interval_(layer.settings().timers.t1),
      identity_(identity),
      reply_port_(reply_port(flow, request.top_via())),
      method_(request.method()),
      to_has_tag_(!request.to().tag().empty()) {
  remember(request);
  if (method_ == Method::Invite) {
    retransmit_.start(kTryingDelay);
  } else {
    // Nobody waits for an answer longer than timer F; a request that is never answered must not stay for ever.
    timeout_.start(layer.settings().timers.timeout());
  }
}

void ServerTransaction::remember(const Message& request) {
  request_.reserve(384);
  Writer writer(request_);
  bool first = true;
  request.for_each_value(Header::Via, [&](std::string_view value) {
    writer.header(Header::Via, first ? returned_via(value, request.top_via(), flow_) : std::string(value));
    first = false;
    return true;
  });
  writer.header(Header::From, request.header(Header::From).value_or(std::string_view{}));
  writer.header(Header::CallId, request.call_id());
  writer.cseq(request.cseq().number, request.cseq().method_text);
  to_at_ = static_cast<std::uint32_t>(request_.size());
  request_ += request.header(Header::To).value_or(std::string_view{});
  record_route_at_ = static_cast<std::uint32_t>(request_.size());
  if (makes_dialog(method_)) {
    request.for_each_value(Header::RecordRoute, [&writer](std::string_view value) {
      writer.header(Header::RecordRoute, value);
      return true;
    });
  }
}

const std::string& ServerTransaction::to_tag() {
  if (to_tag_.empty()) {
    to_tag_ = layer_.random().token(10);
  }
  return to_tag_;
}

void ServerTransaction::render(std::string& out, const Response& response) {
  const std::string_view request(request_);
  const std::string_view to = request.substr(to_at_, record_route_at_ - to_at_);
  Writer writer(out);
  writer.response(response.status, response.reason);
  writer.raw(request.substr(0, to_at_));
  if (response.status > 100 && !to_has_tag_) {
    writer.raw("To: ").raw(to).raw(";tag=").raw(to_tag()).raw("\r\n");
  } else {
    writer.header(Header::To, to);
  }
  if (response.status > 100 && response.status < 300) {
    writer.raw(request.substr(record_route_at_));
  }
  writer.raw(response.headers);
  writer.header(Header::Server, layer_.settings().server_name);
  if (response.body.empty()) {
    writer.end();
  } else {
    writer.body(response.content_type, response.body);
  }
}

void ServerTransaction::send(std::string_view response) {
  Flow reply = flow_;
  reply.remote.port = reply_port_;
  layer_.send(reply, response);
}

void ServerTransaction::respond(const Response& response) {
  if (answered()) {
    return;
  }
  std::string& text = layer_.empty_scratch();
  render(text, response);
  last_response_ = std::string(text);  // Of just the size that it needs.
  retransmit_.cancel();
  send(last_response_);
  if (response.status < 200) {
    state_ = State::Proceeding;
  } else if (method_ == Method::Invite) {
    finish_invite(response.status);
  } else {
    finish_other();
  }
}

void ServerTransaction::finish_invite(int status) {
  const TimerValues& timers = layer_.settings().timers;
  forget_request();
  if (status < 300) {
    // RFC 6026 §7.1: retransmitted INVITEs are absorbed, the user alone repeats the 2xx. Timer L.
    state_ = State::Accepted;
    timeout_.start(timers.timeout());
    return;
  }
  state_ = State::Completed;
  timeout_.start(timers.timeout());  // Timer H.
  if (!is_reliable(flow_.transport)) {
    retransmit_.start(interval_);  // Timer G.
  }
}

void ServerTransaction::finish_other() {
  state_ = State::Completed;
  forget_request();
  timeout_.start(is_reliable(flow_.transport) ? base::Duration::zero() : layer_.settings().timers.timeout());  // Timer J.
}

void ServerTransaction::forget_request() { request_ = {}; }

void ServerTransaction::send_again(std::string_view response) { send(response); }

void ServerTransaction::on_retransmission() {
  if (state_ == State::Proceeding || state_ == State::Completed) {
    send(last_response_);
  }
}

void ServerTransaction::on_ack() {
  if (state_ != State::Completed) {
    return;
  }
  state_ = State::Confirmed;
  retransmit_.cancel();
  last_response_ = {};
  timeout_.start(is_reliable(flow_.transport) ? base::Duration::zero() : layer_.settings().timers.t4);  // Timer I.
}

void ServerTransaction::on_cancel() {
  if (!answered() && user_ != nullptr) {
    user_->on_cancel();
  }
}

void ServerTransaction::on_retransmit() {
  if (state_ == State::Trying) {
    respond({.status = 100});
    return;
  }
  interval_ = std::min(2 * interval_, layer_.settings().timers.t2);
  retransmit_.start(interval_);
  send(last_response_);
}

void ServerTransaction::on_timeout() {
  if (method_ == Method::Invite && state_ == State::Completed && user_ != nullptr) {
    user_->on_undelivered();
  }
  terminate();
}

void ServerTransaction::terminate() {
  state_ = State::Terminated;
  if (ServerTransactionUser* const user = std::exchange(user_, nullptr)) {
    user->on_terminated();
  }
  layer_.remove(*this);
}

}  // namespace callwright::sip
