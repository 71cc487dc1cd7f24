// What clients of the OpenSIPS Call API rely on, and where this server does better, check by check, in every dialect and error style. Checks 1 to 16 of the
// protocol; wss and tokens (15) are not offered.
#include "server/call_api/call_api_server.hpp"
#include "server/raw_client.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <regex>
#include <vector>

namespace callwright::server::call_api {
namespace {

using testing::AllOf;
using testing::EndsWith;
using testing::HasSubstr;
using testing::StartsWith;

struct Way {
  std::string dialect;
  std::string errors;
};

/// What a refused request is told in each error style.
struct JsonRpcAnswer {
  std::string id;
  int code = 0;
  std::string names = {};  ///< Must be in the message.
};
struct ReferenceAnswer {
  std::string id;
  std::string message;
};

class Acceptance : public CallApiServer, public testing::WithParamInterface<Way> {
 protected:
  Acceptance() : CallApiServer({.errors = find_error_style(GetParam().errors)}) {}

  static bool is_of_2020() { return GetParam().dialect == "2020"; }
  static bool is_reference() { return GetParam().errors == "reference"; }
  Client open() { return connect("?dialect=" + GetParam().dialect); }

  static std::string started(const std::string& id, const std::string& cmd_id) {
    return R"({"jsonrpc":"2.0","id":)" + id + R"(,"result":{"cmd_id":")" + cmd_id + (is_of_2020() ? R"(","status":"Started"}})" : R"(","event":"Started"}})");
  }
  static std::string reply(const std::string& cmd_id, const std::string& data) {
    return is_of_2020() ? R"({"jsonrpc":"2.0","method":"Event","params":{"cmd_id":")" + cmd_id + R"(","data":)" + data + "}}"
                        : R"({"jsonrpc":"2.0","method":"Echo","params":{"cmd_id":")" + cmd_id + R"(","data":)" + data + R"(,"event":"Reply"}})";
  }
  static std::string failed(const std::string& method, const std::string& cmd_id, const std::string& text) {
    return is_of_2020() ? R"({"jsonrpc":"2.0","method":"Error","params":{"cmd_id":")" + cmd_id + R"(","error_msg":")" + text + "\"}}"
                        : R"({"jsonrpc":"2.0","method":")" + method + R"(","params":{"cmd_id":")" + cmd_id + R"(","data":")" + text + R"(","event":"Error"}})";
  }
  static std::string ended(const std::string& method, const std::string& cmd_id) {
    return is_of_2020() ? R"({"jsonrpc":"2.0","method":"Ended","params":{"cmd_id":")" + cmd_id + "\"}}"
                        : R"({"jsonrpc":"2.0","method":")" + method + R"(","params":{"cmd_id":")" + cmd_id + R"(","event":"Ended"}})";
  }

  /// Nothing else has been sent before, and the connection works.
  static void expect_echo(Client& client, const std::string& cmd_id = "after") {
    send(client, R"({"id":"e","method":"Echo","params":{"cmd_id":")" + cmd_id + "\"}}");
    EXPECT_EQ(receive(client), started(R"("e")", cmd_id));
    EXPECT_EQ(receive(client), reply(cmd_id, R"({"cmd_id":")" + cmd_id + "\"}"));
    EXPECT_EQ(receive(client), ended("Echo", cmd_id));
  }

  static void expect_refused(Client& client, const std::string& request, const JsonRpcAnswer& strict, const ReferenceAnswer& reference) {
    SCOPED_TRACE(request);
    send(client, request);
    if (is_reference()) {
      EXPECT_EQ(receive(client), R"({"jsonrpc":"2.0","id":)" + reference.id + R"(,"error":{"code":32000,"message":")" + reference.message + "\"}}");
    } else {
      EXPECT_THAT(receive(client), AllOf(StartsWith(R"({"jsonrpc":"2.0","id":)" + strict.id + R"(,"error":{"code":)" + std::to_string(strict.code) + ","),
                                         HasSubstr(strict.names)));
    }
    expect_echo(client);
  }

  std::string handshake(const std::string& target, const std::string& more = "") {
    RawClient client(address_.port);
    client.send("GET " + target + " HTTP/1.1\r\nHost: " + address_.to_string() +
                "\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n" + more +
                "\r\n");
    return client.read_until("\r\n\r\n");
  }
};

TEST_P(Acceptance, check_01_the_handshake_is_on_one_path) {
  EXPECT_THAT(handshake("/call-api?dialect=" + GetParam().dialect), StartsWith("HTTP/1.1 101 "));
  EXPECT_THAT(handshake("/call-api"), StartsWith("HTTP/1.1 101 "));
  for (const char* other : {"/", "/call-api/", "/Call-Api", "/other?dialect=2020"}) {
    EXPECT_THAT(handshake(other), StartsWith("HTTP/1.1 404 ")) << other;
  }
  RawClient plain(address_.port);
  plain.send("GET /call-api HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n");
  EXPECT_THAT(plain.read_all(), AllOf(StartsWith("HTTP/1.1 400 "), EndsWith("\r\n\r\nBad Request\n")));
}

