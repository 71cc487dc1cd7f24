#include "server/raw_client.hpp"
#include "server/web_server.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <future>
#include <utility>

namespace callwright::server {
namespace {

using namespace std::chrono_literals;
using testing::EndsWith;
using testing::HasSubstr;
using testing::StartsWith;

class WebService : public testing::Test {
 protected:
  void start(WebConfig config = {}) {
    server_ = std::make_unique<WebServer>(std::move(config));
    server_->add_page("/run/page", health_page("1.2.3"));
    server_->add_service("/run/", [this](const HttpRequest& request, HttpReply reply) {
      told_ = std::string(request.method) + " " + std::string(request.path) + " " + std::string(request.body);
      for (const auto& [name, value] : request.fields) {
        told_ += "|" + std::string(name) + "=" + std::string(value);
      }
      replies_.set_value(std::move(reply));
    });
    server_->add_service("/run/deep/", [](const HttpRequest& request, const HttpReply& reply) { reply({.body = "deep " + std::string(request.path)}); });
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

  std::string told_;
  std::promise<HttpReply> replies_;
  std::uint16_t port_ = 0;
  std::unique_ptr<WebServer> server_;
};

constexpr std::string_view kPost = "POST /run/x HTTP/1.1\r\nHost: h\r\nX-Tag: a\r\nConnection: close\r\nContent-Length: 4\r\n\r\nbody";

TEST_F(WebService, answers_later_and_from_another_thread) {
  start();
  auto answer = std::async(std::launch::async, [this] { return ask(kPost); });
  const HttpReply reply = replies_.get_future().get();
  EXPECT_THAT(told_, StartsWith("POST /run/x body|"));
  EXPECT_THAT(told_, HasSubstr("|X-Tag=a|"));
  reply({.status = 202, .content_type = "text/plain", .body = "first"});
  reply({.body = "second"});
  const std::string text = answer.get();
  EXPECT_THAT(text, StartsWith("HTTP/1.1 202 Accepted\r\n"));
  EXPECT_THAT(text, EndsWith("\r\n\r\nfirst"));
}

TEST_F(WebService, goes_on_with_the_connection) {
  start();
  RawClient client(port_);
  client.send("POST /run/deep/a HTTP/1.1\r\nHost: h\r\nContent-Length: 0\r\n\r\n");
  EXPECT_THAT(client.read_until("/run/deep/a"), HasSubstr("\r\n\r\ndeep /run/deep/a"));
  client.send("DELETE /run/deep/b HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n");
  EXPECT_THAT(client.read_all(), EndsWith("\r\n\r\ndeep /run/deep/b"));
}

TEST_F(WebService, leaves_pages_alone) {
  start();
  EXPECT_THAT(ask("GET /run/page HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n"), HasSubstr("\"version\":\"1.2.3\""));
  EXPECT_THAT(ask("POST /run/page HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n"), StartsWith("HTTP/1.1 405 "));
}

TEST_F(WebService, says_so_when_nobody_answers) {
  start();
  auto answer = std::async(std::launch::async, [this] { return ask(kPost); });
  { const HttpReply dropped = replies_.get_future().get(); }
  EXPECT_THAT(answer.get(), StartsWith("HTTP/1.1 503 "));
}

TEST_F(WebService, does_not_wait_for_ever) {
  start({.answer_timeout = 20ms});
  auto answer = std::async(std::launch::async, [this] { return ask(kPost); });
  const HttpReply reply = replies_.get_future().get();
  EXPECT_THAT(answer.get(), StartsWith("HTTP/1.1 504 "));
  reply({.body = "too late"});
}

TEST_F(WebService, is_not_steered_by_pages_from_elsewhere) {
  start();
  EXPECT_THAT(ask("POST /run/x HTTP/1.1\r\nHost: h\r\nOrigin: http://evil.example\r\nConnection: close\r\nContent-Length: 0\r\n\r\n"),
              StartsWith("HTTP/1.1 403 "));
}

TEST_F(WebService, ends_with_an_answer_that_is_waited_for) {
  start();
  auto answer = std::async(std::launch::async, [this] { return ask(kPost); });
  const HttpReply reply = replies_.get_future().get();
  server_->blocking_stop(0ms);
  reply({.body = "too late"});
  EXPECT_EQ(answer.get(), "");
}

}  // namespace
}  // namespace callwright::server
