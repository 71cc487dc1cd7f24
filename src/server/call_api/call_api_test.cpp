#include "server/call_api/call_api.hpp"

#include "base/bounded_queue.hpp"
#include "server/call_api/client.hpp"
#include "server/web_server.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <future>
#include <semaphore>
#include <set>
#include <thread>
#include <utility>

namespace callwright::server::call_api {
namespace {

using namespace std::chrono_literals;
using Kind = call::CommandEvent::Kind;
using testing::ElementsAre;
using testing::HasSubstr;

std::chrono::steady_clock::time_point soon() { return std::chrono::steady_clock::now() + 10s; }

/// The smallest engine loop: jobs run one after the other on a thread of its own.
class EngineThread {
 public:
  ~EngineThread() { stop(); }

  bool post(std::function<void()> job) {
    const bool accepted = jobs_.push(std::move(job)).accepted;
    wake_.release();
    return accepted;
  }

  void stop() {
    if (thread_.joinable()) {
      post({});
      thread_.join();
    }
  }

 private:
  void run() {
    while (true) {
      wake_.acquire();
      for (auto& job : jobs_.take_all()) {
        if (!job) {
          return;
        }
        job();
      }
    }
  }

  base::BoundedQueue<std::function<void()>> jobs_{10'000, base::Overflow::Refuse};
  std::counting_semaphore<> wake_{0};
  std::thread thread_{[this] { run(); }};
};

/// Plays a whole CallStart at once, save that a caller called "patient" is answered only when it is cancelled.
class FakeCallControl final : public call::CallControl {
 public:
  void submit(call::CommandId id, const call::Command& command, call::CommandObserver& observer) override {
    if (const auto* start = std::get_if<call::StartCall>(&command)) {
      if (start->caller.find("patient") != std::string::npos) {
        pending_.insert(id);
        observer_ = &observer;
        return;
      }
      for (const Kind kind : {Kind::CallerAnswered, Kind::Transferring, Kind::TransferStart, Kind::TransferPending, Kind::CalleeAnswered}) {
        report(id, kind, observer);
      }
    }
    report(id, Kind::Ended, observer);
  }

  void cancel(call::CommandId id) override {
    if (pending_.erase(id) != 0) {
      report(id, Kind::Failed, *observer_);
      report(id, Kind::Ended, *observer_);
      cancelled.release();
    }
  }

  std::counting_semaphore<> cancelled{0};

 private:
  static void report(call::CommandId id, Kind kind, call::CommandObserver& observer) {
    call::CommandEvent event;
    event.command = id;
    event.kind = kind;
    observer.on_command_event(event);
  }

  std::set<call::CommandId> pending_;
  call::CommandObserver* observer_ = nullptr;
};

class CallApiServer : public testing::Test {
 protected:
  CallApiServer() {
    web_.add_websocket("/call-api", [this](WebSocketPeer& peer) { return api_.open(peer); });
    const auto bound = web_.listen(base::SocketAddress::parse("127.0.0.1:0").value());
    url_ = "ws://" + bound.value().to_string() + "/call-api";
    web_.start();
  }
  ~CallApiServer() override {
    web_.blocking_stop(1s);
    engine_.stop();
  }

  EnginePorts ports() {
    return {control_, [this](std::function<void()> job) { return engine_.post(std::move(job)); },
            [this](std::function<void()> job) { web_.post(std::move(job)); }};
  }

  Client connect() { return Client::blocking_connect(url_, soon()).value(); }

  static void send(Client& client, const std::string& text) {
    const auto sent = client.blocking_send(text, soon());
    EXPECT_TRUE(sent) << sent.error().message();
  }
  static std::string receive(Client& client) {
    const auto text = client.blocking_receive(soon());
    return text ? *text : "error: " + text.error().message();
  }
  static std::string call_start(const std::string& caller, const std::string& cmd_id) {
    return R"({"jsonrpc":"2.0","id":1,"method":"CallStart","params":{"callee":"sip:bob@h","caller":"sip:)" + caller + R"(@h","cmd_id":")" + cmd_id + "\"}}";
  }

  std::size_t running() {
    std::promise<std::size_t> count;
    web_.post([&] { count.set_value(api_.running_commands()); });
    return count.get_future().get();
  }

  FakeCallControl control_;
  EngineThread engine_;
  WebServer web_{WebConfig{}};
  CallApi api_{{.on_disconnect = OnDisconnect::Cancel}, ports()};
  std::string url_;
};

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
