// A WebSocket client that sends anything to the connection that our listener makes for it: what reaches the SIP engine are the messages that were sent,
// answers go back, the connection ends once when the client does, and nothing is left of it.
#include "loopback_pair.hpp"
#include "net/connection.hpp"
#include "require.hpp"
#include "websocket_script.hpp"

#include <boost/asio/ip/tcp.hpp>

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <iterator>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

using namespace callwright;

namespace {

constexpr std::string_view kRequest =
    "GET / HTTP/1.1\r\nHost: sip.example\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n"
    "Sec-WebSocket-Version: 13\r\nSec-WebSocket-Protocol: sip\r\n\r\n";
constexpr std::size_t kLongestInput = 16 * 1024;  ///< What fits into the buffers of a socket.
constexpr base::Duration kGuard = std::chrono::seconds(10);

class Engine final : public net::Connection::Owner {
 public:
  void on_frame(net::Connection& connection, std::string_view message) override {
    require(!closed && !message.empty() && message.size() <= WebSocketScript::kMaxMessage);
    messages.emplace_back(message);
    connection.send(message);
  }
  void on_closed(net::Connection& /*connection*/, net::Connection::Closed /*why*/, const base::Error& error) override {
    require(!closed && !error.detail.empty());
    closed = true;
  }

  std::vector<std::string> messages;
  bool closed = false;
};

/// Line ends alone are a sign of life and no message, but for the answer to a ping (RFC 5626 §4.4.1), which somebody may wait for.
bool is_message(const std::string& text) { return text == "\r\n" || text.find_first_not_of("\r\n") != std::string::npos; }

void check(const WebSocketScript& script, const Engine& engine, const std::string& received) {
  require(received.empty() || received.starts_with("HTTP/1.1 "));
  if (!script.upgrades) {
    return;
  }
  require(received.starts_with("HTTP/1.1 101 "));
  std::vector<std::string> expected;
  std::copy_if(script.messages.begin(), script.messages.end(), std::back_inserter(expected), is_message);
  const std::size_t both = std::min(expected.size(), engine.messages.size());
  require(std::equal(expected.begin(), expected.begin() + static_cast<std::ptrdiff_t>(both), engine.messages.begin()));
  require(!script.all_messages_are_taken || expected.size() == engine.messages.size());
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size > kLongestInput) return 0;
  static net::EngineLoop loop;
  static const net::StreamLimits kLimits = {.max_message_bytes = WebSocketScript::kMaxMessage};
  static const std::vector<std::string> kOrigins = {"https://phone.example"};
  const WebSocketScript script({reinterpret_cast<const char*>(data), size}, kRequest);
  LoopbackPair pair;
  Engine engine;
  const net::Route route{.transport = sip::Transport::Ws, .remote = base::SocketAddress::parse("127.0.0.1:9").value(), .server_name = {}};
  auto connection = net::make_connection(loop, kLimits, kOrigins, engine, sip::ConnectionId{1}, route);
  const std::weak_ptr<net::Connection> watched = connection;
  connection->accept({loop.context(), boost::asio::ip::tcp::v4(), pair.release_server()}, nullptr);
  for (const std::string& piece : script.pieces) {
    pair.write(piece);
    loop.context().poll();
    static_cast<void>(pair.received());
  }
  pair.end_writing();
  require(loop.run_until(
      [&] {
        static_cast<void>(pair.received());
        return engine.closed;
      },
      kGuard));
  check(script, engine, pair.received());
  connection.reset();
  loop.context().poll();
  require(watched.expired());
  return 0;
}
