// A client that sends anything to the HTTP and WebSocket server with the Call API behind it: what reaches the API are the messages that were sent, every
// answer is JSON-RPC, a client that has gone leaves neither a connection nor a command behind.
#include "call/call_control.hpp"
#include "loopback_pair.hpp"
#include "require.hpp"
#include "server/call_api/call_api.hpp"
#include "server/http_connection.hpp"
#include "websocket_script.hpp"

#include <boost/asio/post.hpp>
#include <boost/json/parse.hpp>
#include <boost/json/value.hpp>

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

using namespace callwright;
using namespace callwright::server;

namespace {

constexpr std::string_view kRequest =
    "GET /call-api HTTP/1.1\r\nHost: 127.0.0.1\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n"
    "Sec-WebSocket-Version: 13\r\n\r\n";
constexpr std::size_t kLongestInput = 16 * 1024;  ///< What fits into the buffers of a socket.
constexpr auto kGuard = std::chrono::seconds(10);

/// Commands make one step and wait until they are given up; those that end a call end at once.
class Calls final : public call::CallControl {
 public:
  void submit(call::CommandId id, const call::Command& command, call::CommandObserver& observer) override {
    if (const auto* const start = std::get_if<call::StartCall>(&command)) {
      require(waiting_.emplace(id, &observer).second);
      observer.on_command_event(
          {.command = id, .kind = Kind::CallerAnswered, .call_id = {}, .caller = start->caller, .callee = start->callee, .destination = {}, .extra = {}});
    } else {
      end(id, observer);
    }
  }
  void cancel(call::CommandId id) override {
    const auto waiting = waiting_.find(id);
    if (waiting == waiting_.end()) return;
    call::CommandObserver& observer = *waiting->second;
    waiting_.erase(waiting);
    end(id, observer);
  }
  [[nodiscard]] bool idle() const { return waiting_.empty(); }

 private:
  using Kind = call::CommandEvent::Kind;
  static void end(call::CommandId id, call::CommandObserver& observer) {
    for (const Kind kind : {Kind::Failed, Kind::Ended}) {
      observer.on_command_event({.command = id, .kind = kind, .call_id = {}, .caller = {}, .callee = {}, .destination = {}, .extra = "487 Given Up"});
    }
  }
  std::map<call::CommandId, call::CommandObserver*> waiting_;
};

/// Notes what the API is given.
class Recorded final : public WebSocketHandler {
 public:
  Recorded(std::vector<std::string>& messages, std::unique_ptr<WebSocketHandler> next) : messages_(messages), next_(std::move(next)) {}
  void on_message(std::string_view text) override {
    messages_.emplace_back(text);
    next_->on_message(text);
  }

 private:
  std::vector<std::string>& messages_;
  std::unique_ptr<WebSocketHandler> next_;
};

WebConfig small_limits() {
  WebConfig config;
  config.max_message_bytes = WebSocketScript::kMaxMessage;
  config.high_water_bytes = 2000;
  return config;
}

/// Every dialect with every error style, by the length of the input.
call_api::Protocol protocol_for(std::size_t size) {
  return {.dialect = size % 2 == 0 ? &call_api::current_dialect() : &call_api::dialect_of_2020(),
          .errors = size % 4 < 2 ? &call_api::json_rpc_errors() : &call_api::reference_errors()};
}

/// What the server says after its handshake are frames, and every text is an answer, a batch of them or an event.
void check_answers(std::string_view frames) {
  while (frames.size() >= 2) {
    const auto byte = [&](std::size_t index) { return std::size_t{static_cast<unsigned char>(frames[index])}; };
    const std::size_t head = byte(1) < 126 ? 2 : byte(1) == 126 ? 4 : 10;
    if (frames.size() < head) return;
    std::size_t size = byte(1);
    require(head < 10 && size < 128);  // Nothing here is so long, and servers do not mask.
    if (head == 4) size = byte(2) << 8U | byte(3);
    if (frames.size() < head + size) return;
    const std::string_view payload = frames.substr(head, size);
    if (byte(0) == 0x81) {
      const auto value = boost::json::parse({payload.data(), payload.size()});
      require(value.is_object() || (value.is_array() && !value.get_array().empty()));
      const auto& first = value.is_array() ? value.get_array().front() : value;
      require(first.at("jsonrpc") == "2.0" && (first.get_object().contains("id") || first.get_object().contains("method")));
    } else {
      require(byte(0) >= 0x88 && byte(0) <= 0x8a);
    }
    frames.remove_prefix(head + size);
  }
}

void check(const WebSocketScript& script, const std::vector<std::string>& messages, std::string_view received) {
  require(received.empty() || received.starts_with("HTTP/1.1 "));
  if (!script.upgrades) return;
  require(received.starts_with("HTTP/1.1 101 "));
  check_answers(received.substr(received.find("\r\n\r\n") + 4));
  const std::size_t both = std::min(messages.size(), script.messages.size());
  require(std::equal(messages.begin(), messages.begin() + static_cast<std::ptrdiff_t>(both), script.messages.begin()));
  require(!script.all_messages_are_taken || messages.size() == script.messages.size());
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size > kLongestInput) return 0;
  const WebSocketScript script({reinterpret_cast<const char*>(data), size}, kRequest);
  Calls calls;
  std::vector<std::string> messages;
  base::ManualClock clock;
  base::Timers timers(clock);
  WebCore core(small_limits());
  call_api::Feed feed("run1", 3);
  feed.note(std::make_shared<call::Event>(call::Event{{}, "", "a", call::CallStarted{"sip:alice@x", "sip:bob@x"}}));
  feed.note(std::make_shared<call::Event>(call::Event{{}, "", "a", call::CallEnded{200, "BYE"}}));
  feed.note(std::make_shared<call::Event>(call::Event{{}, "", "", call::ContactChanged{"alice", "sip:alice@h", call::ContactChanged::Now::Registered, {}}}));
  call_api::CallApi api({.limits = {.on_disconnect = call_api::OnDisconnect::Cancel}, .protocol = protocol_for(size)},
                        {calls, timers,
                         [](const std::function<void()>& job) {
                           job();
                           return true;
                         },
                         [&core](std::function<void()> job) { boost::asio::post(core.io, std::move(job)); }},
                        feed);
  core.websockets.emplace("/call-api", [&](const HttpRequest& request) {
    Admission admission = api.admit(request);
    if (const auto* const open = std::get_if<WebSocketFactory>(&admission)) {
      admission = [&messages, open = *open](WebSocketPeer& peer) { return std::make_unique<Recorded>(messages, open(peer)); };
    }
    return admission;
  });
  core.pages.emplace("/healthz", health_page("1.0"));
  LoopbackPair pair;
  serve_http(core, WebTcpSocket(core.io, boost::asio::ip::tcp::v4(), pair.release_server()), Reach::Loopback, WebSecurity::Plain);
  for (const std::string& piece : script.pieces) {
    pair.write(piece);
    core.io.poll();
    static_cast<void>(pair.received());
  }
  pair.end_writing();
  while (core.connections() > 0) {
    require(core.io.run_one_for(kGuard) > 0);
    static_cast<void>(pair.received());
  }
  core.io.poll();
  check(script, messages, pair.received());
  require(calls.idle() && api.running_commands() == 0 && feed.readers() == 0);
  return 0;
}
