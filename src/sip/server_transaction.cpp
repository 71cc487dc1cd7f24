#include "sip/transaction.hpp"
#include "sip/transaction_layer.hpp"
#include "sip/writer.hpp"

#include <algorithm>
#include <optional>
#include <utility>

namespace callwright::sip {
namespace {

using base::Callback;

/// Where the `rport` parameter without a value begins and ends in the top Via's value; nothing when it has none.
std::optional<std::pair<std::size_t, std::size_t>> find_empty_rport(std::string_view value, const Via& via) {
  if (!via.has_rport || !via.parameters.find("rport").value_or(std::string_view{}).empty()) {
    return std::nullopt;
  }
  // The name stands in the parameters, which are the tail of the value, so the last match is the parameter itself or text behind it.
  const std::size_t tail = value.size() - std::min(value.size(), via.parameters.text().size());
  for (std::size_t at = value.find(';', tail); at != std::string_view::npos; at = value.find(';', at + 1)) {
    const std::size_t name = value.find_first_not_of(" \t", at + 1);
    if (name != std::string_view::npos && equals_ignoring_case(value.substr(name, 5), "rport")) {
      const std::size_t after = value.find_first_not_of(" \t=", name + 5);
      if (after == std::string_view::npos || value[after] == ';') {
        return std::pair(name, after == std::string_view::npos ? value.size() : after);
      }
    }
  }
  return std::nullopt;
}

/// The top Via as it goes back: where it really came from is added (RFC 3261 §18.2.1, RFC 3581 §4).
void write_returned_via(std::string& text, std::string_view value, const Via& via, const Flow& flow) {
  text.append("Via: ");
  if (const auto rport = find_empty_rport(value, via)) {
    text.append(value.substr(0, rport->first)).append("rport=").append(std::to_string(flow.remote.port)).append(value.substr(rport->second));
  } else {
    text.append(value);
  }
  const auto is_from_elsewhere = [&via, &flow] {
    const auto sent_by = base::IpAddress::parse(via.host);
    return !sent_by || *sent_by != flow.remote.ip;
  };
  if (via.has_rport || is_from_elsewhere()) {
    text.append(";received=").append(flow.remote.ip.to_string());
  }
  text.append("\r\n");
}

/// RFC 3261 §18.2.2, RFC 3581 §4: back over the stream it came by, else to the source address.
std::uint16_t reply_port(const Flow& flow, const Via& via) {
  if (is_reliable(flow.transport) || via.has_rport) {
    return flow.remote.port;
  }
  return via.port != 0 ? via.port : std::uint16_t{5060};
}

/// RFC 3261 §17.2.1: an INVITE that its user has not answered by then gets a 100, so that it is not sent again.
constexpr base::Duration kTryingDelay = std::chrono::milliseconds(200);

bool makes_dialog(Method method) { return method == Method::Invite || method == Method::Subscribe || method == Method::Refer || method == Method::Notify; }

}  // namespace

ServerTransaction::ServerTransaction(TransactionLayer& layer, const MatchKey& key, std::uint64_t identity, const Message& request, const Flow& flow)
    : layer_(layer),
      key_(key),
      pending_(std::make_unique<Pending>()),
      flow_(flow),
      timer_(layer.timers(), Callback::to<&ServerTransaction::on_timer>(*this)),
      interval_(layer.settings().timers.t1),
      identity_(identity),
      reply_port_(reply_port(flow, request.top_via())),
      method_(request.method()) {
  remember(request);
  // Nobody waits for an answer longer than timer F; a request other than INVITE that is never answered must not stay for ever.
  timer_.start(method_ == Method::Invite ? kTryingDelay : layer.settings().timers.timeout());
}

void ServerTransaction::remember(const Message& request) {
  std::string& text = pending_->request;
  text.reserve(384);
  Writer writer(text);
  bool first = true;
  request.for_each_value(Header::Via, [&](std::string_view value) {
    if (first) {
      write_returned_via(text, value, request.top_via(), flow_);
    } else {
      writer.header(Header::Via, value);
    }
    first = false;
    return true;
  });
  writer.header(Header::From, request.header(Header::From).value_or(std::string_view{}));
  writer.header(Header::CallId, request.call_id());
  writer.cseq(request.cseq().number, request.cseq().method_text);
  pending_->to_at = static_cast<std::uint32_t>(text.size());
  text += request.header(Header::To).value_or(std::string_view{});
  pending_->record_route_at = static_cast<std::uint32_t>(text.size());
  pending_->to_has_tag = !request.to().tag().empty();
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
  const Pending& pending = *pending_;
  const std::string_view request(pending.request);
  const std::string_view to = request.substr(pending.to_at, pending.record_route_at - pending.to_at);
  Writer writer(out);
  writer.response(response.status, response.reason);
  writer.raw(request.substr(0, pending.to_at));
  if (response.status > 100 && !pending.to_has_tag) {
    writer.raw("To: ").raw(to).raw(";tag=").raw(to_tag()).raw("\r\n");
  } else {
    writer.header(Header::To, to);
  }
  if (response.status > 100 && response.status < 300) {
    writer.raw(request.substr(pending.record_route_at));
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
  send(last_response_);
  if (response.status < 200) {
    state_ = State::Proceeding;
    if (method_ == Method::Invite) {
      timer_.cancel();  // An INVITE may ring for as long as its user lets it.
    }
    return;
  }
  pending_.reset();
  if (method_ == Method::Invite) {
    finish_invite(response.status);
  } else {
    finish_other();
  }
}

void ServerTransaction::finish_invite(int status) {
  const TimerValues& timers = layer_.settings().timers;
  end_after(timers.timeout());  // Timer H, or L (RFC 6026 §7.1): retransmitted INVITEs are absorbed, the user alone repeats a 2xx.
  if (status < 300) {
    state_ = State::Accepted;
    return;
  }
  state_ = State::Completed;
  if (!is_reliable(flow_.transport)) {
    timer_.start(interval_);  // Timer G.
  }
}

void ServerTransaction::finish_other() {
  state_ = State::Completed;
  end_after(is_reliable(flow_.transport) ? base::Duration::zero() : layer_.settings().timers.timeout());  // Timer J.
}

void ServerTransaction::end_after(base::Duration delay) {
  ends_at_ = layer_.timers().clock().now() + delay;
  timer_.start(delay);
}

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
  std::string().swap(last_response_);                                                              // Assignment would keep the memory.
  end_after(is_reliable(flow_.transport) ? base::Duration::zero() : layer_.settings().timers.t4);  // Timer I.
}

void ServerTransaction::on_cancel() {
  if (!answered() && user_ != nullptr) {
    user_->on_cancel();
  }
}

void ServerTransaction::on_timer() {
  if (state_ == State::Trying && method_ == Method::Invite) {
    respond({.status = 100});
    return;
  }
  const base::TimePoint now = layer_.timers().clock().now();
  if (state_ != State::Completed || now >= ends_at_) {
    on_timeout();
    return;
  }
  interval_ = std::min(2 * interval_, layer_.settings().timers.t2);
  timer_.start(std::min(interval_, ends_at_ - now));
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