TEST_P(Acceptance, check_02_echo_is_answered_then_replied_to_then_ended) {
  auto client = open();
  send(client, R"({"jsonrpc":"2.0","id":"e1","method":"Echo","params":{"test":"echo"}})");
  const std::string answer = receive(client);
  std::smatch match;
  ASSERT_TRUE(std::regex_search(answer, match, std::regex(R"re("cmd_id":"([0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12})")re")))
      << answer;
  EXPECT_EQ(answer, started(R"("e1")", match[1]));
  EXPECT_EQ(receive(client), reply(match[1], R"({"test":"echo"})"));
  EXPECT_EQ(receive(client), ended("Echo", match[1]));
}

TEST_P(Acceptance, check_03_a_cmd_id_of_the_client_is_in_every_message) {
  auto client = open();
  send(client, R"({"jsonrpc":"2.0","id":"e1","method":"Echo","params":{"test":"echo","cmd_id":"my-id"}})");
  EXPECT_EQ(receive(client), started(R"("e1")", "my-id"));
  EXPECT_EQ(receive(client), reply("my-id", R"({"cmd_id":"my-id","test":"echo"})"));
  EXPECT_EQ(receive(client), ended("Echo", "my-id"));
}

TEST_P(Acceptance, check_04_any_id_comes_back_unchanged) {
  auto client = open();
  for (const char* id : {R"("text")", "7", "12345678901234567890", "1.50", "1e3", "true", "null", R"({"a":1})", "[1,[2]]"}) {
    send(client, R"({"method":"Echo","params":{"cmd_id":"c"},"id":)" + std::string(id) + "}");
    EXPECT_EQ(receive(client), started(id, "c"));
    receive(client);
    EXPECT_EQ(receive(client), ended("Echo", "c"));
  }
}

TEST_P(Acceptance, check_05_what_is_not_a_request_is_refused_and_the_connection_stays) {
  auto client = open();
  const ReferenceAnswer unreadable{R"("")", "failed to parse JSON-RPC request"};
  for (const char* text : {"not json", "", R"({"id":1)"}) {
    expect_refused(client, text, {"null", -32700}, unreadable);
  }
  for (const char* text : {"5", R"("x")", "[]"}) {
    expect_refused(client, text, {"null", -32600}, unreadable);
  }
  expect_refused(client, R"({"id":9,"method":5,"params":{}})", {"9", -32600}, unreadable);
  for (const char* text : {"{}", "null"}) {
    expect_refused(client, text, {"null", -32600}, {"null", "non-object parameters are not accepted"});
  }
}

TEST_P(Acceptance, check_06_params_that_are_no_object_are_refused) {
  auto client = open();
  for (const char* params : {"", R"(,"params":null)", R"(,"params":[])", R"(,"params":["a"])"}) {
    expect_refused(client, R"({"id":5,"method":"Echo")" + std::string(params) + "}", {"5", -32602}, {"5", "non-object parameters are not accepted"});
  }
  expect_refused(client, R"({"id":5,"method":"Echo","params":{"cmd_id":7}})", {"5", -32602, "cmd_id"}, {"5", "bad cmd_id (must be a string)"});
}

TEST_P(Acceptance, check_07_unknown_methods_are_refused) {
  auto client = open();
  for (const char* method : {"Nope", "echo", ""}) {
    expect_refused(client, R"({"id":5,"params":{},"method":")" + std::string(method) + "\"}", {"5", -32601}, {"5", "unknown JSON-RPC method"});
  }
  expect_refused(client, R"({"id":5,"params":{}})", {"5", -32600}, {"5", "unknown JSON-RPC method"});
}

TEST_P(Acceptance, check_08_a_batch_is_answered_at_once_and_notifications_are_not_answered) {
  auto client = open();
  send(client, R"([{"id":1,"method":"Echo","params":{"cmd_id":"a"}},{"id":2,"method":"Echo","params":{"cmd_id":"b"}}])");
  EXPECT_EQ(receive(client), "[" + started("1", "a") + "," + started("2", "b") + "]");
  EXPECT_EQ(receive(client), reply("a", R"({"cmd_id":"a"})"));
  EXPECT_EQ(receive(client), ended("Echo", "a"));
  EXPECT_EQ(receive(client), reply("b", R"({"cmd_id":"b"})"));
  EXPECT_EQ(receive(client), ended("Echo", "b"));
  send(client, R"({"method":"Echo","params":{"cmd_id":"n"}})");
  EXPECT_EQ(receive(client), reply("n", R"({"cmd_id":"n"})"));
  EXPECT_EQ(receive(client), ended("Echo", "n"));
  expect_echo(client);
}

