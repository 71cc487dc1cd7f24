#include "net/connection.hpp"

#include "net/endpoint.hpp"
#include "net/sip_websocket.hpp"
#include "net/stream_connection.hpp"

#include <boost/asio/error.hpp>
#include <boost/asio/socket_base.hpp>

#include <utility>

namespace callwright::net {

using boost::asio::ip::tcp;
using boost::system::error_code;

namespace {

constexpr base::Duration kShutDownTime = std::chrono::seconds(1);

}  // namespace

Connection::Connection(EngineLoop& loop, const StreamLimits& limits, Owner& owner, sip::ConnectionId id, Route route)
    : loop_(loop),
      limits_(limits),
      stream_(loop.context()),
      timeout_(loop.timers(), base::Callback::to<&Connection::on_timeout>(*this)),
      idle_time_(limits.idle_timeout),
      owner_(&owner),
      id_(id),
      route_(std::move(route)),
      idle_(loop.timers(), base::Callback::to<&Connection::on_idle>(*this)),
      deferred_(loop, base::Callback::to<&Connection::on_deferred_failure>(*this)) {}

Connection::~Connection() = default;

void Connection::accept(tcp::socket socket, std::shared_ptr<const TlsServer> tls) {
  stream_.socket() = std::move(socket);
  inbound_ = true;
  tls_server_ = std::move(tls);
  idle_time_ = std::min(limits_.first_message_timeout, limits_.idle_timeout);
  set_options(0);
  handshake();
}

void Connection::connect(std::shared_ptr<const TlsClient> tls, int dscp) {
  tls_client_ = std::move(tls);
  state_ = State::Connecting;
  timeout_.start(limits_.connect_timeout);
  const auto endpoint = to_endpoint<tcp>(remote());
  error_code failure;
  stream_.socket().open(endpoint.protocol(), failure);
  set_options(dscp);
  stream_.socket().async_connect(endpoint, [self = shared_from_this()](const error_code& result) { self->on_connected(result); });
}

void Connection::set_options(int dscp) {
  error_code ignored;
  tcp::socket& socket = stream_.socket();
  socket.non_blocking(true, ignored);
  socket.set_option(tcp::no_delay(true), ignored);
  socket.set_option(tcp::socket::keep_alive(true), ignored);
  if (dscp != 0) {
    set_dscp(socket.native_handle(), remote().ip, dscp);
  }
}

void Connection::on_connected(const error_code& failure) {
  loop_.handler_started();
  if (state_ != State::Connecting) {
    return;
  }
  if (failure) {
    fail(Closed::ConnectFailed, {failure, std::string(is_secure(route_.transport) ? "TLS" : "TCP") + " connection to " + remote().to_string() +
                                              " failed: " + failure.message() + "."});
    return;
  }
  handshake();
}

void Connection::handshake() {
  state_ = State::Handshaking;
  error_code ignored;
  local_ = from_endpoint(stream_.socket().local_endpoint(ignored));
  timeout_.start(limits_.handshake_timeout);
  if (!is_secure(route_.transport)) {
    start();
    return;
  }
  auto& tls = stream_.secure(inbound_ ? tls_server_->context() : tls_client_->context());
  if (!inbound_) {
    prepare_handshake(tls, *tls_client_, route_.server_name);
  }
  tls.async_handshake(inbound_ ? SocketStream::Tls::server : SocketStream::Tls::client,
                      [self = shared_from_this()](const error_code& failure) { self->on_handshake(failure); });
}

void Connection::on_handshake(const error_code& failure) {
  loop_.handler_started();
  if (state_ != State::Handshaking) {
    return;
  }
  if (failure) {
    fail(Closed::ConnectFailed, {failure, describe("failed in its handshake: " + handshake_problem(*stream_.tls(), failure)).detail});
    return;
  }
  if (!inbound_ && tls_client_->verifies(route_.server_name) && !is_certificate_of(peer_names(*stream_.tls()), route_.server_name)) {
    fail(Closed::ConnectFailed, {base::Errc::Refused, describe("was given up: the certificate is not that of " + route_.server_name +
                                                               ". Use the name that it was made for, or list the server as not to be verified")
                                                          .detail});
    return;
  }
  start();
}

CertificateNames Connection::verified_peer() {
  // OpenSSL refuses a certificate that it cannot verify: one that is there is good.
  return inbound_ && stream_.tls() != nullptr && state_ == State::Open ? peer_names(*stream_.tls()) : CertificateNames{};
}

void Connection::opened() {
  state_ = State::Open;
  timeout_.cancel();
  touch();
}

bool Connection::entered() {
  loop_.handler_started();
  return state_ != State::Closed;
}

void Connection::deliver(std::string_view message) {
  idle_time_ = limits_.idle_timeout;
  touch();
  owner_->on_frame(*this, message);
}

void Connection::on_timeout() {
  switch (state_) {
    case State::Closed: close(); break;
    case State::Connecting: fail(Closed::ConnectFailed, {base::Errc::TimedOut, describe("did not answer in time").detail}); break;
    case State::Handshaking: fail(Closed::ConnectFailed, {base::Errc::TimedOut, describe("took too long for its handshake").detail}); break;
    default: fail(Closed::Violation, {base::Errc::TimedOut, describe("took too long to send one message").detail}); break;
  }
}

void Connection::on_idle() { fail(Closed::Idle, {base::Errc::TimedOut, describe("was idle for too long").detail}); }

void Connection::fail_later(Closed why, base::Error error) {
  deferred_why_ = why;
  deferred_error_ = std::move(error);
  deferred_.request();
}

void Connection::fail(Closed why, const base::Error& error) {
  if (state_ == State::Closed) {
    return;
  }
  // The owner lets go of this object in its callback.
  const auto self = shared_from_this();
  Owner* const owner = owner_;
  if (why == Closed::Lost || why == Closed::Idle) {
    shut_down();
  } else {
    close();
  }
  owner->on_closed(*this, why, error);
}

void Connection::end_timers() {
  state_ = State::Closed;
  owner_ = nullptr;
  timeout_.cancel();
  idle_.cancel();
}

void Connection::close() {
  end_timers();
  error_code ignored;
  stream_.socket().close(ignored);
}

void Connection::shut_down() {
  if (state_ != State::Open || stream_.tls() == nullptr) {
    close();
    return;
  }
  end_timers();
  timeout_.start(kShutDownTime);
  stream_.tls()->async_shutdown([self = shared_from_this()](const error_code& /*failure*/) {
    self->loop_.handler_started();
    self->close();
  });
}

base::Error Connection::describe(std::string_view what) const {
  return {base::Errc::Io, "The " + std::string(to_string(route_.transport)) + " connection with " + remote().to_string() + " " + std::string(what) + "."};
}

std::shared_ptr<Connection> make_connection(EngineLoop& loop, const StreamLimits& limits, const std::vector<std::string>& origins, Connection::Owner& owner,
                                            sip::ConnectionId id, Route route) {
  if (is_websocket(route.transport)) {
    return make_sip_websocket(loop, limits, origins, owner, id, std::move(route));
  }
  return std::make_shared<StreamConnection>(loop, limits, owner, id, std::move(route));
}

}  // namespace callwright::net
