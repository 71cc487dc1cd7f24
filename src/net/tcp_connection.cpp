#include "net/tcp_connection.hpp"

#include "net/endpoint.hpp"
#include "sip/message.hpp"

#include <boost/asio/buffer.hpp>
#include <boost/asio/error.hpp>
#include <boost/asio/socket_base.hpp>
#include <boost/asio/write.hpp>

#include <algorithm>
#include <utility>

namespace callwright::net {
namespace {

using boost::asio::ip::tcp;

constexpr std::size_t kFirstBuffer = 4096;
constexpr std::size_t kMaxBuffer = sip::Message::kMaxSize + kFirstBuffer;

}  // namespace

TcpConnection::TcpConnection(EngineLoop& loop, const StreamLimits& limits, Owner& owner, sip::ConnectionId id)
    : loop_(loop),
      limits_(limits),
      owner_(&owner),
      id_(id),
      socket_(loop.context()),
      timeout_(loop.timers(), base::Callback::to<&TcpConnection::on_timeout>(*this)),
      idle_(loop.timers(), base::Callback::to<&TcpConnection::on_idle>(*this)),
      deferred_(loop, base::Callback::to<&TcpConnection::on_deferred_failure>(*this)) {}

void TcpConnection::accept(tcp::socket socket, const base::SocketAddress& remote) {
  socket_ = std::move(socket);
  remote_ = remote;
  inbound_ = true;
  opened();
}

void TcpConnection::connect(const base::SocketAddress& remote) {
  remote_ = remote;
  state_ = State::Connecting;
  timeout_.start(limits_.connect_timeout);
  socket_.async_connect(to_endpoint<tcp>(remote), [self = shared_from_this()](const boost::system::error_code& failure) { self->on_connected(failure); });
}

void TcpConnection::on_connected(const boost::system::error_code& failure) {
  loop_.handler_started();
  if (state_ != State::Connecting) {
    return;
  }
  if (failure) {
    fail(Closed::ConnectFailed, {failure, "TCP connection to " + remote_.to_string() + " failed: " + failure.message() + "."});
    return;
  }
  timeout_.cancel();
  opened();
  write();
}

void TcpConnection::opened() {
  state_ = State::Open;
  boost::system::error_code ignored;
  socket_.non_blocking(true, ignored);
  socket_.set_option(tcp::no_delay(true), ignored);
  socket_.set_option(tcp::socket::keep_alive(true), ignored);
  local_ = from_endpoint(socket_.local_endpoint(ignored));
  idle_.start(limits_.idle_timeout);
  read();
}

void TcpConnection::read() {
  if (consumed_ > 0) {
    std::copy(received_.begin() + static_cast<std::ptrdiff_t>(consumed_), received_.begin() + static_cast<std::ptrdiff_t>(filled_), received_.begin());
    filled_ -= std::exchange(consumed_, 0);
  }
  if (filled_ == received_.size()) {
    received_.resize(std::clamp(received_.size() * 2, kFirstBuffer, kMaxBuffer));
  }
  if (filled_ == received_.size()) {
    fail(Closed::Violation, describe("sent a message that is too long"));
    return;
  }
  socket_.async_read_some(boost::asio::buffer(received_.data() + filled_, received_.size() - filled_),
                          [self = shared_from_this()](const boost::system::error_code& failure, std::size_t size) { self->on_read(failure, size); });
}

void TcpConnection::on_read(const boost::system::error_code& failure, std::size_t size) {
  loop_.handler_started();
  if (state_ != State::Open) {
    return;
  }
  if (failure) {
    fail(Closed::Lost, {failure, describe(failure == boost::asio::error::eof ? "closed the connection" : "was lost: " + failure.message()).detail});
    return;
  }
  idle_.start(limits_.idle_timeout);
  filled_ += size;
  cut_frames();
  if (state_ == State::Open) {
    read();
  }
}

void TcpConnection::cut_frames() {
  while (state_ == State::Open) {
    const auto stream = std::string_view(received_).substr(consumed_, filled_ - consumed_);
    const sip::StreamFrame frame = sip::next_frame(stream, scanned_);
    switch (frame.state) {
      case sip::StreamFrame::State::Incomplete:
        consumed_ += frame.skip;
        watch_partial_message(stream.substr(frame.skip));
        return;
      case sip::StreamFrame::State::KeepAlive:
        consume(frame.skip + frame.size);
        send("\r\n");
        break;
      case sip::StreamFrame::State::Message:
        consume(frame.skip + frame.size);
        owner_->on_frame(*this, stream.substr(frame.skip, frame.size));
        break;
      case sip::StreamFrame::State::Broken: fail(Closed::Violation, describe("sent what is no SIP message: " + std::string(frame.reason))); return;
    }
  }
}

void TcpConnection::consume(std::size_t size) {
  consumed_ += size;
  scanned_ = 0;
  timeout_.cancel();
}

void TcpConnection::watch_partial_message(std::string_view rest) {
  // Line ends alone are half a ping, or the keep-alive of an old phone: no message has begun.
  if (rest.find_first_not_of("\r\n") != std::string_view::npos && !timeout_.pending()) {
    timeout_.start(limits_.message_timeout);
  }
}

void TcpConnection::send(std::string_view bytes) {
  if (state_ == State::Closed) {
    return;
  }
  if (bytes.size() + queued_.size() + writing_.size() > limits_.max_queued_bytes) {
    fail_later(Closed::Violation, {base::Errc::LimitReached, describe("does not read what is sent to it").detail});
    return;
  }
  queued_ += bytes;
  if (state_ == State::Open) {
    write();
  }
}

void TcpConnection::write() {
  if (!writing_.empty() || queued_.empty()) {
    return;
  }
  writing_.swap(queued_);
  boost::asio::async_write(socket_, boost::asio::buffer(writing_),
                           [self = shared_from_this()](const boost::system::error_code& failure, std::size_t) { self->on_written(failure); });
}

void TcpConnection::on_written(const boost::system::error_code& failure) {
  loop_.handler_started();
  if (state_ != State::Open) {
    return;
  }
  if (failure) {
    fail(Closed::Lost, {failure, describe("was lost: " + failure.message()).detail});
    return;
  }
  writing_.clear();
  idle_.start(limits_.idle_timeout);
  write();
}

void TcpConnection::on_timeout() {
  if (state_ == State::Connecting) {
    fail(Closed::ConnectFailed, {base::Errc::TimedOut, describe("did not answer in time").detail});
  } else {
    fail(Closed::Violation, {base::Errc::TimedOut, describe("took too long to send one message").detail});
  }
}

void TcpConnection::on_idle() { fail(Closed::Idle, {base::Errc::TimedOut, describe("was idle for too long").detail}); }

void TcpConnection::fail_later(Closed why, base::Error error) {
  deferred_why_ = why;
  deferred_error_ = std::move(error);
  deferred_.request();
}

void TcpConnection::on_deferred_failure() { fail(deferred_why_, deferred_error_); }

void TcpConnection::fail(Closed why, const base::Error& error) {
  if (state_ == State::Closed) {
    return;
  }
  // The owner lets go of this object in its callback.
  const auto self = shared_from_this();
  Owner* const owner = owner_;
  close();
  owner->on_closed(*this, why, error);
}

void TcpConnection::close() {
  state_ = State::Closed;
  owner_ = nullptr;
  timeout_.cancel();
  idle_.cancel();
  boost::system::error_code ignored;
  socket_.close(ignored);
}

base::Error TcpConnection::describe(std::string_view what) const {
  return {base::Errc::Io, "The TCP connection with " + remote_.to_string() + " " + std::string(what) + "."};
}

}  // namespace callwright::net