TEST_P(Acceptance, check_09_inner_names_are_no_methods) {
  auto client = open();
  for (const char* method : {"Run", "RunSync", "Wait", "Notify", "NotifyError", "NotifyNewError", "NotifyEvent", "NotifyEnd", "Test"}) {
    expect_refused(client, R"({"id":5,"params":{},"method":")" + std::string(method) + "\"}", {"5", -32601}, {"5", "unknown JSON-RPC method"});
  }
}

TEST_P(Acceptance, check_10_a_missing_parameter_is_named) {
  auto client = open();
  struct Case {
    std::string method;
    std::string params;
    std::string text;
  };
  for (const Case& each : {Case{"CallStart", "", "caller not specified"}, Case{"CallStart", R"(,"callee":"sip:b@h")", "caller not specified"},
                           Case{"CallStart", R"(,"caller":"sip:a@h")", "callee not specified"}, Case{"CallEnd", "", "callid not specified"}}) {
    const std::string request = R"({"id":5,"method":")" + each.method + R"(","params":{"cmd_id":"m")" + each.params + "}}";
    if (!is_reference()) {
      expect_refused(client, request, {"5", -32602, '"' + each.text + '"'}, {});
      continue;
    }
    send(client, request);
    EXPECT_EQ(receive(client), started("5", "m"));
    EXPECT_EQ(receive(client), failed(each.method, "m", each.text));
    EXPECT_EQ(receive(client), ended(each.method, "m"));
  }
  expect_echo(client, "m");
  EXPECT_EQ(control_.submitted, 0);
}

TEST_P(Acceptance, check_11_values_are_strings_where_a_method_wants_them) {
  auto client = open();
  const ReferenceAnswer bad{"5", "bad JSON-RPC parameters"};
  expect_refused(client, R"({"id":5,"method":"CallStart","params":{"caller":1,"callee":"sip:b@h"}})", {"5", -32602, "caller"}, bad);
  expect_refused(client, R"({"id":5,"method":"CallStart","params":{"caller":"sip:a@h","callee":{}}})", {"5", -32602, "callee"}, bad);
  expect_refused(client, R"({"id":5,"method":"CallEnd","params":{"callid":null}})", {"5", -32602, "callid"}, bad);
  send(client, R"({"id":5,"method":"Echo","params":{"n":5}})");
  receive(client);
  EXPECT_THAT(receive(client), HasSubstr(R"("data":{"n":5})"));
  EXPECT_EQ(control_.submitted, 0);
}

TEST_P(Acceptance, check_12_many_echoes_lose_nothing_and_keep_their_order) {
  auto client = open();
  constexpr int kBurst = 200;
  for (int round = 0; round < 5; ++round) {
    for (int number = 0; number < kBurst; ++number) {
      send(client, R"({"id":1,"method":"Echo","params":{"cmd_id":")" + std::to_string(number) + "\"}}");
    }
    for (int number = 0; number < kBurst; ++number) {
      const std::string cmd_id = std::to_string(number);
      EXPECT_EQ(receive(client), started("1", cmd_id));
      EXPECT_EQ(receive(client), reply(cmd_id, R"({"cmd_id":")" + cmd_id + "\"}"));
      EXPECT_EQ(receive(client), ended("Echo", cmd_id));
    }
  }
  for (int number = 0; number < kBurst; ++number) {
    expect_echo(client);
  }
}

TEST_P(Acceptance, check_13_a_client_that_goes_away_with_a_call_pending_disturbs_nobody) {
  auto other = open();
  {
    auto client = open();
    send(client, call_start("patient", "p1"));
    EXPECT_EQ(receive(client), started("1", "p1"));
  }
  EXPECT_TRUE(control_.cancelled.try_acquire_for(std::chrono::seconds(10)));
  expect_echo(other);
  EXPECT_EQ(running(), 0U);
}

TEST_P(Acceptance, check_14_what_could_end_a_header_or_a_uri_starts_nothing) {
  auto client = open();
  for (const char* bad : {"\\r\\nX-Evil: yes", "\\n", "\\u0000", "<", ">"}) {
    const std::string evil = bad;
    const std::string good = R"("caller":"sip:a@h","callee":"sip:b@h",)";
    for (const std::string& params :
         {good + R"("caller":"sip:x@h)" + evil + '"', good + R"("callee":"sip:x@h)" + evil + '"', good + R"("cmd_id":"x)" + evil + '"'}) {
      send(client, R"({"id":5,"method":"CallStart","params":{)" + params + "}}");
      EXPECT_THAT(receive(client), HasSubstr(is_reference() ? R"("id":5,"error":{"code":32000,)" : R"("id":5,"error":{"code":-32602,)")) << params;
    }
    send(client, R"({"id":5,"method":"CallEnd","params":{"callid":"x)" + evil + "\"}}");
    EXPECT_THAT(receive(client), HasSubstr(is_reference() ? R"("id":5,"error":{"code":32000,)" : R"("id":5,"error":{"code":-32602,)")) << bad;
  }
  expect_echo(client);
  EXPECT_EQ(control_.submitted, 0);
}

