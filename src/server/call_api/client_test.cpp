#include "server/call_api/client.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

namespace callwright::server::call_api {
namespace {

using namespace std::chrono_literals;
using testing::HasSubstr;

TEST(WebSocketUrl, has_host_port_and_target) {
  const auto full = WebSocketUrl::parse("ws://127.0.0.1:5059/call-api?x=1").value();
  EXPECT_EQ(full.host, "127.0.0.1");
  EXPECT_EQ(full.port, "5059");
  EXPECT_EQ(full.target, "/call-api?x=1");
  const auto short_one = WebSocketUrl::parse("ws://localhost").value();
  EXPECT_EQ(short_one.port, "80");
  EXPECT_EQ(short_one.target, "/");
  EXPECT_EQ(short_one.security, WebSecurity::Plain);
  const auto secure = WebSocketUrl::parse("wss://pbx.example/call-api").value();
  EXPECT_EQ(secure.security, WebSecurity::Tls);
  EXPECT_EQ(secure.host, "pbx.example");
  EXPECT_EQ(secure.port, "443");
  const auto six = WebSocketUrl::parse("ws://[::1]:8080?q").value();
  EXPECT_EQ(six.host, "::1");
  EXPECT_EQ(six.port, "8080");
  EXPECT_EQ(six.target, "/?q");
}

TEST(WebSocketUrl, says_what_is_expected_when_it_is_malformed) {
  for (const char* url :
       {"", "http://h/", "ws://", "ws:///x", "ws://h:port/", "ws://h:70000/", "ws://h:/", "ws://u@h/", "ws://h/a b", "ws://h/\r\nX: y", "ws://h/#x"}) {
    const auto parsed = WebSocketUrl::parse(url);
    ASSERT_FALSE(parsed) << url;
    EXPECT_THAT(parsed.error().message(), HasSubstr("expected a URL such as ws://")) << url;
  }
}

/// A bound port; `listen` decides whether connecting succeeds.
class Port {
 public:
  Port() : socket_(::socket(AF_INET, SOCK_STREAM, 0)) {
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t length = sizeof address;
    EXPECT_EQ(::bind(socket_, reinterpret_cast<const sockaddr*>(&address), length), 0);
    ::getsockname(socket_, reinterpret_cast<sockaddr*>(&address), &length);
    number_ = ntohs(address.sin_port);
  }
  ~Port() { ::close(socket_); }
  Port(const Port&) = delete;
  Port& operator=(const Port&) = delete;
  void listen() const { EXPECT_EQ(::listen(socket_, 8), 0); }
  [[nodiscard]] std::string url() const { return "ws://127.0.0.1:" + std::to_string(number_) + "/call-api"; }

 private:
  int socket_;
  std::uint16_t number_ = 0;
};

TEST(Client, names_the_address_that_does_not_answer) {
  const Port port;
  const auto client = Client::blocking_connect(port.url(), std::chrono::steady_clock::now() + 10s);
  ASSERT_FALSE(client);
  EXPECT_THAT(client.error().message(), HasSubstr("cannot connect to 127.0.0.1 port "));
}

TEST(Client, gives_up_at_the_deadline_when_the_server_is_silent) {
  const Port port;
  port.listen();
  const auto client = Client::blocking_connect(port.url(), std::chrono::steady_clock::now() + 50ms);
  ASSERT_FALSE(client);
  EXPECT_EQ(client.error().code, make_error_code(base::Errc::TimedOut));
}

}  // namespace
}  // namespace callwright::server::call_api
