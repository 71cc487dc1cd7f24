#pragma once

#include "server/call_api/session.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <deque>

namespace callwright::server::call_api {

using Kind = call::CommandEvent::Kind;

class CollectingPeer final : public WebSocketPeer {
 public:
  void send(std::string text) override { sent.push_back(std::move(text)); }
  void close(CloseCode code, std::string_view reason) override { closed = std::to_string(static_cast<int>(code)) + " " + std::string(reason); }
  [[nodiscard]] const std::string& remote() const override { return remote_; }

  std::vector<std::string> take() { return std::exchange(sent, {}); }
  std::vector<std::string> sent;
  std::string closed;

 private:
  std::string remote_ = "127.0.0.1:1";
};

class CollectingCallControl final : public call::CallControl {
 public:
  void submit(call::CommandId id, const call::Command& command, call::CommandObserver& observer) override {
    submitted.push_back({id, command});
    observer_ = &observer;
  }
  void cancel(call::CommandId id) override { cancelled.push_back(id); }

  void report(call::CommandId id, Kind kind, const std::string& extra = "") {
    call::CommandEvent event;
    event.command = id;
    event.kind = kind;
    event.call_id = "n1";
    event.extra = extra;
    observer_->on_command_event(event);
  }

  void report_media(call::CommandId id, const std::string& call_id, std::vector<call::LegQuality> media) {
    call::CommandEvent event;
    event.command = id;
    event.kind = Kind::MediaMeasured;
    event.call_id = call_id;
    event.media = std::make_shared<const std::vector<call::LegQuality>>(std::move(media));
    observer_->on_command_event(event);
  }

  struct Submitted {
    call::CommandId id;
    call::Command command;
  };
  std::vector<Submitted> submitted;
  std::vector<call::CommandId> cancelled;

 private:
  call::CommandObserver* observer_ = nullptr;
};

/// Both threads as queues that the test runs by hand.
class CallApiSession : public testing::Test {
 protected:
  explicit CallApiSession(CommandDesk::Limits limits = {}) : desk_(limits, ports()) { open(); }

  EnginePorts ports() {
    const auto to_engine = [this](std::function<void()> job) {
      if (engine_refuses_) {
        return false;
      }
      engine_.push_back(std::move(job));
      return true;
    };
    return {control_, timers_, to_engine, [this](std::function<void()> job) { web_.push_back(std::move(job)); }};
  }

  static void run(std::deque<std::function<void()>>& jobs) {
    while (!jobs.empty()) {
      const auto job = std::move(jobs.front());
      jobs.pop_front();
      job();
    }
  }

  void settle() {
    run(engine_);
    run(web_);
  }

  void open(Protocol protocol = {}, Access access = {}) { session_ = std::make_unique<Session>(peer_, desk_, feed_, random_, protocol, std::move(access)); }

  std::vector<std::string> exchange(std::string_view text) {
    session_->on_message(text);
    return peer_.take();
  }

  call::CommandId start_call(const std::string& cmd_id) {
    exchange(R"({"id":1,"method":"CallStart","params":{"caller":"sip:a@h","callee":"sip:b@h","cmd_id":")" + cmd_id + "\"}}");
    settle();
    return control_.submitted.back().id;
  }

  std::vector<std::string> reported(call::CommandId id, Kind kind, const std::string& extra = "") {
    control_.report(id, kind, extra);
    settle();
    return peer_.take();
  }

  void note(call::Event event) { feed_.note(std::make_shared<call::Event>(std::move(event))); }

  CollectingCallControl control_;
  base::ManualClock clock_;
  base::Timers timers_{clock_};
  std::deque<std::function<void()>> engine_;
  std::deque<std::function<void()>> web_;
  bool engine_refuses_ = false;
  CollectingPeer peer_;
  base::DeterministicRandom random_{7};
  CommandDesk desk_;
  Feed feed_{"run1", 3};
  std::unique_ptr<Session> session_;
};

}  // namespace callwright::server::call_api