TEST_P(Acceptance, check_15_other_origins_are_refused_before_the_upgrade) {
  const std::string target = "/call-api?dialect=" + GetParam().dialect;
  EXPECT_THAT(handshake(target, "Origin: https://evil.example\r\n"), StartsWith("HTTP/1.1 403 "));
  EXPECT_THAT(handshake(target, "Origin: http://" + address_.to_string() + "\r\n"), StartsWith("HTTP/1.1 101 "));
}

TEST_P(Acceptance, check_16_a_call_is_told_in_the_words_of_the_dialect) {
  auto client = open();
  send(client, call_start("alice", "c1"));
  std::vector<std::string> expected{started("1", "c1")};
  const std::string both = R"("callee":"sip:bob@h","caller":"sip:alice@h")";
  if (is_of_2020()) {
    const std::string head = R"({"jsonrpc":"2.0","method":"Event","params":{)";
    expected.push_back(head + both + R"(,"cmd_id":"c1","data":"CALL_ANSWER"}})");
    expected.push_back(head + R"("caller":"sip:alice@h","cmd_id":"c1","data":"TRANSFER_ACCEPT","destination":"sip:bob@h"}})");
    expected.push_back(head + both + R"(,"callid":"n1@h","cmd_id":"c1","data":"CALL_START"}})");
    expected.push_back(head + both + R"(,"callid":"n1@h","cmd_id":"c1","data":"CALL_ANSWER"}})");
  } else {
    const std::string head = R"({"jsonrpc":"2.0","method":"CallStart","params":{"cmd_id":"c1","data":{)";
    expected.push_back(head + both + R"(},"event":"CallerAnswered"}})");
    expected.push_back(head + R"("caller":"sip:alice@h","destination":"sip:bob@h"},"event":"Transferring"}})");
    expected.push_back(head + both + R"(,"callid":"n1@h"},"event":"TransferStart"}})");
    expected.push_back(head + both + R"(,"callid":"n1@h","extra":"180 Ringing"},"event":"TransferPending"}})");
    expected.push_back(head + both + R"(,"callid":"n1@h"},"event":"CalleeAnswered"}})");
  }
  expected.push_back(ended("CallStart", "c1"));
  for (const std::string& message : expected) {
    EXPECT_EQ(receive(client), message);
  }
  expect_echo(client);
}

INSTANTIATE_TEST_SUITE_P(All, Acceptance,
                         testing::Values(Way{"current", "json-rpc"}, Way{"current", "reference"}, Way{"2020", "json-rpc"}, Way{"2020", "reference"}),
                         [](const auto& way) {
                           return (way.param.dialect == "2020" ? "of_2020_" : "current_") +
                                  std::string(way.param.errors == "reference" ? "reference" : "json_rpc");
                         });

class ServerOf2020 : public CallApiServer {
 protected:
  ServerOf2020() : CallApiServer({.dialect = &dialect_of_2020()}) {}
};

TEST_F(ServerOf2020, check_16_the_dialect_of_the_configuration_counts_for_who_asks_for_none) {
  auto plain = connect();
  send(plain, R"({"id":1,"method":"Echo","params":{}})");
  EXPECT_THAT(receive(plain), HasSubstr(R"("status":"Started")"));
  auto asking = connect("?x=y&dialect=2020&dialect=current");
  send(asking, R"({"id":1,"method":"Echo","params":{}})");
  EXPECT_THAT(receive(asking), HasSubstr(R"("event":"Started")"));
}

TEST_F(ServerOf2020, check_16_an_unknown_dialect_is_refused_before_the_upgrade) {
  for (const char* query : {"dialect=2021", "dialect=", "dialect", "dialect=2020&dialect=x", "a&&dialect=%32020"}) {
    RawClient client(address_.port);
    client.send("GET /call-api?" + std::string(query) +
                " HTTP/1.1\r\nHost: h\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\n"
                "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n");
    EXPECT_THAT(client.read_all(), AllOf(StartsWith("HTTP/1.1 400 "), HasSubstr("use ?dialect=current or ?dialect=2020"))) << query;
  }
}

}  // namespace
}  // namespace callwright::server::call_api
