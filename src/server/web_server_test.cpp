#include "server/web_server.hpp"

#include "server/call_api/client.hpp"
#include "server/raw_client.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <future>
#include <semaphore>
#include <utility>

namespace callwright::server {
namespace {

using call_api::Client;
using namespace std::chrono_literals;
using namespace std::string_literals;
using testing::EndsWith;
using testing::HasSubstr;
using testing::StartsWith;

std::chrono::steady_clock::time_point soon() { return std::chrono::steady_clock::now() + 10s; }

/// Answers each message with a text that it gives back `copies` times; tells when it is gone.
class Parrot final : public WebSocketHandler {
 public:
  Parrot(WebSocketPeer& peer, std::size_t copies, std::counting_semaphore<>& gone) : peer_(peer), copies_(copies), gone_(gone) {}
  ~Parrot() override { gone_.release(); }

  void on_message(std::string_view text) override {
    if (text == "close") {
      peer_.send("bye");
      peer_.close(CloseCode::Normal, "asked to");
      peer_.send("too late");
      return;
    }
    std::string answer;
    for (std::size_t copy = 0; copy < copies_; ++copy) {
      answer += text;
    }
    peer_.send(std::move(answer));
  }

 private:
  WebSocketPeer& peer_;
  std::size_t copies_;
  std::counting_semaphore<>& gone_;
};

class Web : public testing::Test {
 protected:
  void start(WebConfig config = {}, std::size_t copies = 1) {
    server_ = std::make_unique<WebServer>(std::move(config));
    server_->add_page("/healthz", health_page("1.2.3"));
    server_->add_websocket("/ws", [this, copies](WebSocketPeer& peer) {
      peer_ = &peer;
      opened_.release();
      return std::make_unique<Parrot>(peer, copies, gone_);
    });
    const auto bound = server_->listen(base::SocketAddress::parse("127.0.0.1:0").value());
    ASSERT_TRUE(bound);
    port_ = bound->port;
    server_->start();
  }

  std::string ask(std::string_view request) {
    RawClient client(port_);
    client.send(request);
    return client.read_all();
  }

  Client connect() { return Client::blocking_connect("ws://127.0.0.1:" + std::to_string(port_) + "/ws", soon()).value(); }

  std::string upgrade(std::string_view extra = "") {
    return "GET /ws HTTP/1.1\r\nHost: 127.0.0.1:" + std::to_string(port_) +
           "\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n" +
           std::string(extra) + "\r\n";
  }

  void expect_handler_gone() { EXPECT_TRUE(gone_.try_acquire_for(10s)); }

  /// Sends so many events to the last client. Its handshake may end on its side before the server's handler is there.
  void send_events(int count, const std::string& text) {
    ASSERT_TRUE(opened_.try_acquire_for(10s));
    server_->post([this, count, text] {
      for (int number = 0; number < count; ++number) {
        peer_->send(text);
      }
    });
  }

