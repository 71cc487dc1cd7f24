#include "app/monitor_run.hpp"

#include "verify/run/duration_text.hpp"
#include "verify/run/run_events.hpp"

#include <boost/asio/post.hpp>

#include <fmt/format.h>

#include <filesystem>
#include <system_error>
#include <utility>

namespace callwright::app {
namespace {

constexpr std::string_view kReport = "report.html";
/// The test gives its own processes five seconds to hang up.
constexpr std::chrono::seconds kGrace{8};
constexpr std::size_t kMostError = 2'000;

}  // namespace

std::shared_ptr<MonitorRun> MonitorRun::start(boost::asio::io_context& io, Order order, OnEnd on_end) {
  std::shared_ptr<MonitorRun> run(new MonitorRun(io, std::move(order), std::move(on_end)));
  run->begin();
  return run;
}

MonitorRun::MonitorRun(boost::asio::io_context& io, Order order, OnEnd on_end) : io_(io), order_(std::move(order)), on_end_(std::move(on_end)), limit_(io) {}

void MonitorRun::begin() {
  const auto weak = weak_from_this();
  const auto with_run = [weak](auto action) {
    return [weak, action](const auto& value) {
      if (const auto run = weak.lock()) {
        action(*run, value);
      }
    };
  };
  ChildProcess::Handlers handlers{with_run([](MonitorRun& run, std::string_view line) { run.on_line(line); }),
                                  with_run([](MonitorRun& run, std::string_view line) { run.last_log_ = verify::cut_text(line, kMostError); }),
                                  with_run([](MonitorRun& run, const ChildEnd& how) { run.end(how); })};
  ChildProgram program{order_.program, arguments()};
  program.grace = kGrace;
  auto child = ChildProcess::start(io_, std::move(program), std::move(handlers));
  if (!child) {
    boost::asio::post(io_, [self = shared_from_this(), error = child.error().message()] {
      verify::MonitorResult result;
      result.error = error;
      self->finish(std::move(result));
    });
    return;
  }
  child_ = std::move(*child);
  limit_.expires_after(order_.plan.timeout);
  limit_.async_wait([weak](const boost::system::error_code& cancelled) {
    const auto run = weak.lock();
    if (!cancelled && run) {
      run->timed_out_ = !run->stopped_;
      run->child_->stop();
    }
  });
}

std::vector<std::string> MonitorRun::arguments() const {
  const MonitorPlan& plan = order_.plan;
  // As people would name it from here.
  const std::string near = std::filesystem::path(plan.path).lexically_proximate(std::filesystem::current_path()).string();
  std::vector<std::string> words{"test", near.starts_with("..") ? plan.path : near, "--json", "--metrics", "--no-color"};
  const auto add = [&words](std::string_view option, const std::vector<std::string>& values) {
    for (const std::string& value : values) {
      words.emplace_back(option);
      words.push_back(value);
    }
  };
  add("--env-file", plan.env_files);
  add("--scenario", plan.scenario.empty() ? std::vector<std::string>{} : std::vector{plan.scenario});
  add("--tag", plan.tags);
  add("--exclude-tag", plan.exclude_tags);
  add("--set", plan.set);
  if (plan.retries > 0) {
    add("--retries", {std::to_string(plan.retries)});
  }
  if (plan.exchange) {
    words.emplace_back("--exchange");
  }
  if (order_.folder.empty()) {
    add("--trace", {"off"});
  } else {
    add("--artifacts", {order_.folder});
    add("--reporter", {fmt::format("html={}/{}", order_.folder, kReport)});
  }
  return words;
}

void MonitorRun::on_line(std::string_view line) {
  if (const auto event = verify::RunEvent::parse(line)) {
    fold_.add(*event);
  }
}

void MonitorRun::stop() {
  stopped_ = true;
  if (child_) {
    child_->stop();
  }
}

void MonitorRun::on_child_signal() {
  if (child_) {
    child_->on_child_signal();
  }
}

void MonitorRun::end(const ChildEnd& how) {
  limit_.cancel();
  verify::MonitorResult result;
  result.passed = how.status == 0 && how.signal == 0 && !timed_out_ && !stopped_;
  result.timed_out = timed_out_;
  result.scenarios = fold_.scenarios();
  result.error = result.passed ? "" : error_of(how);
  finish(std::move(result));
}

std::string MonitorRun::error_of(const ChildEnd& how) const {
  if (timed_out_) {
    return fmt::format("took longer than {} and was stopped", verify::duration_text(static_cast<double>(order_.plan.timeout.count())));
  }
  if (stopped_) {
    return "was stopped";
  }
  if (!fold_.error().empty()) {
    return fold_.error();
  }
  if (how.signal != 0) {
    return fmt::format("crashed: {}", signal_text(how.signal));
  }
  return last_log_.empty() ? fmt::format("its process ended with the status {}", how.status) : last_log_;
}

void MonitorRun::finish(verify::MonitorResult result) {
  result.monitor = order_.plan.name;
  result.run = order_.id;
  result.trigger = order_.trigger;
  result.started = started_;
  result.duration = std::chrono::duration_cast<std::chrono::milliseconds>(std::chrono::steady_clock::now() - began_);
  blocking_keep_report(result);
  if (const auto on_end = std::exchange(on_end_, {})) {
    on_end(std::move(result));
  }
}

/// Of what passed nothing is kept.
void MonitorRun::blocking_keep_report(verify::MonitorResult& result) const {
  if (order_.folder.empty()) {
    return;
  }
  std::error_code ignored;
  const std::filesystem::path report = std::filesystem::path(order_.folder) / kReport;
  if (result.passed) {
    std::filesystem::remove_all(order_.folder, ignored);
  } else if (std::filesystem::exists(report, ignored)) {
    result.report = report.string();
  }
}

}  // namespace callwright::app
