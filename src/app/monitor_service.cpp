#include "app/monitor_service.hpp"

#include "app/identifiers.hpp"
#include "base/json_values.hpp"
#include "base/log.hpp"
#include "base/time_text.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cctype>
#include <csignal>
#include <filesystem>
#include <iterator>
#include <system_error>
#include <utility>

namespace callwright::app {
namespace {

using base::Json;
using base::Result;
using std::chrono::system_clock;

constexpr std::size_t kMostWaiting = 1'000;
/// Looked at after a restart, so that nothing is told twice.
constexpr std::size_t kRemembered = 200;
constexpr std::chrono::seconds kAlertsAtEnd{3};
constexpr std::size_t kMaxDepth = 64;

std::string folder_name(std::string_view monitor) {
  std::string name(monitor);
  std::replace_if(
      name.begin(), name.end(), [](unsigned char character) { return std::isalnum(character) == 0 && character != '-' && character != '_'; }, '_');
  return name;
}

std::string_view overlap_text(Overlap overlap) { return overlap == Overlap::Queue ? "queue" : overlap == Overlap::Skip ? "skip" : "parallel"; }

}  // namespace

Result<std::unique_ptr<MonitorService>> MonitorService::blocking_create(net::EngineLoop& loop, MonitorConfig config) {
  auto history = store::RunHistory::blocking_open(config.history, config.keep);
  if (!history) {
    return history.error();
  }
  std::unique_ptr<MonitorService> service(new MonitorService(loop, std::move(config), std::move(*history)));
  service->take_plans();
  auto alerts = service->blocking_alerts(service->config_);
  if (!alerts) {
    return alerts.error();
  }
  service->alerts_ = std::move(*alerts);
  return service;
}

MonitorService::MonitorService(net::EngineLoop& loop, MonitorConfig config, store::RunHistory history)
    : loop_(loop), config_(std::move(config)), history_(std::move(history)), child_signals_(loop.context(), SIGCHLD) {}

MonitorService::~MonitorService() = default;

void MonitorService::start() {
  wait_for_children();
  for (auto& [name, monitor] : monitors_) {
    plan_next(monitor);
  }
}

void MonitorService::take_plans() {
  std::map<std::string, Monitor, std::less<>> monitors;
  std::vector<std::string> names;
  for (const MonitorPlan& plan : config_.monitors) {
    const auto known = monitors_.find(plan.name);
    const std::size_t running = known == monitors_.end() ? 0 : known->second.running;
    monitors.insert_or_assign(plan.name, Monitor{plan, std::make_unique<boost::asio::steady_timer>(loop_.context()), std::nullopt, running});
    names.push_back(plan.name);
  }
  monitors_ = std::move(monitors);
  metrics_.keep_only(names);
}

Result<std::unique_ptr<MonitorAlerts>> MonitorService::blocking_alerts(const MonitorConfig& config) {
  auto alerts = MonitorAlerts::blocking_create(loop_, config.alerts);
  if (!alerts) {
    return alerts;
  }
  for (const MonitorPlan& plan : config.monitors) {
    auto runs = history_.blocking_latest(plan.name, kRemembered);
    if (!runs) {
      return runs.error();
    }
    for (auto run = runs->rbegin(); run != runs->rend(); ++run) {
      verify::MonitorResult result;
      result.monitor = plan.name;
      result.passed = run->passed;
      result.started = run->started;
      (*alerts)->remember(result);
    }
  }
  return alerts;
}

Result<void> MonitorService::blocking_reload(MonitorConfig config) {
  auto alerts = blocking_alerts(config);
  if (!alerts) {
    return alerts.error();
  }
  config_ = std::move(config);
  take_plans();
  retired_.push_back(std::exchange(alerts_, std::move(*alerts)));
  std::deque<Waiting> waiting;
  for (Waiting& one : waiting_) {
    if (knows(one.monitor)) {
      waiting.push_back(std::move(one));
    } else {
      std::for_each(one.asked.begin(), one.asked.end(), [](const OnResult& asked) { asked(nullptr); });
    }
  }
  waiting_ = std::move(waiting);
  for (auto& [name, monitor] : monitors_) {
    plan_next(monitor);
  }
  start_waiting();
  return base::ok();
}

void MonitorService::plan_next(Monitor& monitor) {
  if (!monitor.plan.schedule || !config_.scheduler || stopping_) {
    return;
  }
  monitor.next = next_start(*monitor.plan.schedule, monitor.plan.zone, system_clock::now());
  if (!monitor.next) {
    base::log::warn("a schedule never comes to a start", {{"monitor", monitor.plan.name}, {"schedule", monitor.plan.schedule_text}});
    return;
  }
  monitor.timer->expires_after(std::max<system_clock::duration>(*monitor.next - system_clock::now(), std::chrono::milliseconds(1)));
  monitor.timer->async_wait([this, name = monitor.plan.name](const boost::system::error_code& cancelled) {
    if (!cancelled && !stopping_) {
      on_time(name);
    }
  });
}

void MonitorService::on_time(const std::string& name) {
  const auto found = monitors_.find(name);
  if (found == monitors_.end()) {
    return;
  }
  // The timer may be early by what the calendar was set back meanwhile.
  const bool due = found->second.next && system_clock::now() >= *found->second.next;
  plan_next(found->second);
  if (due) {
    order(name, "schedule", {});
  }
}

void MonitorService::request(std::string_view monitor, OnResult on_result) { order(std::string(monitor), "request", {std::move(on_result)}); }

void MonitorService::order(const std::string& name, const std::string& trigger, std::vector<OnResult> asked) {
  const Monitor& monitor = monitors_.at(name);
  const auto waits = std::find_if(waiting_.begin(), waiting_.end(), [&name](const Waiting& one) { return one.monitor == name; });
  const bool alone = monitor.plan.overlap != Overlap::Parallel;
  if (alone && waits != waiting_.end()) {
    if (asked.empty()) {
      metrics_.skipped(name);
    }
    waits->asked.insert(waits->asked.end(), std::make_move_iterator(asked.begin()), std::make_move_iterator(asked.end()));
    return;
  }
  const bool skipped = asked.empty() && monitor.plan.overlap == Overlap::Skip && monitor.running > 0;
  if (stopping_ || skipped || waiting_.size() >= kMostWaiting) {
    metrics_.skipped(name);
    base::log::info("a start is skipped: the run before is not over, or too many wait", {{"monitor", name}});
    std::for_each(asked.begin(), asked.end(), [](const OnResult& one) { one(nullptr); });
    return;
  }
  waiting_.push_back({name, trigger, std::move(asked)});
  start_waiting();
}

bool MonitorService::may_start(const Waiting& waiting) const {
  const Monitor& monitor = monitors_.at(waiting.monitor);
  return running_.size() < config_.workers && (monitor.plan.overlap == Overlap::Parallel || monitor.running == 0);
}

void MonitorService::start_waiting() {
  while (!stopping_) {
    const auto next = std::find_if(waiting_.begin(), waiting_.end(), [this](const Waiting& waiting) { return may_start(waiting); });
    if (next == waiting_.end()) {
      return;
    }
    Waiting waiting = std::move(*next);
    waiting_.erase(next);
    start_run(std::move(waiting));
  }
}

void MonitorService::start_run(Waiting waiting) {
  Monitor& monitor = monitors_.at(waiting.monitor);
  MonitorRun::Order order{monitor.plan, config_.binary.empty() ? "/proc/self/exe" : config_.binary, random_uuid(), waiting.trigger, ""};
  const std::string id = order.id;
  order.folder = folder_of(waiting.monitor, id);
  metrics_.set_running(waiting.monitor, ++monitor.running);
  base::log::info("a monitor starts", {{"monitor", waiting.monitor}, {"run", id}, {"by", waiting.trigger}});
  auto run = MonitorRun::start(loop_.context(), std::move(order), [this, id](const verify::MonitorResult& result) { on_end(id, result); });
  running_.emplace(id, Running{std::move(run), std::move(waiting.asked)});
}

void MonitorService::on_end(const std::string& id, const verify::MonitorResult& result) {
  const auto ended = running_.extract(id);
  if (const auto monitor = monitors_.find(result.monitor); monitor != monitors_.end()) {
    metrics_.set_running(result.monitor, --monitor->second.running);
  }
  base::log::write(result.passed ? base::log::Level::Info : base::log::Level::Warn, result.passed ? "a monitor passed" : "a monitor failed",
                   {{"monitor", result.monitor}, {"run", id}, {"took_ms", result.duration.count()}, {"reason", result.error}});
  // What we cut short says nothing about what is watched; nor is anything told of a monitor that is not in the file any more.
  if (!stopping_ && knows(result.monitor)) {
    keep(result);
  }
  if (!ended.empty()) {
    for (const OnResult& asked : ended.mapped().asked) {
      asked(stopping_ ? nullptr : &result);
    }
  }
  start_waiting();
  finish_when_over();
}

void MonitorService::keep(const verify::MonitorResult& result) {
  metrics_.add(result);
  const std::string report = result.report.empty() ? "" : fmt::format("/report/{}/report.html", result.run);
  std::string text;
  base::append_json(text, result.json(report), base::MemberOrder::AsGiven);
  if (const auto kept = history_.blocking_insert({result.run, result.monitor, result.started, result.passed, std::move(text)}); !kept) {
    base::log::error("a run is missing in the history", {{"monitor", result.monitor}, {"reason", kept.error().message()}});
  }
  const std::string origin = config_.public_url.empty() ? "http://" + config_.listen.to_string() : config_.public_url;
  alerts_->add(result, report.empty() ? "" : origin + report);
  std::erase_if(retired_, [](const auto& alerts) { return alerts->waiting() == 0; });
  blocking_prune_reports(result.monitor);
}

std::string MonitorService::folder_of(std::string_view monitor, std::string_view run) const {
  return config_.artifacts.empty() ? "" : fmt::format("{}/{}/{}", config_.artifacts, folder_name(monitor), run);
}

void MonitorService::blocking_prune_reports(std::string_view monitor) const {
  namespace fs = std::filesystem;
  if (config_.artifacts.empty()) {
    return;
  }
  std::error_code ignored;
  std::vector<std::pair<fs::file_time_type, fs::path>> folders;
  for (const auto& entry : fs::directory_iterator(fs::path(config_.artifacts) / folder_name(monitor), ignored)) {
    if (entry.is_directory(ignored) && !running_.contains(entry.path().filename().string())) {
      folders.emplace_back(entry.last_write_time(ignored), entry.path());
    }
  }
  std::sort(folders.rbegin(), folders.rend());
  for (std::size_t index = config_.keep_reports; index < folders.size(); ++index) {
    fs::remove_all(folders[index].second, ignored);
  }
}

Json MonitorService::blocking_monitors() {
  Json::Array all;
  for (const MonitorPlan& plan : config_.monitors) {
    const Monitor& monitor = monitors_.at(plan.name);
    const auto waiting = std::count_if(waiting_.begin(), waiting_.end(), [&plan](const Waiting& one) { return one.monitor == plan.name; });
    Json::Object fields{{"name", base::json_text(plan.name)}, {"path", base::json_text(plan.path)}};
    if (!plan.schedule_text.empty()) {
      fields.push_back({"schedule", base::json_text(plan.schedule_text)});
    }
    fields.push_back({"overlap", base::json_text(overlap_text(plan.overlap))});
    fields.push_back({"running", base::json_number(monitor.running)});
    fields.push_back({"waiting", base::json_number(waiting)});
    if (monitor.next) {
      fields.push_back({"next", base::json_text(base::to_text(std::chrono::time_point_cast<base::WallTime::duration>(*monitor.next)))});
    }
    const auto last = history_.blocking_latest(plan.name, 1);
    if (last && !last->empty()) {
      auto result = base::parse_json(last->front().json, kMaxDepth);
      fields.push_back({"last", result ? std::move(*result) : Json{nullptr}});
    }
    all.push_back(Json{std::move(fields)});
  }
  return Json{std::move(all)};
}

void MonitorService::wait_for_children() {
  child_signals_.async_wait([this](const boost::system::error_code& error, int) {
    if (error) {
      return;
    }
    // One that ends takes itself out of the list.
    std::vector<std::shared_ptr<MonitorRun>> runs;
    std::transform(running_.begin(), running_.end(), std::back_inserter(runs), [](const auto& entry) { return entry.second.run; });
    for (const auto& run : runs) {
      run->on_child_signal();
    }
    wait_for_children();
  });
}

void MonitorService::stop(std::function<void()> done) {
  stopping_ = true;
  done_ = std::move(done);
  for (auto& [name, monitor] : monitors_) {
    monitor.timer->cancel();
  }
  for (const Waiting& waiting : std::exchange(waiting_, {})) {
    std::for_each(waiting.asked.begin(), waiting.asked.end(), [](const OnResult& asked) { asked(nullptr); });
  }
  for (const auto& [id, running] : running_) {
    running.run->stop();
  }
  finish_when_over();
}

void MonitorService::finish_when_over() {
  if (!stopping_ || !running_.empty() || !done_) {
    return;
  }
  child_signals_.cancel();
  const auto left = std::make_shared<std::size_t>(1 + retired_.size());
  const auto one_less = [left, done = std::exchange(done_, {})] {
    if (--*left == 0) {
      done();
    }
  };
  alerts_->finish(kAlertsAtEnd, one_less);
  for (const auto& alerts : retired_) {
    alerts->finish(kAlertsAtEnd, one_less);
  }
}

}  // namespace callwright::app
