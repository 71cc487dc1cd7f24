#pragma once

#include "app/child_process.hpp"
#include "app/monitor_config.hpp"
#include "verify/monitor/monitor_result.hpp"

#include <boost/asio/io_context.hpp>
#include <boost/asio/steady_timer.hpp>

#include <functional>
#include <memory>
#include <string>
#include <string_view>

namespace callwright::app {

/// One run of a monitor: a process `callwright test`, which ends, or is ended, in the monitor's time. Thread of the `io_context`.
class MonitorRun : public std::enable_shared_from_this<MonitorRun> {
 public:
  struct Order {
    MonitorPlan plan;
    std::string program;
    std::string id;       ///< A UUID.
    std::string trigger;  ///< "schedule" or "request".
    std::string folder;   ///< For what a failed run leaves; "": nothing is kept. It is gone when nothing is in it.
  };
  /// Once.
  using OnEnd = std::function<void(verify::MonitorResult result)>;

  static std::shared_ptr<MonitorRun> start(boost::asio::io_context& io, Order order, OnEnd on_end);

  /// Calls are hung up; it ends soon, and says why: "was stopped".
  void stop();
  void on_child_signal();
  [[nodiscard]] const Order& order() const noexcept { return order_; }

 private:
  MonitorRun(boost::asio::io_context& io, Order order, OnEnd on_end);
  void begin();
  [[nodiscard]] std::vector<std::string> arguments() const;
  void on_line(std::string_view line);
  void end(const ChildEnd& how);
  [[nodiscard]] std::string error_of(const ChildEnd& how) const;
  void finish(verify::MonitorResult result);
  void blocking_keep_report(verify::MonitorResult& result) const;

  boost::asio::io_context& io_;
  const Order order_;
  OnEnd on_end_;
  boost::asio::steady_timer limit_;
  std::shared_ptr<ChildProcess> child_;
  verify::MonitorFold fold_;
  std::string last_log_;
  const std::chrono::system_clock::time_point started_ = std::chrono::system_clock::now();
  const std::chrono::steady_clock::time_point began_ = std::chrono::steady_clock::now();
  bool timed_out_ = false;
  bool stopped_ = false;
};

}  // namespace callwright::app
