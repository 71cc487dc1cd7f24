#pragma once

#include "net/engine_loop.hpp"
#include "server/web_server.hpp"

#include <functional>
#include <utility>
#include <vector>

namespace callwright::app {

/// Takes what the engine has for the web thread there, in order; all of one iteration in one go, since each time wakes that thread. Engine thread.
class WebJobs {
 public:
  /// Both outlive this.
  WebJobs(net::EngineLoop& loop, server::WebServer& web) : web_(web), end_(loop, base::Callback::to<&WebJobs::send>(*this)) {}

  void add(std::function<void()> job) {
    jobs_.push_back(std::move(job));
    end_.request();
  }

 private:
  void send() {
    web_.post([jobs = std::exchange(jobs_, {})] {
      for (const std::function<void()>& job : jobs) {
        job();
      }
    });
  }

  server::WebServer& web_;
  std::vector<std::function<void()>> jobs_;
  net::EngineLoop::BatchEnd end_;
};

}  // namespace callwright::app
