#include "net/stream_connection.hpp"

#include "sip/message.hpp"

#include <boost/asio/buffer.hpp>
#include <boost/asio/error.hpp>
#include <boost/asio/ssl/error.hpp>
#include <boost/asio/write.hpp>

#include <algorithm>
#include <utility>

namespace callwright::net {
namespace {

constexpr std::size_t kFirstBuffer = 4096;
constexpr std::string_view kPing = "\r\n\r\n";
constexpr std::string_view kPong = "\r\n";

/// Few programs take the trouble to end TLS before they close.
bool closed_by_peer(const boost::system::error_code& failure) {
  return failure == boost::asio::error::eof || failure == boost::asio::ssl::error::stream_truncated;
}

}  // namespace

void StreamConnection::start() {
  opened();
  read();
  write();
}

void StreamConnection::read() {
  if (consumed_ > 0) {
    std::copy(received_.begin() + static_cast<std::ptrdiff_t>(consumed_), received_.begin() + static_cast<std::ptrdiff_t>(filled_), received_.begin());
    filled_ -= std::exchange(consumed_, 0);
  }
  if (filled_ == received_.size()) {
    received_.resize(std::clamp(received_.size() * 2, kFirstBuffer, limits_.max_message_bytes + kFirstBuffer));
  }
  if (filled_ == received_.size()) {
    fail(Closed::Violation, describe("sent a message that is too long"));
    return;
  }
  stream_.async_read_some(boost::asio::buffer(received_.data() + filled_, received_.size() - filled_),
                          [this, self = shared_from_this()](const boost::system::error_code& failure, std::size_t size) { on_read(failure, size); });
}

void StreamConnection::on_read(const boost::system::error_code& failure, std::size_t size) {
  if (!entered()) {
    return;
  }
  if (failure) {
    fail(Closed::Lost, {failure, describe(closed_by_peer(failure) ? "closed the connection" : "was lost: " + failure.message()).detail});
    return;
  }
  touch();
  filled_ += size;
  cut_frames();
  if (state_ == State::Open) {
    read();
  }
}

void StreamConnection::cut_frames() {
  while (state_ == State::Open) {
    const auto stream = std::string_view(received_).substr(consumed_, filled_ - consumed_);
    if (pinged_ && take_pong(stream)) {
      continue;
    }
    const sip::StreamFrame frame = sip::next_frame(stream, scanned_);
    switch (frame.state) {
      case sip::StreamFrame::State::Incomplete:
        consumed_ += frame.skip;
        watch_partial_message(stream.substr(frame.skip));
        return;
      case sip::StreamFrame::State::KeepAlive:
        consume(frame.skip + frame.size);
        send(kPong);
        break;
      case sip::StreamFrame::State::Message:
        consume(frame.skip + frame.size);
        if (frame.size > limits_.max_message_bytes) {
          fail(Closed::Violation, describe("sent a message that is too long"));
          return;
        }
        deliver(stream.substr(frame.skip, frame.size));
        break;
      case sip::StreamFrame::State::Broken: fail(Closed::Violation, describe("sent what is no SIP message: " + std::string(frame.reason))); return;
    }
  }
}

bool StreamConnection::take_pong(std::string_view stream) {
  if (!stream.starts_with(kPong) || (stream.size() > kPong.size() && stream[kPong.size()] == '\r')) {
    return false;
  }
  pinged_ = false;
  consume(kPong.size());
  deliver(kPong);
  return true;
}

void StreamConnection::consume(std::size_t size) {
  consumed_ += size;
  scanned_ = 0;
  timeout_.cancel();
}

void StreamConnection::watch_partial_message(std::string_view rest) {
  // Line ends alone are half a ping, or the keep-alive of an old phone: no message has begun.
  if (rest.find_first_not_of("\r\n") != std::string_view::npos && !timeout_.pending()) {
    timeout_.start(limits_.message_timeout);
  }
}

void StreamConnection::send(std::string_view bytes) {
  if (state_ == State::Closed) {
    return;
  }
  if (bytes.size() + queued_.size() + writing_.size() > limits_.max_queued_bytes) {
    fail_later(Closed::Violation, {base::Errc::LimitReached, describe("does not read what is sent to it").detail});
    return;
  }
  pinged_ = pinged_ || bytes == kPing;
  queued_ += bytes;
  if (state_ == State::Open) {
    write();
  }
}

void StreamConnection::write() {
  if (!writing_.empty() || queued_.empty()) {
    return;
  }
  writing_.swap(queued_);
  boost::asio::async_write(stream_, boost::asio::buffer(writing_),
                           [this, self = shared_from_this()](const boost::system::error_code& failure, std::size_t) { on_written(failure); });
}

void StreamConnection::on_written(const boost::system::error_code& failure) {
  if (!entered()) {
    return;
  }
  if (failure) {
    fail(Closed::Lost, {failure, describe("was lost: " + failure.message()).detail});
    return;
  }
  writing_.clear();
  touch();
  write();
}

}  // namespace callwright::net
