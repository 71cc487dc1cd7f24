#include "net/sip_websocket.hpp"

#include "base/log.hpp"
#include "base/utf8.hpp"
#include "base/web_origin.hpp"
#include "sip/fields.hpp"

#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/http/empty_body.hpp>
#include <boost/beast/http/read.hpp>
#include <boost/beast/http/string_body.hpp>
#include <boost/beast/http/write.hpp>
#include <boost/beast/websocket/rfc6455.hpp>
#include <boost/beast/websocket/stream.hpp>

#include <algorithm>
#include <deque>
#include <optional>
#include <utility>

namespace callwright::net {
namespace {

namespace beast = boost::beast;
namespace http = boost::beast::http;
namespace websocket = boost::beast::websocket;
using boost::system::error_code;

constexpr std::size_t kMaxRequestHeader = 8 * 1024;
constexpr std::string_view kProtocol = "sip";
/// A quiet connection is asked after this part of its idle time, and closed when it stays quiet for as long again.
constexpr int kPingFraction = 2;
/// Beyond a minute or two, NATs and proxies on the way forget the connection.
constexpr base::Duration kMaxPingInterval = std::chrono::seconds(45);

std::string_view view(beast::string_view text) { return {text.data(), text.size()}; }

bool offers_sip(const http::fields& fields) {
  const auto [begin, end] = fields.equal_range(http::field::sec_websocket_protocol);
  return std::any_of(begin, end, [](const auto& field) {
    const http::token_list offered{field.value()};
    return std::any_of(offered.begin(), offered.end(), [](beast::string_view token) { return sip::equals_ignoring_case(view(token), kProtocol); });
  });
}

class SipWebSocket final : public Connection {
 public:
  SipWebSocket(EngineLoop& loop, const StreamLimits& limits, const std::vector<std::string>& origins, Owner& owner, sip::ConnectionId id, Route route)
      : Connection(loop, limits, owner, id, std::move(route)), origins_(origins), websocket_(stream_) {
    websocket_.read_message_max(limits.max_message_bytes);
    websocket_.auto_fragment(false);
  }

  void send(std::string_view message) override {
    if (state_ == State::Closed) {
      return;
    }
    queued_bytes_ += message.size();
    if (queued_bytes_ > limits_.max_queued_bytes) {
      fail_later(Closed::Violation, {base::Errc::LimitReached, describe("does not read what is sent to it").detail});
      return;
    }
    queue_.emplace_back(message);
    write();
  }

 private:
  void start() override {
    // Each ping and each pong shows that the peer is there.
    websocket_.control_callback([this](websocket::frame_type, beast::string_view) { heard(); });
    if (inbound()) {
      read_request();
    } else {
      request_upgrade();
    }
  }

  void read_request() {
    parser_.emplace();
    parser_->header_limit(kMaxRequestHeader);
    http::async_read(stream_, buffer_, *parser_, [this, self = shared_from_this()](const error_code& failure, std::size_t) { on_request(failure); });
  }

  void on_request(const error_code& failure) {
    if (!entered()) {
      return;
    }
    if (failure) {
      fail(Closed::ConnectFailed, {failure, describe("sent no WebSocket handshake: " + failure.message()).detail});
      return;
    }
    const auto& request = parser_->get();
    if (!websocket::is_upgrade(request)) {
      refuse(http::status::upgrade_required, "This is a SIP server: connect with WebSocket and the sub-protocol \"sip\"");
    } else if (!offers_sip(request)) {
      refuse(http::status::bad_request, "The WebSocket sub-protocol has to be \"sip\" (RFC 7118)");
    } else if (!may_connect(request)) {
      base::log::debug("SIP WebSocket refused: its origin is not allowed", {{"origin", view(request[http::field::origin])}});
      refuse(http::status::forbidden, "This origin is not allowed. Add it to sip.allowed_origins");
    } else {
      accept_upgrade(request);
    }
  }

  [[nodiscard]] bool may_connect(const http::request<http::empty_body>& request) const {
    const std::size_t origins = request.count(http::field::origin);
    const auto reach = local().ip.is_loopback() ? base::Reach::Loopback : base::Reach::Network;
    return origins == 0 || (origins == 1 && base::origin_may_connect(view(request[http::field::origin]), view(request[http::field::host]), origins_, reach));
  }

  /// `why` is constant text, without its full stop.
  void refuse(http::status status, std::string_view why) {
    refusal_.result(status);
    refusal_.version(11);
    refusal_.set(http::field::content_type, "text/plain");
    if (status == http::status::upgrade_required) {
      refusal_.set(http::field::upgrade, "websocket");
    }
    refusal_.keep_alive(false);
    refusal_.body() = std::string(why) + ".\n";
    refusal_.prepare_payload();
    http::async_write(stream_, refusal_, [this, self = shared_from_this(), why](const error_code&, std::size_t) {
      if (entered()) {
        fail(Closed::ConnectFailed, describe("was refused: " + std::string(why)));
      }
    });
  }

