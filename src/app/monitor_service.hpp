#pragma once

#include "app/monitor_alerts.hpp"
#include "app/monitor_config.hpp"
#include "app/monitor_run.hpp"
#include "base/json.hpp"
#include "net/engine_loop.hpp"
#include "store/run_history.hpp"
#include "verify/monitor/monitor_metrics.hpp"

#include <boost/asio/signal_set.hpp>
#include <boost/asio/steady_timer.hpp>

#include <chrono>
#include <cstddef>
#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace callwright::app {

/// Runs monitors at their times and when they are asked for, some side by side, and keeps what they found out. Loop thread.
class MonitorService {
 public:
  /// Of a run that was asked for; nothing when the service stops before it ran.
  using OnResult = std::function<void(const verify::MonitorResult* result)>;

  /// `loop` outlives it. Errors: Io (the history, …).
  static base::Result<std::unique_ptr<MonitorService>> blocking_create(net::EngineLoop& loop, MonitorConfig config);
  ~MonitorService();
  MonitorService(const MonitorService&) = delete;
  MonitorService& operator=(const MonitorService&) = delete;

  void start();
  /// Another version of the file: monitors that are in both go on. Errors: those of its alerts; then all stays as it was.
  base::Result<void> blocking_reload(MonitorConfig config);
  /// Starts none any more; calls that are up are hung up. `done` is called once.
  void stop(std::function<void()> done);
  [[nodiscard]] bool stopping() const noexcept { return stopping_; }

  [[nodiscard]] const MonitorConfig& config() const noexcept { return config_; }
  [[nodiscard]] bool knows(std::string_view monitor) const { return monitors_.contains(monitor); }
  /// For a monitor that it knows: runs it as soon as its overlap policy lets it. Several that wait get the same result.
  void request(std::string_view monitor, OnResult on_result);
  /// Of each monitor in the order of the file: name, path, schedule, what it does now, its next start and its last result.
  [[nodiscard]] base::Json blocking_monitors();
  base::Result<std::vector<store::RunHistory::Run>> blocking_history(std::string_view monitor, std::size_t limit) {
    return history_.blocking_latest(monitor, limit);
  }
  base::Result<std::optional<store::RunHistory::Run>> blocking_find(std::string_view run) { return history_.blocking_find(run); }
  [[nodiscard]] std::string metrics_text() const { return metrics_.text(); }
  /// Where a run leaves what it leaves; "" when nothing is kept.
  [[nodiscard]] std::string folder_of(std::string_view monitor, std::string_view run) const;

 private:
  /// A run that is to be.
  struct Waiting {
    std::string monitor;
    std::string trigger;
    std::vector<OnResult> asked;
  };
  struct Monitor {
    MonitorPlan plan;
    std::unique_ptr<boost::asio::steady_timer> timer;
    std::optional<std::chrono::system_clock::time_point> next;
    std::size_t running = 0;
  };
  struct Running {
    std::shared_ptr<MonitorRun> run;
    std::vector<OnResult> asked;
  };

  MonitorService(net::EngineLoop& loop, MonitorConfig config, store::RunHistory history);
  void take_plans();
  base::Result<std::unique_ptr<MonitorAlerts>> blocking_alerts(const MonitorConfig& config);
  void plan_next(Monitor& monitor);
  void on_time(const std::string& name);
  void order(const std::string& monitor, const std::string& trigger, std::vector<OnResult> asked);
  void start_waiting();
  void start_run(Waiting waiting);
  void on_end(const std::string& id, const verify::MonitorResult& result);
  void keep(const verify::MonitorResult& result);
  void blocking_prune_reports(std::string_view monitor) const;
  void wait_for_children();
  void finish_when_over();
  [[nodiscard]] bool may_start(const Waiting& waiting) const;

  net::EngineLoop& loop_;
  MonitorConfig config_;
  store::RunHistory history_;
  verify::MonitorMetrics metrics_;
  std::map<std::string, Monitor, std::less<>> monitors_;
  std::deque<Waiting> waiting_;
  std::map<std::string, Running, std::less<>> running_;  ///< By id.
  std::unique_ptr<MonitorAlerts> alerts_;
  std::vector<std::unique_ptr<MonitorAlerts>> retired_;  ///< Of files from before, which have something to tell yet.
  boost::asio::signal_set child_signals_;
  std::function<void()> done_;
  bool stopping_ = false;
};

}  // namespace callwright::app