  std::counting_semaphore<> opened_{0};
  std::counting_semaphore<> gone_{0};
  WebSocketPeer* peer_ = nullptr;
  std::uint16_t port_ = 0;
  std::unique_ptr<WebServer> server_;
};

TEST_F(Web, reports_its_health) {
  start();
  const auto answer = ask("GET /healthz?x=1 HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n");
  EXPECT_THAT(answer, StartsWith("HTTP/1.1 200 OK\r\n"));
  EXPECT_THAT(answer, HasSubstr("Content-Type: application/json\r\n"));
  EXPECT_THAT(answer, EndsWith("\r\n\r\n{\"status\":\"ok\",\"version\":\"1.2.3\"}\n"));
}

TEST_F(Web, answers_head_without_a_body) {
  start();
  const auto answer = ask("HEAD /healthz HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n");
  EXPECT_THAT(answer, StartsWith("HTTP/1.1 200 OK\r\n"));
  EXPECT_THAT(answer, HasSubstr("Content-Length: 34\r\n"));
  EXPECT_THAT(answer, EndsWith("\r\n\r\n"));
}

TEST_F(Web, serves_several_requests_on_one_connection) {
  start();
  const auto answer = ask("GET /healthz HTTP/1.1\r\nHost: h\r\n\r\nGET /nowhere HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n");
  EXPECT_THAT(answer, StartsWith("HTTP/1.1 200 OK\r\n"));
  EXPECT_THAT(answer, HasSubstr("HTTP/1.1 404 Not Found\r\n"));
}

TEST_F(Web, does_not_find_other_paths) {
  start();
  for (const char* path : {"/", "/ws/", "/healthz/", "/WS", "/nowhere?/ws"}) {
    const auto answer = ask("GET " + std::string(path) + " HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n");
    EXPECT_THAT(answer, StartsWith("HTTP/1.1 404 Not Found\r\n")) << path;
    EXPECT_THAT(answer, EndsWith("\r\n\r\n404 page not found\n")) << path;
  }
}

TEST_F(Web, asks_for_a_websocket_where_there_is_one) {
  start();
  const auto answer = ask("GET /ws HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n");
  EXPECT_THAT(answer, StartsWith("HTTP/1.1 400 Bad Request\r\n"));
  EXPECT_THAT(answer, EndsWith("\r\n\r\nBad Request\n"));
}

TEST_F(Web, asks_the_gate_of_a_websocket_before_the_upgrade) {
  WebServer server{WebConfig{}};
  server.add_websocket("/gated", [this](const HttpRequest& request) -> Admission {
    if (request.query != "open=yes") {
      return HttpResponse{.status = 401, .content_type = "text/plain", .body = "say open=yes\n"};
    }
    return WebSocketFactory([this](WebSocketPeer& peer) { return std::make_unique<Parrot>(peer, 2, gone_); });
  });
  const auto bound = server.listen(base::SocketAddress::parse("127.0.0.1:0").value()).value();
  server.start();
  port_ = bound.port;
  const auto refused = ask("GET /gated?open=no" + upgrade().substr(std::string("GET /ws").size()));
  EXPECT_THAT(refused, StartsWith("HTTP/1.1 401 Unauthorized\r\n"));
  EXPECT_THAT(refused, EndsWith("\r\n\r\nsay open=yes\n"));
  auto client = Client::blocking_connect("ws://" + bound.to_string() + "/gated?open=yes", soon()).value();
  ASSERT_TRUE(client.blocking_send("hi", soon()));
  EXPECT_EQ(client.blocking_receive(soon()).value(), "hihi");
}

TEST_F(Web, allows_get_and_head_only) {
  start();
  const auto answer = ask("POST /healthz HTTP/1.1\r\nHost: h\r\nConnection: close\r\nContent-Length: 2\r\n\r\nhi");
  EXPECT_THAT(answer, StartsWith("HTTP/1.1 405 Method Not Allowed\r\n"));
  EXPECT_THAT(answer, HasSubstr("Allow: GET, HEAD\r\n"));
}

TEST_F(Web, refuses_requests_that_are_too_large_or_malformed) {
  start();
  EXPECT_THAT(ask("GET /healthz HTTP/1.1\r\nX: " + std::string(9000, 'x') + "\r\n\r\n"), StartsWith("HTTP/1.1 431 "));
  EXPECT_THAT(ask("POST /healthz HTTP/1.1\r\nContent-Length: 1000000\r\n\r\n"), StartsWith("HTTP/1.1 413 "));
  EXPECT_THAT(ask("what is this\r\n\r\n"), StartsWith("HTTP/1.1 400 "));
}

TEST_F(Web, drops_a_client_that_does_not_finish_its_request) {
  start({.request_timeout = 50ms});
  EXPECT_EQ(ask("GET /healthz HTTP/1.1\r\n"), "");
}

TEST_F(Web, turns_clients_away_when_it_is_full) {
  start({.max_connections = 1});
  auto first = connect();
  EXPECT_THAT(ask("GET /healthz HTTP/1.1\r\nHost: h\r\n\r\n"), StartsWith("HTTP/1.1 503 Service Unavailable\r\n"));
  EXPECT_THAT(ask(upgrade()), StartsWith("HTTP/1.1 503 "));
  ASSERT_TRUE(first.blocking_send("still here", soon()));
  EXPECT_EQ(first.blocking_receive(soon()).value(), "still here");
}

TEST_F(Web, refuses_pages_from_elsewhere_before_the_upgrade) {
  start({.allowed_origins = {"https://app.example.com"}});
  EXPECT_THAT(ask(upgrade("Origin: http://evil.example\r\n")), StartsWith("HTTP/1.1 403 Forbidden\r\n"));
  EXPECT_THAT(ask(upgrade("Origin: https://app.example.com\r\nOrigin: http://evil.example\r\n")), StartsWith("HTTP/1.1 403 "));
  for (const std::string& origin : {"http://127.0.0.1:" + std::to_string(port_), std::string("https://app.example.com")}) {
    RawClient client(port_);
    client.send(upgrade("Origin: " + origin + "\r\n"));
    EXPECT_THAT(client.read_until("\r\n\r\n"), StartsWith("HTTP/1.1 101 Switching Protocols\r\n")) << origin;
  }
}

TEST_F(Web, says_what_to_do_when_a_port_is_taken) {
  start();
  const auto again = server_->listen({.ip = base::IpAddress::parse("127.0.0.1").value(), .port = port_});
  ASSERT_FALSE(again);
  EXPECT_THAT(again.error().message(), HasSubstr("choose another address or port"));
}

TEST_F(Web, runs_posted_jobs_in_order) {
  start();
  std::string seen;
  std::promise<void> done;
  server_->post([&] { seen += "a"; });
  server_->post([&] { seen += "b"; });
  server_->post([&] { done.set_value(); });
  done.get_future().wait();
  EXPECT_EQ(seen, "ab");
}

TEST_F(Web, exchanges_messages) {
  start();
  auto client = connect();
  const std::string large(500'000, 'x');
  for (const std::string& text : {std::string("one"), std::string(), large}) {
    ASSERT_TRUE(client.blocking_send(text, soon()));
    EXPECT_EQ(client.blocking_receive(soon()).value(), text);
  }
  EXPECT_EQ(server_->connections(), 1U);
  client.blocking_close(soon());
  expect_handler_gone();
}

TEST_F(Web, sends_what_is_queued_before_it_closes_and_nothing_later) {
  start();
  auto client = connect();
  ASSERT_TRUE(client.blocking_send("close", soon()));
  EXPECT_EQ(client.blocking_receive(soon()).value(), "bye");
  EXPECT_THAT(client.blocking_receive(soon()).error().message(), HasSubstr("closed by the server with 1000 asked to"));
}

TEST_F(Web, closes_on_messages_that_are_too_large) {
  start({.max_message_bytes = 100});
  auto client = connect();
  ASSERT_TRUE(client.blocking_send(std::string(101, 'x'), soon()));
  EXPECT_THAT(client.blocking_receive(soon()).error().message(), HasSubstr("1009"));
  expect_handler_gone();
}

TEST_F(Web, tells_a_client_why_it_closes_although_much_of_the_message_is_unread) {
  start({.max_message_bytes = 100});
  RawClient client(port_);
  client.send(upgrade());
  EXPECT_THAT(client.read_until("\r\n\r\n"), StartsWith("HTTP/1.1 101"));
  constexpr std::size_t kLength = 4 * 1024 * 1024;
  client.send("\x81\xff"s + std::string("\0\0\0\0\0\x40\0\0", 8) + "mask" + std::string(kLength, 'x'));
  EXPECT_THAT(client.read_until("bytes"), HasSubstr("\x03\xf1"  // 1009
                                                    "a message may have 100 bytes"));
  client.send("\x88\x80mask");
  EXPECT_THAT(client.read_all(), testing::IsEmpty());
  expect_handler_gone();
}

TEST_F(Web, drops_a_silent_client_that_does_not_answer_pings) {
  start({.idle_timeout = 100ms});
  RawClient client(port_);
  client.send(upgrade());
  EXPECT_THAT(client.read_all(), HasSubstr(std::string("\x89\0", 2)));
  expect_handler_gone();
}

TEST_F(Web, keeps_a_silent_client_that_answers_pings) {
  start({.idle_timeout = 1s});  // A client has half of it for its answer.
  auto client = connect();
  // Reading is what answers pings; two idle times pass.
  EXPECT_EQ(client.blocking_receive(std::chrono::steady_clock::now() + 2500ms).error().code, make_error_code(base::Errc::TimedOut));
  ASSERT_TRUE(client.blocking_send("alive", soon()));
  EXPECT_EQ(client.blocking_receive(soon()).value(), "alive");
}

TEST_F(Web, slows_a_client_down_that_asks_faster_than_it_reads_and_loses_nothing) {
  constexpr std::size_t kCopies = 1000;
  constexpr int kMessages = 2000;
  start({.max_queued_event_bytes = 1000}, kCopies);
  auto client = connect();
  for (int number = 0; number < kMessages; ++number) {
    ASSERT_TRUE(client.blocking_send("12345678", soon()));
  }
  for (int number = 0; number < kMessages; ++number) {
    const auto text = client.blocking_receive(soon());
    ASSERT_TRUE(text) << number << ": " << text.error().message();
    ASSERT_EQ(text->size(), 8 * kCopies);
  }
}

TEST_F(Web, closes_a_client_that_does_not_read_its_events) {
  start({.close_timeout = 50ms});
  RawClient client(port_, 4096);
  client.send(upgrade());
  client.read_until("\r\n\r\n");
  send_events(200, std::string(100'000, 'x'));
  expect_handler_gone();
}

TEST_F(Web, closes_with_1008_a_client_that_falls_behind_and_reads_again) {
  start({.max_queued_event_messages = 10});
  auto client = connect();
  send_events(12, "event");
  base::Result<std::string> received = client.blocking_receive(soon());
  while (received) {
    received = client.blocking_receive(soon());
  }
  EXPECT_THAT(received.error().message(), HasSubstr("1008 reading too slowly"));
}

TEST_F(Web, closes_with_1001_when_it_stops) {
  start();
  auto client = connect();
  RawClient idle(port_);
  idle.send("GET /healthz HTTP/1.1\r\nHost: h\r\n\r\n");
  idle.read_until("}\n");
  auto stopped = std::async(std::launch::async, [this] { server_->blocking_stop(10s); });
  EXPECT_THAT(client.blocking_receive(soon()).error().message(), HasSubstr("1001 the server stops"));
  EXPECT_EQ(stopped.wait_for(10s), std::future_status::ready);
  EXPECT_EQ(idle.read_all(), "");
  EXPECT_EQ(server_->connections(), 0U);
}

TEST_F(Web, stops_in_time_though_a_client_does_not_answer) {
  start({.close_timeout = 60s});
  RawClient client(port_);
  client.send(upgrade());
  client.read_until("\r\n\r\n");
  server_->blocking_stop(50ms);
  EXPECT_EQ(server_->connections(), 0U);
}

TEST_F(Web, stops_without_having_started) {
  WebServer server({});
  ASSERT_TRUE(server.listen(base::SocketAddress::parse("[::1]:0").value()));
  server.blocking_stop(1s);
}

}  // namespace
}  // namespace callwright::server
