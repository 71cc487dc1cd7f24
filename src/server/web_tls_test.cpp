#include "server/call_api/client.hpp"
#include "server/raw_client.hpp"
#include "server/test_certificate.hpp"
#include "server/web_server.hpp"

#include <boost/asio/connect.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/read.hpp>
#include <boost/asio/read_until.hpp>
#include <boost/asio/ssl.hpp>
#include <boost/asio/write.hpp>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <chrono>
#include <fstream>
#include <memory>
#include <string>
#include <vector>

namespace callwright::server {
namespace {

namespace asio = boost::asio;
namespace ssl = boost::asio::ssl;
using call_api::Client;
using call_api::ServerTrust;
using namespace std::chrono_literals;
using testing::AllOf;
using testing::EndsWith;
using testing::HasSubstr;
using testing::StartsWith;

std::chrono::steady_clock::time_point soon() { return std::chrono::steady_clock::now() + 10s; }

class Echo final : public WebSocketHandler {
 public:
  explicit Echo(WebSocketPeer& peer) : peer_(peer) {}
  void on_message(std::string_view text) override { peer_.send(std::string(text)); }

 private:
  WebSocketPeer& peer_;
};

class SecureWeb : public testing::Test {
 protected:
  void start(const TestCertificate& certificate, WebConfig config = {}) {
    server_ = std::make_unique<WebServer>(std::move(config));
    server_->add_page("/healthz", health_page("1.2.3"));
    server_->add_websocket("/ws", [](WebSocketPeer& peer) { return std::make_unique<Echo>(peer); });
    server_->set_tls(certificate.context());
    port_ = server_->listen(base::SocketAddress::parse("127.0.0.1:0").value(), WebSecurity::Tls).value().port;
    server_->start();
  }
  [[nodiscard]] std::string url(const std::string& host = "127.0.0.1") const { return "wss://" + host + ":" + std::to_string(port_) + "/ws"; }
  static ServerTrust trusting(const TestCertificate& certificate) { return {.ca_file = certificate.file()}; }
  /// Why a client does not take the server.
  [[nodiscard]] std::string problem(const std::string& url, const ServerTrust& trust) const {
    const auto client = Client::blocking_connect(url, soon(), {}, trust);
    return client ? "" : client.error().message();
  }

  /// What comes over TLS of this version for a request, up to `mark` or the end that TLS tells; "error: …" when the handshake or that end fails.
  std::string ask(const std::string& request, int version = TLS1_3_VERSION, const std::string& mark = "") const {
    asio::io_context io;
    ssl::context context(ssl::context::tls_client);
    SSL_CTX_set_min_proto_version(context.native_handle(), version);
    SSL_CTX_set_max_proto_version(context.native_handle(), version);
    SSL_CTX_set_security_level(context.native_handle(), 0);
    ssl::stream<asio::ip::tcp::socket> stream(io, context);
    stream.next_layer().connect({asio::ip::make_address("127.0.0.1"), port_});
    boost::system::error_code failure;
    stream.handshake(ssl::stream_base::client, failure);
    if (failure) {
      return "error: " + failure.message();
    }
    asio::write(stream, asio::buffer(request));
    std::string answer;
    if (mark.empty()) {
      asio::read(stream, asio::dynamic_buffer(answer), failure);
    } else {
      asio::read_until(stream, asio::dynamic_buffer(answer), mark, failure);
    }
    return !failure || failure == asio::error::eof ? answer : answer + "error: " + failure.message();
  }

