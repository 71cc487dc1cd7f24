#include "server/call_api/call_api.hpp"

#include "server/call_api/call_api_server.hpp"
#include "server/raw_client.hpp"
#include "server/token_test_file.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <array>
#include <map>

namespace callwright::server::call_api {
namespace {

using namespace std::chrono_literals;
using testing::HasSubstr;
using testing::Not;
using testing::StartsWith;

TEST_F(CallApiServer, echoes) {
  auto client = connect();
  send(client, R"({"jsonrpc":"2.0","id":"e1","method":"Echo","params":{"test":"echo","cmd_id":"c"}})");
  EXPECT_EQ(receive(client), R"({"jsonrpc":"2.0","id":"e1","result":{"cmd_id":"c","event":"Started"}})");
  EXPECT_EQ(receive(client), R"({"jsonrpc":"2.0","method":"Echo","params":{"cmd_id":"c","data":{"cmd_id":"c","test":"echo"},"event":"Reply"}})");
  EXPECT_EQ(receive(client), R"({"jsonrpc":"2.0","method":"Echo","params":{"cmd_id":"c","event":"Ended"}})");
}

TEST_F(CallApiServer, stays_usable_after_errors) {
  auto client = connect();
  send(client, "not json");
  EXPECT_THAT(receive(client), HasSubstr(R"("id":null,"error":{"code":-32700,)"));
  send(client, R"({"id":1,"method":"RunSync","params":{}})");
  EXPECT_THAT(receive(client), HasSubstr(R"("id":1,"error":{"code":-32601,)"));
  send(client, R"({"id":2,"method":"Echo","params":{}})");
  EXPECT_THAT(receive(client), HasSubstr("Started"));
}

TEST_F(CallApiServer, reports_a_call_step_by_step) {
  auto client = connect();
  send(client, call_start("alice", "c1"));
  for (const char* step : {"Started", "CallerAnswered", "Transferring", "TransferStart", "TransferPending", "CalleeAnswered", "Ended"}) {
    EXPECT_THAT(receive(client), HasSubstr("\"event\":\"" + std::string(step) + "\"")) << step;
  }
}

TEST_F(CallApiServer, keeps_the_order_within_each_of_many_commands_at_once) {
  auto client = connect();
  constexpr int kCommands = 300;
  for (int number = 0; number < kCommands; ++number) {
    send(client, call_start("alice", "c" + std::to_string(number)));
  }
  std::map<std::string, int> steps;
  for (int message = 0; message < kCommands * 7; ++message) {
    const auto text = receive(client);
    const auto json = parse_json(text, kMaxDepth).value();
    const Json* result = json.find("result");
    const Json& params = result != nullptr ? *result : *json.find("params");
    static const std::array<std::string, 7> kSteps = {"Started",         "CallerAnswered", "Transferring", "TransferStart",
                                                      "TransferPending", "CalleeAnswered", "Ended"};
    ASSERT_EQ(*params.find("event")->string(), kSteps.at(static_cast<std::size_t>(steps[*params.find("cmd_id")->string()]++))) << text;
  }
  EXPECT_EQ(steps.size(), static_cast<std::size_t>(kCommands));
}

TEST_F(CallApiServer, cancels_what_a_lost_client_left_and_serves_the_others) {
  auto other = connect();
  {
    auto client = connect();
    send(client, call_start("patient", "p1"));
    EXPECT_THAT(receive(client), HasSubstr("Started"));
    send(client, call_start("patient", "p2"));
    EXPECT_THAT(receive(client), HasSubstr("Started"));
  }
  EXPECT_TRUE(control_.cancelled.try_acquire_for(10s));
  EXPECT_TRUE(control_.cancelled.try_acquire_for(10s));
  EXPECT_EQ(running(), 0U);
  send(other, R"({"id":2,"method":"Echo","params":{}})");
  EXPECT_THAT(receive(other), HasSubstr("Started"));
}

TEST_F(CallApiServer, without_tokens_serves_nobody_but_this_machine) {
  const auto from = [this](std::string_view remote) {
    return api_.admit({.method = "GET", .path = "/call-api", .query = "", .remote = base::SocketAddress::parse(remote).value()});
  };
  for (const char* near : {"127.0.0.1:1", "127.9.9.9:1", "[::1]:1"}) {
    EXPECT_TRUE(std::holds_alternative<WebSocketFactory>(from(near))) << near;
  }
  for (const char* far : {"192.0.2.1:1", "10.0.0.1:1", "[2001:db8::1]:1", "0.0.0.0:0"}) {
    const auto refused = from(far);
    ASSERT_TRUE(std::holds_alternative<HttpResponse>(refused)) << far;
    EXPECT_EQ(std::get<HttpResponse>(refused).status, 403U);
    EXPECT_THAT(std::get<HttpResponse>(refused).body, HasSubstr("call_api.tokens"));
  }
}

TEST_F(CallApiServer, survives_many_clients_that_come_and_go) {
  for (int round = 0; round < 100; ++round) {
    auto client = connect();
    send(client, call_start(round % 2 == 0 ? "patient" : "alice", "r" + std::to_string(round)));
    if (round % 3 == 0) {
      EXPECT_THAT(receive(client), HasSubstr("Started"));
      client.blocking_close(soon());
    }
  }
  auto client = connect();
  send(client, R"({"id":2,"method":"Echo","params":{}})");
  EXPECT_THAT(receive(client), HasSubstr("Started"));
}

/// One that asks for the tokens "ci", which may read, and "desk".
class CallApiTokenServer : public CallApiServer {
 protected:
  explicit CallApiTokenServer(std::unique_ptr<TokenTestFile> file = filled())
      : CallApiServer({}, std::make_unique<TokenGate>(TokenSources{file->open()}, kClock, kRandom)), file_(std::move(file)) {}

