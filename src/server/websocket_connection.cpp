#include "server/websocket_connection.hpp"

#include "base/log.hpp"

#include <boost/asio/steady_timer.hpp>
#include <boost/beast/core/bind_handler.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/websocket/stream.hpp>

#include <algorithm>
#include <deque>
#include <utility>

namespace callwright::server {

namespace asio = boost::asio;
namespace beast = boost::beast;
namespace websocket = boost::beast::websocket;
using boost::system::error_code;

namespace {

/// A read buffer that has grown beyond this is given back after use.
constexpr std::size_t kKeptBuffer = 64 * 1024;

std::string remote_of(const WebStream& stream) {
  error_code failure;
  const auto endpoint = stream.socket().remote_endpoint(failure);
  if (failure) {
    return "unknown";
  }
  return endpoint.address().to_string() + ":" + std::to_string(endpoint.port());
}

class WebSocketConnection final : public Connection, public WebSocketPeer, public std::enable_shared_from_this<WebSocketConnection> {
 public:
  WebSocketConnection(WebCore& core, WebStream stream, WebSocketFactory factory, ConnectionSlot slot)
      : core_(core),
        config_(core.config),
        factory_(std::move(factory)),
        slot_(std::move(slot)),
        remote_(remote_of(stream)),
        close_timer_(core.io),
        stream_(std::move(stream)) {}

  void run(WebRequest request) {
    slot_.occupy(weak_from_this());
    websocket::stream_base::timeout timeouts{};
    timeouts.handshake_timeout = config_.close_timeout;
    timeouts.idle_timeout = config_.idle_timeout;
    timeouts.keep_alive_pings = true;
    stream_.set_option(timeouts);
    // The limit is kept here: Beast would close the socket with what is still unread, and that resets the connection before the client has seen why.
    stream_.read_message_max(0);
    stream_.auto_fragment(false);
    stream_.text(true);
    request_ = std::move(request);
    stream_.async_accept(request_, beast::bind_front_handler(&WebSocketConnection::on_accepted, shared_from_this()));
  }

  void send(std::string text) override {
    if (state_ != State::Open) {
      return;
    }
    const Cause cause = in_handler_ ? Cause::Request : Cause::Event;
    queued_bytes_ += text.size();
    if (cause == Cause::Event) {
      queued_event_bytes_ += text.size();
      ++queued_events_;
    }
    queue_.push_back({std::move(text), cause});
    if (queued_event_bytes_ > config_.max_queued_event_bytes || queued_events_ > config_.max_queued_event_messages) {
      base::log::warn("websocket closed: its client reads too slowly", {{"remote", remote_}, {"queued_bytes", queued_bytes_}});
      drop_queue();
      close(CloseCode::PolicyViolation, "reading too slowly: too many events are waiting");
      return;
    }
    // While a message is handled its answers gather, so that they leave together.
    if (!in_handler_) {
      write();
    }
  }

  void close(CloseCode code, std::string_view reason) override {
    if (state_ != State::Open) {
      return;
    }
    state_ = State::Closing;
    reason_.code = static_cast<websocket::close_code>(code);
    reason_.reason.assign(reason.data(), std::min(reason.size(), reason_.reason.max_size()));
    close_timer_.expires_after(config_.close_timeout);
    close_timer_.async_wait([weak = weak_from_this()](error_code failure) {
      const auto self = weak.lock();
      if (!failure && self) {
        self->abort();
      }
    });
    if (!in_handler_) {
      write();
    }
  }

  [[nodiscard]] const std::string& remote() const override { return remote_; }

  void begin_close() override {
    // A handshake under way is finished first; the client shall learn why it is closed.
    if (state_ != State::Accepting) {
      close(CloseCode::GoingAway, "the server stops");
    }
  }

  void abort() override { beast::get_lowest_layer(stream_).close(); }

 private:
  enum class State { Accepting, Open, Closing, Gone };
  /// Why a message is sent; only events count against the hard limit, answers slow the reading down instead.
  enum class Cause { Request, Event };
  struct Outgoing {
    std::string text;
    Cause cause;
  };

  void on_accepted(error_code failure) {
    request_ = {};
    if (failure || state_ != State::Accepting) {
      finish();
      return;
    }
    state_ = State::Open;
    handler_ = factory_(*this);
    base::log::debug("websocket opened", {{"remote", remote_}});
    read();
    if (core_.stopping) {
      begin_close();
    }
  }

