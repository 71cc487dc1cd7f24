#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>

namespace callwright::server {

/// The close codes (RFC 6455 §7.4.1) that an API uses.
enum class CloseCode : std::uint16_t {
  Normal = 1000,
  GoingAway = 1001,        ///< The server stops.
  PolicyViolation = 1008,  ///< The client reads too slowly, or broke another rule.
  MessageTooBig = 1009,
  InternalError = 1011,
};

/// An open WebSocket as the API behind it sees it. Web thread.
class WebSocketPeer {
 public:
  virtual ~WebSocketPeer() = default;

  /// Queues one text message (UTF-8). What is sent from within `on_message` slows the client down: nothing more is read from it until the
  /// queue is short again. What is sent at other times counts against the limit of the queue; beyond it the connection is closed (1008).
  virtual void send(std::string text) = 0;
  /// Sends what is queued, then closes. `reason` has 123 bytes at most. Nothing can be sent any more.
  virtual void close(CloseCode code, std::string_view reason) = 0;
  /// "127.0.0.1:49152", for the log.
  [[nodiscard]] virtual const std::string& remote() const = 0;
};

/// What an API does with one connection; destroyed when the connection is gone. Web thread.
class WebSocketHandler {
 public:
  virtual ~WebSocketHandler() = default;
  /// A text or binary message, complete. The view is valid during the call.
  virtual void on_message(std::string_view text) = 0;
};

/// Makes the handler of a new connection; the peer outlives it.
using WebSocketFactory = std::function<std::unique_ptr<WebSocketHandler>(WebSocketPeer& peer)>;

}  // namespace callwright::server