  void accept_upgrade(const http::request<http::empty_body>& request) {
    websocket_.set_option(websocket::stream_base::decorator(
        [](websocket::response_type& response) { response.set(http::field::sec_websocket_protocol, beast::string_view(kProtocol.data(), kProtocol.size())); }));
    websocket_.async_accept(request, [this, self = shared_from_this()](const error_code& failure) { on_upgraded(failure); });
  }

  void request_upgrade() {
    websocket_.set_option(websocket::stream_base::decorator(
        [](websocket::request_type& request) { request.set(http::field::sec_websocket_protocol, beast::string_view(kProtocol.data(), kProtocol.size())); }));
    const std::string host = route().server_name.empty() ? remote().to_string() : route().server_name + ":" + std::to_string(remote().port);
    websocket_.async_handshake(response_, host, "/", [this, self = shared_from_this()](const error_code& failure) { on_upgraded(failure); });
  }

  void on_upgraded(const error_code& failure) {
    if (!entered()) {
      return;
    }
    if (failure) {
      fail(Closed::ConnectFailed, {failure, describe("failed in its WebSocket handshake: " + failure.message()).detail});
      return;
    }
    if (!inbound() && !offers_sip(response_)) {
      fail(Closed::ConnectFailed, {base::Errc::Refused, describe("leads to a WebSocket server that does not speak SIP").detail});
      return;
    }
    parser_.reset();
    response_ = {};
    idle_time_ = ping_interval();
    opened();
    buffer_.clear();
    read();
    write();
  }

  [[nodiscard]] base::Duration ping_interval() const { return std::min(limits_.idle_timeout / kPingFraction, kMaxPingInterval); }

  void heard() {
    asked_ = false;
    idle_time_ = ping_interval();
    touch();
  }

  void on_idle() override {
    if (state_ != State::Open || asked_) {
      Connection::on_idle();
      return;
    }
    asked_ = true;
    touch();
    websocket_.async_ping({}, [self = shared_from_this()](const error_code&) {});
  }

  void read() {
    websocket_.async_read(buffer_, [this, self = shared_from_this()](const error_code& failure, std::size_t) { on_read(failure); });
  }

  void on_read(const error_code& failure) {
    if (!entered()) {
      return;
    }
    if (failure) {
      on_read_failure(failure);
      return;
    }
    heard();
    const auto data = buffer_.cdata();
    const std::string_view message(static_cast<const char*>(data.data()), data.size());
    if (message.find_first_not_of("\r\n") != std::string_view::npos) {
      deliver(message);
    } else if (message.starts_with("\r\n\r\n")) {
      send("\r\n");  // RFC 5626 §4.4.1, which RFC 7118 §6 allows here too.
    } else if (message == "\r\n") {
      deliver(message);  // The answer to a ping of ours.
    }
    if (state_ == State::Open) {
      idle_time_ = ping_interval();
      touch();
      buffer_.clear();
      read();
    }
  }

  void on_read_failure(const error_code& failure) {
    if (failure == websocket::error::message_too_big || failure == websocket::error::buffer_overflow) {
      fail(Closed::Violation, describe("sent a message that is too long"));
    } else if (failure == websocket::error::closed || failure == boost::asio::error::eof) {
      fail(Closed::Lost, {failure, describe("closed the connection").detail});
    } else {
      fail(Closed::Lost, {failure, describe("was lost: " + failure.message()).detail});
    }
  }

  void write() {
    if (writing_ || queue_.empty() || state_ != State::Open) {
      return;
    }
    writing_ = true;
    // A text message has to be UTF-8 (RFC 6455 §5.6); SIP messages need not be.
    websocket_.text(base::is_utf8(queue_.front()));
    websocket_.async_write(boost::asio::buffer(queue_.front()),
                           [this, self = shared_from_this()](const error_code& failure, std::size_t) { on_written(failure); });
  }

  void on_written(const error_code& failure) {
    writing_ = false;
    if (!entered()) {
      return;
    }
    if (failure) {
      fail(Closed::Lost, {failure, describe("was lost: " + failure.message()).detail});
      return;
    }
    queued_bytes_ -= queue_.front().size();
    queue_.pop_front();
    write();
  }

  const std::vector<std::string>& origins_;
  websocket::stream<SocketStream&, false> websocket_;  ///< Without compression, which costs much memory for each phone.
  beast::flat_buffer buffer_;
  std::optional<http::request_parser<http::empty_body>> parser_;
  http::response<http::string_body> refusal_;
  websocket::response_type response_;
  std::deque<std::string> queue_;
  std::size_t queued_bytes_ = 0;
  bool writing_ = false;
  bool asked_ = false;  ///< A ping went out and nothing has come since.
};

}  // namespace

std::shared_ptr<Connection> make_sip_websocket(EngineLoop& loop, const StreamLimits& limits, const std::vector<std::string>& origins, Connection::Owner& owner,
                                               sip::ConnectionId id, Route route) {
  return std::make_shared<SipWebSocket>(loop, limits, origins, owner, id, std::move(route));
}

}  // namespace callwright::net
