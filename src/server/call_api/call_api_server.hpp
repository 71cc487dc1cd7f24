#pragma once

#include "base/bounded_queue.hpp"
#include "server/call_api/call_api.hpp"
#include "server/call_api/client.hpp"
#include "server/web_server.hpp"

#include <gtest/gtest.h>

#include <atomic>
#include <chrono>
#include <functional>
#include <future>
#include <memory>
#include <semaphore>
#include <set>
#include <string>
#include <thread>
#include <utility>

/// For tests: the Call API behind a real socket, with an engine that plays calls.
namespace callwright::server::call_api {

inline std::chrono::steady_clock::time_point soon() { return std::chrono::steady_clock::now() + std::chrono::seconds(10); }

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
    ++submitted;
    if (const auto* start = std::get_if<call::StartCall>(&command)) {
      if (start->caller.find("patient") != std::string::npos) {
        pending_.insert(id);
        observer_ = &observer;
        return;
      }
      for (const Kind kind : {Kind::CallerAnswered, Kind::Transferring, Kind::TransferStart, Kind::TransferPending, Kind::CalleeAnswered}) {
        observer.on_command_event({.command = id,
                                   .kind = kind,
                                   .call_id = "n1@h",
                                   .caller = start->caller,
                                   .callee = start->callee,
                                   .destination = kind == Kind::Transferring ? start->callee : std::string(),
                                   .extra = "180 Ringing"});
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
  std::atomic<int> submitted = 0;

 private:
  using Kind = call::CommandEvent::Kind;

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
  explicit CallApiServer(Protocol protocol = {}, std::unique_ptr<TokenGate> gate = nullptr)
      : api_({.limits = {.on_disconnect = OnDisconnect::Cancel}, .protocol = protocol}, ports(), feed_, std::move(gate)) {
    web_.add_websocket("/call-api", [this](const HttpRequest& request) { return api_.admit(request); });
    address_ = web_.listen(base::SocketAddress::parse("127.0.0.1:0").value()).value();
    url_ = "ws://" + address_.to_string() + "/call-api";
    web_.start();
  }
  ~CallApiServer() override {
    web_.blocking_stop(std::chrono::seconds(1));
    engine_.stop();
  }

  EnginePorts ports() {
    return {control_, timers_, [this](std::function<void()> job) { return engine_.post(std::move(job)); },
            [this](std::function<void()> job) { web_.post(std::move(job)); }};
  }

  Client connect(const std::string& query = "") { return Client::blocking_connect(url_ + query, soon()).value(); }

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
  base::SystemClock clock_;
  base::Timers timers_{clock_};  ///< Nobody advances them.
  EngineThread engine_;
  WebServer web_{WebConfig{}};
  Feed feed_{"run1"};
  CallApi api_;
  base::SocketAddress address_;
  std::string url_;
};

}  // namespace callwright::server::call_api
