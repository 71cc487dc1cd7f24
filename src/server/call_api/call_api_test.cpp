#include "server/call_api/call_api.hpp"

#include "server/call_api/call_api_server.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <array>
#include <map>

namespace callwright::server::call_api {
namespace {

using namespace std::chrono_literals;
using testing::HasSubstr;

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

}  // namespace
}  // namespace callwright::server::call_api