  void read() {
    reading_ = true;
    stream_.async_read_some(buffer_, 0, beast::bind_front_handler(&WebSocketConnection::on_read, shared_from_this()));
  }

  void on_read(error_code failure, std::size_t) {
    reading_ = false;
    if (failure) {
      finish();
      return;
    }
    if (buffer_.size() > config_.max_message_bytes) {
      close(CloseCode::MessageTooBig, "a message may have " + std::to_string(config_.max_message_bytes) + " bytes");
    }
    if (state_ != State::Open) {
      forget_input();
      read();
    } else if (!stream_.is_message_done()) {
      read();
    } else {
      take_message();
    }
  }

  void take_message() {
    in_handler_ = true;
    handler_->on_message({static_cast<const char*>(buffer_.data().data()), buffer_.size()});
    in_handler_ = false;
    forget_input();
    write();
    if (!is_above_high_water()) {
      read();
    }
  }

  void forget_input() {
    buffer_.consume(buffer_.size());
    if (buffer_.capacity() > kKeptBuffer) {
      buffer_.shrink_to_fit();
    }
  }

  [[nodiscard]] bool is_above_high_water() const { return queued_bytes_ > config_.high_water_bytes || queue_.size() > config_.high_water_messages; }
  [[nodiscard]] bool is_below_low_water() const { return queued_bytes_ <= config_.high_water_bytes / 2 && queue_.size() <= config_.high_water_messages / 2; }

  /// Starts the next write, when none is under way.
  void write() {
    if (writing_ || state_ == State::Gone) {
      return;
    }
    if (!queue_.empty()) {
      writing_ = true;
      stream_.next_layer().gather(queue_.size() > 1);
      stream_.async_write(asio::buffer(queue_.front().text), beast::bind_front_handler(&WebSocketConnection::on_written, shared_from_this()));
      return;
    }
    if (state_ == State::Closing && !close_sent_) {
      close_sent_ = true;
      stream_.next_layer().gather(false);
      stream_.async_close(reason_, beast::bind_front_handler(&WebSocketConnection::on_closed, shared_from_this()));
    }
  }

  void on_written(error_code failure, std::size_t) {
    writing_ = false;
    if (failure) {
      finish();
      return;
    }
    pop(queue_.begin());
    write();
    if (!reading_ && state_ == State::Open && is_below_low_water()) {
      read();
    }
  }

  void on_closed(error_code) { finish(); }

  void pop(const std::deque<Outgoing>::iterator& message) {
    queued_bytes_ -= message->text.size();
    if (message->cause == Cause::Event) {
      queued_event_bytes_ -= message->text.size();
      --queued_events_;
    }
    queue_.erase(message);
  }

  /// All but the message that is being written.
  void drop_queue() {
    const std::size_t kept = writing_ ? 1 : 0;
    while (queue_.size() > kept) {
      pop(std::prev(queue_.end()));
    }
  }

  void finish() {
    if (state_ == State::Gone) {
      return;
    }
    state_ = State::Gone;
    close_timer_.cancel();
    handler_.reset();
    abort();
    base::log::debug("websocket ended", {{"remote", remote_}});
  }

  const WebCore& core_;
  const WebConfig& config_;
  const WebSocketFactory factory_;
  ConnectionSlot slot_;
  const std::string remote_;
  asio::steady_timer close_timer_;
  websocket::stream<WebStream, false> stream_;
  WebRequest request_;
  beast::flat_buffer buffer_;
  State state_ = State::Accepting;
  bool reading_ = false;
  bool writing_ = false;
  bool in_handler_ = false;
  bool close_sent_ = false;
  websocket::close_reason reason_;
  std::deque<Outgoing> queue_;
  std::size_t queued_bytes_ = 0;
  std::size_t queued_event_bytes_ = 0;
  std::size_t queued_events_ = 0;
  std::unique_ptr<WebSocketHandler> handler_;
};

}  // namespace

void serve_websocket(WebCore& core, WebStream stream, WebRequest request, WebSocketFactory factory, ConnectionSlot slot) {
  std::make_shared<WebSocketConnection>(core, std::move(stream), std::move(factory), std::move(slot))->run(std::move(request));
}

}  // namespace callwright::server