  static std::unique_ptr<TokenTestFile> filled() {
    auto file = std::make_unique<TokenTestFile>();
    file->add("ci", Scopes().with(Scope::CallRead));
    file->add("desk", Scopes().with(Scope::CallControl));
    return file;
  }
  /// The answer to a handshake with these header fields.
  std::string shake_hands(const std::string& target, const std::string& fields) {
    RawClient client(address_.port);
    client.send("GET " + target + " HTTP/1.1\r\nHost: h\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\n" +
                "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n" + fields + "\r\n");
    return client.read_until("\r\n\r\n");
  }

  static inline const base::SystemClock kClock;
  static inline base::SystemRandom kRandom;
  std::unique_ptr<TokenTestFile> file_;
};

TEST_F(CallApiTokenServer, lets_in_who_shows_a_token) {
  EXPECT_THAT(shake_hands("/call-api", "Authorization: Bearer SECRET-ci\r\n"), StartsWith("HTTP/1.1 101 "));
  EXPECT_THAT(shake_hands("/call-api", "x-api-key: SECRET-ci\r\n"), StartsWith("HTTP/1.1 101 "));
  EXPECT_THAT(shake_hands("/call-api?dialect=2020&token=SECRET-ci", ""), StartsWith("HTTP/1.1 101 "));
}

TEST_F(CallApiTokenServer, refuses_others_before_the_upgrade) {
  const auto none = shake_hands("/call-api", "");
  EXPECT_THAT(none, StartsWith("HTTP/1.1 401 "));
  EXPECT_THAT(none, HasSubstr("\r\nWWW-Authenticate: Bearer realm=\"callwright\"\r\n"));
  EXPECT_THAT(shake_hands("/call-api?dialect=nonsense", ""), StartsWith("HTTP/1.1 401 ")) << "strangers learn nothing else";
  EXPECT_THAT(shake_hands("/call-api?token=SECRET", ""), StartsWith("HTTP/1.1 401 "));
  EXPECT_THAT(shake_hands("/call-api", "Authorization: Bearer SECRET-ci\r\nAuthorization: Bearer SECRET-ci\r\n"), StartsWith("HTTP/1.1 401 "));
}

TEST_F(CallApiTokenServer, serves_a_client_with_a_token_as_far_as_its_scopes_go) {
  auto ci = Client::blocking_connect(url_, soon(), "SECRET-ci").value();
  send(ci, call_start("alice", "c1"));
  EXPECT_THAT(receive(ci), HasSubstr("\"code\":-32003"));
  auto desk = Client::blocking_connect(url_ + "?token=SECRET-desk", soon()).value();
  send(desk, call_start("alice", "c1"));
  EXPECT_THAT(receive(desk), HasSubstr("Started"));
}

TEST_F(CallApiTokenServer, closes_a_client_whose_token_is_revoked) {
  auto ci = Client::blocking_connect(url_, soon(), "SECRET-ci").value();
  file_->revoke("ci");
  send(ci, R"({"id":2,"method":"Echo","params":{}})");
  EXPECT_THAT(receive(ci), HasSubstr("closed by the server with 1008 the token was revoked"));
  EXPECT_FALSE(Client::blocking_connect(url_, soon(), "SECRET-ci"));
}

TEST_F(CallApiTokenServer, tells_the_command_line_what_to_do_and_never_the_token) {
  const auto refused = Client::blocking_connect(url_ + "?token=SECRET", soon());
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code, make_error_code(base::Errc::Refused));
  EXPECT_THAT(refused.error().message(), HasSubstr("/call-api?token=***: 401 Unauthorized: there is no such token (any more)"));
  EXPECT_THAT(refused.error().message(), Not(HasSubstr("SECRET")));
  const auto malformed = Client::blocking_connect("http://h/?token=SECRET", soon());
  EXPECT_THAT(malformed.error().message(), Not(HasSubstr("SECRET")));
  const auto unsafe = Client::blocking_connect(url_, soon(), "SECRET\r\nX: y");
  EXPECT_EQ(unsafe.error().code, make_error_code(base::Errc::InvalidArgument));
  EXPECT_THAT(unsafe.error().message(), Not(HasSubstr("SECRET")));
}

}  // namespace
}  // namespace callwright::server::call_api