  TestCertificate local_{"IP:127.0.0.1,DNS:pbx.example"};
  std::uint16_t port_ = 0;
  std::unique_ptr<WebServer> server_;
};

constexpr const char* kHealth = "GET /healthz HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n";

TEST_F(SecureWeb, serves_pages_and_websockets) {
  start(local_);
  for (const int version : {TLS1_2_VERSION, TLS1_3_VERSION}) {
    EXPECT_THAT(ask(kHealth, version), AllOf(StartsWith("HTTP/1.1 200 OK\r\n"), EndsWith("\"version\":\"1.2.3\"}\n"))) << version;
  }
  auto client = Client::blocking_connect(url(), soon(), {}, trusting(local_)).value();
  for (const std::string& text : {std::string("one"), std::string(500'000, 'x')}) {
    ASSERT_TRUE(client.blocking_send(text, soon()));
    EXPECT_EQ(client.blocking_receive(soon()).value(), text);
  }
  client.blocking_close(soon());
}

TEST_F(SecureWeb, speaks_no_older_version) {
  start(local_);
  EXPECT_THAT(ask(kHealth, TLS1_1_VERSION), StartsWith("error: "));
}

TEST_F(SecureWeb, tells_a_client_without_tls_what_to_use) {
  start(local_);
  RawClient client(port_);
  client.send(kHealth);
  EXPECT_THAT(client.read_all(), AllOf(StartsWith("HTTP/1.1 400 Bad Request\r\n"), EndsWith("this port speaks TLS: use https:// or wss://\n")));
  RawClient other(port_);
  other.send("what is this\r\n\r\n");
  EXPECT_EQ(other.read_all().find("HTTP"), std::string::npos);
}

TEST_F(SecureWeb, is_taken_by_nobody_whom_its_certificate_does_not_convince) {
  start(local_);
  EXPECT_EQ(problem(url(), trusting(local_)), "");
  EXPECT_EQ(problem(url("localhost"), {.verification = ServerTrust::Verification::Off}), "");
  EXPECT_THAT(problem(url("localhost"), trusting(local_)), AllOf(HasSubstr("its certificate is not accepted: hostname mismatch"), HasSubstr("--ca FILE")));
  EXPECT_THAT(problem(url(), {}), HasSubstr("its certificate is not accepted: self-signed certificate"));
  EXPECT_THAT(problem(url(), trusting(TestCertificate("IP:127.0.0.1"))), HasSubstr("its certificate is not accepted"));
  EXPECT_THAT(problem(url(), {.ca_file = "/nowhere.pem"}), HasSubstr("the CA file /nowhere.pem cannot be used: No such file"));
  EXPECT_THAT(problem("ws" + url().substr(3), {}), HasSubstr("no WebSocket at 127.0.0.1"));
}

TEST_F(SecureWeb, is_not_taken_with_a_certificate_for_another_address_or_of_yesterday) {
  const TestCertificate elsewhere("IP:192.0.2.1");
  start(elsewhere);
  EXPECT_THAT(problem(url(), trusting(elsewhere)), HasSubstr("IP address mismatch"));
  const TestCertificate old("IP:127.0.0.1", -3600);
  server_->set_tls(old.context());
  EXPECT_THAT(problem(url(), trusting(old)), HasSubstr("certificate has expired"));
}

TEST_F(SecureWeb, shows_new_certificates_to_new_clients_and_keeps_those_who_are_there) {
  start(local_);
  auto early = Client::blocking_connect(url(), soon(), {}, trusting(local_)).value();
  const TestCertificate next("IP:127.0.0.1");
  server_->set_tls(next.context());
  EXPECT_THAT(problem(url(), trusting(local_)), HasSubstr("its certificate is not accepted"));
  EXPECT_EQ(problem(url(), trusting(next)), "");
  ASSERT_TRUE(early.blocking_send("still here", soon()));
  EXPECT_EQ(early.blocking_receive(soon()).value(), "still here");
}

TEST_F(SecureWeb, drops_a_client_that_does_not_finish_its_handshake) {
  start(local_, {.request_timeout = 60s, .handshake_timeout = 50ms});
  EXPECT_EQ(RawClient(port_).read_all(), "") << "says nothing";
  RawClient slow(port_);
  slow.send("\x16\x03\x01\x02");
  EXPECT_EQ(slow.read_all(), "") << "has begun a record";
}

TEST_F(SecureWeb, bounds_handshakes_as_it_bounds_connections) {
  start(local_, {.max_connections = 1});
  std::vector<std::unique_ptr<RawClient>> silent;
  silent.push_back(std::make_unique<RawClient>(port_));
  EXPECT_THAT(ask(kHealth), StartsWith("HTTP/1.1 503 Service Unavailable\r\n")) << "one that only waits takes the place";
  constexpr int kMany = 200;
  for (int count = 0; count < kMany; ++count) {
    silent.push_back(std::make_unique<RawClient>(port_));
  }
  // The last of them is closed, and so all were looked at.
  EXPECT_EQ(silent.back()->read_all(), "");
  EXPECT_LE(server_->connections(), 65U);
  silent.clear();
  auto client = Client::blocking_connect(url(), soon(), {}, trusting(local_));
  while (!client) {
    client = Client::blocking_connect(url(), soon(), {}, trusting(local_));
  }
  ASSERT_TRUE(client->blocking_send("open again", soon()));
  EXPECT_EQ(client->blocking_receive(soon()).value(), "open again");
}

TEST_F(SecureWeb, takes_pages_that_came_over_tls_for_its_own_and_no_others) {
  start(local_);
  const std::string authority = "127.0.0.1:" + std::to_string(port_);
  const auto upgrade = [this](const std::string& host, const std::string& origin) {
    return ask("GET /ws HTTP/1.1\r\nHost: " + host + "\r\nOrigin: " + origin +
                   "\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n",
               TLS1_3_VERSION, "\r\n\r\n");
  };
  EXPECT_THAT(upgrade(authority, "https://evil.example"), StartsWith("HTTP/1.1 403 "));
  EXPECT_THAT(upgrade("127.0.0.1", "http://127.0.0.1"), StartsWith("HTTP/1.1 403 "));
  EXPECT_THAT(upgrade("127.0.0.1", "https://127.0.0.1"), StartsWith("HTTP/1.1 101 "));
  EXPECT_THAT(upgrade(authority, "https://" + authority), StartsWith("HTTP/1.1 101 "));
}

TEST_F(SecureWeb, needs_a_certificate_to_listen) {
  WebServer server({});
  EXPECT_THAT(server.listen(base::SocketAddress::parse("127.0.0.1:0").value(), WebSecurity::Tls).error().message(), HasSubstr("[[certificates]]"));
}

TEST_F(SecureWeb, stops_in_time_though_handshakes_are_under_way) {
  start(local_);
  RawClient silent(port_);
  auto client = Client::blocking_connect(url(), soon(), {}, trusting(local_)).value();
  server_->blocking_stop(50ms);
  EXPECT_EQ(server_->connections(), 0U);
}

}  // namespace
}  // namespace callwright::server
