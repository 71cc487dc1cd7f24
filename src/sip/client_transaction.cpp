#include "sip/transaction.hpp"
#include "sip/transaction_layer.hpp"
#include "sip/writer.hpp"

#include <algorithm>
#include <utility>

namespace callwright::sip {

using base::Callback;

ClientTransaction::ClientTransaction(TransactionLayer& layer, const MatchKey& key, Method method, std::string request, const Flow& flow,
                                     ClientTransactionUser& user)
    : layer_(layer),
      user_(&user),
      key_(key),
      request_(std::move(request)),
      flow_(flow),
      retransmit_(layer.timers(), Callback::to<&ClientTransaction::on_retransmit>(*this)),
      timeout_(layer.timers(), Callback::to<&ClientTransaction::on_timeout>(*this)),
      interval_(layer.settings().timers.t1),
      method_(method) {}

void ClientTransaction::start() {
  if (!is_reliable(flow_.transport)) {
    retransmit_.start(interval_);
  }
  timeout_.start(layer_.settings().timers.timeout());
  layer_.send(flow_, request_);
}

void ClientTransaction::detach() noexcept {
  user_ = nullptr;
  if (method_ == Method::Invite && state_ == State::Proceeding) {
    // Nobody is left who could lose patience.
    timeout_.start(layer_.settings().timers.timeout());
  }
}

void ClientTransaction::on_retransmit() {
  // Timer A doubles without bound (§17.1.1.2); timer E doubles up to T2 and stays there once there was a provisional response (§17.1.2.2).
  const base::Duration t2 = layer_.settings().timers.t2;
  if (method_ == Method::Invite) {
    interval_ *= 2;
  } else {
    interval_ = state_ == State::Proceeding ? t2 : std::min(2 * interval_, t2);
  }
  retransmit_.start(interval_);
  layer_.send(flow_, request_);
}

void ClientTransaction::on_timeout() {
  if (state_ == State::Trying || state_ == State::Proceeding) {
    fail(NoResponse::TimedOut);
  } else {
    terminate();
  }
}

void ClientTransaction::on_transport_error() {
  if (state_ == State::Trying || state_ == State::Proceeding) {
    fail(NoResponse::TransportError);
  }
}

void ClientTransaction::give_up() {
  if (state_ == State::Trying || state_ == State::Proceeding) {
    fail(NoResponse::TimedOut);
  }
}

void ClientTransaction::fail(NoResponse why) {
  // No further callback may come from here once the user has been told.
  ClientTransactionUser* const user = std::exchange(user_, nullptr);
  if (user != nullptr) {
    user->on_terminated();
    user->on_no_response(why);
  }
  terminate();
}

void ClientTransaction::terminate() {
  state_ = State::Terminated;
  if (ClientTransactionUser* const user = std::exchange(user_, nullptr)) {
    user->on_terminated();
  }
  layer_.remove(*this);
}

void ClientTransaction::on_response(const Message& response) {
  if (method_ == Method::Invite) {
    on_invite_response(response);
  } else {
    on_other_response(response);
  }
}

void ClientTransaction::on_invite_response(const Message& response) {
  const int status = response.status();
  if (status >= 300) {
    if (state_ == State::Completed) {
      layer_.send(flow_, ack_);
      return;
    }
    if (state_ == State::Accepted) {
      return;
    }
    send_ack(response);
    // Timer D: at least 32 s over an unreliable transport, zero otherwise.
    complete(is_reliable(flow_.transport) ? base::Duration::zero() : layer_.settings().timers.timeout());
  } else if (state_ == State::Completed) {
    return;
  } else if (status >= 200) {
    if (state_ != State::Accepted) {
      state_ = State::Accepted;
      forget_request();
      retransmit_.cancel();
      timeout_.start(layer_.settings().timers.timeout());  // Timer M.
    }
  } else {
    if (state_ == State::Accepted) {
      return;
    }
    state_ = State::Proceeding;
    retransmit_.cancel();
    // An INVITE may ring for as long as its user lets it: timer B ends with the first provisional response.
    if (user_ != nullptr) {
      timeout_.cancel();
    }
  }
  if (user_ != nullptr) {
    user_->on_response(response);
  }
}

void ClientTransaction::on_other_response(const Message& response) {
  if (state_ == State::Completed) {
    return;
  }
  if (response.status() < 200) {
    state_ = State::Proceeding;
  } else {
    // Timer K.
    complete(is_reliable(flow_.transport) ? base::Duration::zero() : layer_.settings().timers.t4);
  }
  if (user_ != nullptr) {
    user_->on_response(response);
  }
}

void ClientTransaction::complete(base::Duration linger) {
  state_ = State::Completed;
  forget_request();
  retransmit_.cancel();
  timeout_.start(linger);
}

void ClientTransaction::forget_request() {
  // It is never sent again, and its peer may die.
  layer_.forget_remote(*this);
  std::string().swap(request_);  // Assignment would keep the memory.
}

void ClientTransaction::send_ack(const Message& response) {
  // RFC 3261 §17.1.1.3: from the request, but To from the response.
  Message request;
  if (!request.parse(request_)) {
    return;
  }
  Writer writer(ack_);
  writer.request(Method::Ack, request.request_uri());
  writer.header(Header::Via, request.header(Header::Via).value_or(std::string_view{}));
  writer.header(Header::MaxForwards, 70);
  request.for_each_value(Header::Route, [&writer](std::string_view route) {
    writer.header(Header::Route, route);
    return true;
  });
  writer.header(Header::From, request.header(Header::From).value_or(std::string_view{}));
  writer.header(Header::To, response.header(Header::To).value_or(std::string_view{}));
  writer.header(Header::CallId, request.call_id());
  writer.cseq(request.cseq().number, "ACK");
  writer.end();
  layer_.send(flow_, ack_);
}

}  // namespace callwright::sip
