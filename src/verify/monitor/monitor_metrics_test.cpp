#include "verify/monitor/monitor_metrics.hpp"

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <charconv>
#include <cmath>
#include <limits>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <tuple>

namespace callwright::verify {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

struct Sample {
  std::string name;
  std::map<std::string, std::string> labels;
  double value = 0;

  friend bool operator<(const Sample& left, const Sample& right) { return std::tie(left.name, left.labels) < std::tie(right.name, right.labels); }
};

/// Reads the text format as Prometheus does, and checks what it demands: samples of a name stand together behind its HELP and TYPE, none occurs twice,
/// histograms add up.
class Exposition {
 public:
  explicit Exposition(std::string_view text) {
    EXPECT_TRUE(text.empty() || text.ends_with('\n'));
    while (!text.empty()) {
      const std::size_t end = text.find('\n');
      read_line(text.substr(0, end));
      text.remove_prefix(end + 1);
    }
    check_histograms();
  }

  [[nodiscard]] std::optional<double> value(std::string_view name, const std::map<std::string, std::string>& labels) const {
    const auto found = samples_.find({std::string(name), labels, 0});
    return found == samples_.end() ? std::nullopt : std::optional(found->value);
  }
  [[nodiscard]] std::size_t count(std::string_view name) const {
    return static_cast<std::size_t>(std::count_if(samples_.begin(), samples_.end(), [&](const Sample& sample) { return sample.name == name; }));
  }

 private:
  void read_line(std::string_view line) {
    constexpr std::string_view kHelp = "# HELP ";
    constexpr std::string_view kType = "# TYPE ";
    if (line.starts_with(kHelp)) {
      line.remove_prefix(kHelp.size());
      family_ = line.substr(0, line.find(' '));
      EXPECT_TRUE(families_.insert(family_).second) << family_;
    } else if (line.starts_with(kType)) {
      line.remove_prefix(kType.size());
      EXPECT_EQ(line.substr(0, line.find(' ')), family_);
      type_ = line.substr(line.find(' ') + 1);
      EXPECT_TRUE(type_ == "gauge" || type_ == "counter" || type_ == "histogram") << type_;
    } else {
      read_sample(line);
    }
  }

  void read_sample(std::string_view line) {
    Sample sample;
    std::size_t at = line.find('{');
    ASSERT_NE(at, std::string_view::npos) << line;
    sample.name = line.substr(0, at);
    EXPECT_TRUE(sample.name == family_ || (type_ == "histogram" && sample.name.starts_with(family_ + "_"))) << line;
    do {
      const std::size_t equals = line.find("=\"", ++at);
      ASSERT_NE(equals, std::string_view::npos) << line;
      std::string& value = sample.labels[std::string(line.substr(at, equals - at))];
      for (at = equals + 2; line.at(at) != '"'; ++at) {
        if (line[at] == '\\') {
          ++at;
          ASSERT_NE(std::string_view("\\\"n").find(line.at(at)), std::string_view::npos) << line;
          value += line[at] == 'n' ? '\n' : line[at];
        } else {
          value += line[at];
        }
      }
    } while (line.at(++at) == ',');
    ASSERT_EQ(line.substr(at, 2), "} ") << line;
    const auto [end, error] = std::from_chars(line.data() + at + 2, line.data() + line.size(), sample.value);
    EXPECT_TRUE(error == std::errc() && end == line.data() + line.size() && std::isfinite(sample.value)) << line;
    if (sample.name.ends_with("_bucket")) {
      buckets_.push_back(sample);
    }
    EXPECT_TRUE(samples_.insert(std::move(sample)).second) << line;
  }

  void check_histograms() const {
    double below = 0;
    for (const Sample& bucket : buckets_) {
      auto labels = bucket.labels;
      const std::string bound = labels.extract("le").mapped();
      EXPECT_GE(bucket.value, below) << bucket.name << " " << bound;
      below = bound == "+Inf" ? 0 : bucket.value;
      const std::string name = bucket.name.substr(0, bucket.name.size() - std::string_view("_bucket").size());
      EXPECT_TRUE(value(name + "_sum", labels)) << name;
      if (bound == "+Inf") {
        EXPECT_EQ(value(name + "_count", labels), bucket.value) << name;
      }
    }
  }

  std::string family_;
  std::string type_;
  std::set<std::string> families_;
  std::set<Sample> samples_;
  std::vector<Sample> buckets_;
};

using Labels = std::map<std::string, std::string>;

const Labels kOffice{{"monitor", "office"}};

MonitorResult passed_run() {
  MonitorResult result;
  result.monitor = "office";
  result.started = std::chrono::system_clock::time_point(std::chrono::milliseconds(1'772'366'400'500));
  result.duration = std::chrono::milliseconds(2500);
  result.passed = true;
  result.scenarios.push_back({"busy", true, 800, "", {{"A", true, 4.25, 1.5, 0.0, 20.0}, {"B", false, {}, {}, {}, {}}}});
  return result;
}

MonitorResult timed_out_run() {
  MonitorResult result;
  result.monitor = "office";
  result.duration = std::chrono::minutes(6);
  result.timed_out = true;
  result.error = "timed out";
  return result;
}

TEST(MonitorMetrics, tells_monitors_from_the_beginning) {
  MonitorMetrics metrics;
  EXPECT_EQ(metrics.text(), "");
  metrics.keep_only({"office", "home"});
  const Exposition seen(metrics.text());
  for (const std::string result : {"pass", "fail", "timeout"}) {
    EXPECT_EQ(seen.value("ringo_monitor_runs_total", {{"monitor", "home"}, {"result", result}}), 0);
  }
  EXPECT_EQ(seen.value("callwright_monitor_skipped_total", kOffice), 0);
  EXPECT_EQ(seen.value("callwright_monitor_running", kOffice), 0);
  EXPECT_EQ(seen.value("callwright_monitor_run_duration_seconds_count", kOffice), 0);
  EXPECT_EQ(seen.value("callwright_call_mos_bucket", {{"monitor", "office"}, {"le", "+Inf"}}), 0);
  // A zero would be a failed run.
  EXPECT_EQ(seen.value("ringo_monitor_last_success", kOffice), std::nullopt);
}

TEST(MonitorMetrics, counts_runs_and_tells_the_last_one) {
  MonitorMetrics metrics;
  metrics.add(passed_run());
  const Exposition seen(metrics.text());
  EXPECT_EQ(seen.value("ringo_monitor_runs_total", {{"monitor", "office"}, {"result", "pass"}}), 1);
  EXPECT_EQ(seen.value("ringo_monitor_last_success", kOffice), 1);
  EXPECT_EQ(seen.value("ringo_monitor_last_duration_seconds", kOffice), 2.5);
  EXPECT_EQ(seen.value("ringo_monitor_last_run_timestamp_seconds", kOffice), 1'772'366'403);
  EXPECT_EQ(seen.value("ringo_scenario_last_success", {{"monitor", "office"}, {"scenario", "busy"}}), 1);
  const Labels first{{"monitor", "office"}, {"scenario", "busy"}, {"agent", "A"}};
  EXPECT_EQ(seen.value("ringo_agent_registered", first), 1);
  EXPECT_EQ(seen.value("ringo_call_mos", first), 4.25);
  EXPECT_EQ(seen.value("ringo_call_jitter_ms", first), 1.5);
  EXPECT_EQ(seen.value("ringo_call_packet_loss_pct", first), 0);
  EXPECT_EQ(seen.value("ringo_call_rtt_ms", first), 20);
  EXPECT_EQ(seen.value("ringo_agent_registered", {{"monitor", "office"}, {"scenario", "busy"}, {"agent", "B"}}), 0);
  EXPECT_EQ(seen.count("ringo_call_mos"), 1U);
}

TEST(MonitorMetrics, forgets_values_that_the_last_run_has_not) {
  MonitorMetrics metrics;
  metrics.add(passed_run());
  metrics.add(timed_out_run());
  const Exposition seen(metrics.text());
  EXPECT_EQ(seen.value("ringo_monitor_runs_total", {{"monitor", "office"}, {"result", "pass"}}), 1);
  EXPECT_EQ(seen.value("ringo_monitor_runs_total", {{"monitor", "office"}, {"result", "fail"}}), 1);
  EXPECT_EQ(seen.value("ringo_monitor_runs_total", {{"monitor", "office"}, {"result", "timeout"}}), 1);
  EXPECT_EQ(seen.value("ringo_monitor_last_success", kOffice), 0);
  EXPECT_EQ(seen.count("ringo_scenario_last_success") + seen.count("ringo_agent_registered") + seen.count("ringo_call_mos"), 0U);
  EXPECT_EQ(seen.value("callwright_monitor_run_duration_seconds_count", kOffice), 2);
  EXPECT_EQ(seen.value("callwright_call_mos_count", kOffice), 1);
}

TEST(MonitorMetrics, has_cumulative_histograms) {
  MonitorMetrics metrics;
  metrics.add(passed_run());
  metrics.add(timed_out_run());
  const Exposition seen(metrics.text());
  const auto below = [&](std::string_view name, const std::string& bound, Labels labels = kOffice) {
    labels["le"] = bound;
    return seen.value(name, labels);
  };
  EXPECT_EQ(below("callwright_monitor_run_duration_seconds_bucket", "1"), 0);
  EXPECT_EQ(below("callwright_monitor_run_duration_seconds_bucket", "2.5"), 1);
  EXPECT_EQ(below("callwright_monitor_run_duration_seconds_bucket", "300"), 1);
  EXPECT_EQ(below("callwright_monitor_run_duration_seconds_bucket", "+Inf"), 2);
  EXPECT_EQ(seen.value("callwright_monitor_run_duration_seconds_sum", kOffice), 362.5);
  EXPECT_EQ(below("callwright_call_mos_bucket", "4.2"), 0);
  EXPECT_EQ(below("callwright_call_mos_bucket", "4.4"), 1);
  const Labels busy{{"monitor", "office"}, {"scenario", "busy"}};
  EXPECT_EQ(below("callwright_scenario_duration_seconds_bucket", "0.5", busy), 0);
  EXPECT_EQ(below("callwright_scenario_duration_seconds_bucket", "1", busy), 1);
  EXPECT_EQ(seen.value("callwright_scenario_duration_seconds_sum", busy), 0.8);
}

TEST(MonitorMetrics, escapes_label_values) {
  MonitorMetrics metrics;
  MonitorResult result = passed_run();
  result.monitor = "a\\b";
  result.scenarios.front().name = "says \"hi\"\nand, {goes} \u00e9";
  metrics.add(result);
  EXPECT_THAT(metrics.text(), HasSubstr("ringo_scenario_last_success{monitor=\"a\\\\b\",scenario=\"says \\\"hi\\\"\\nand, {goes} \u00e9\"} 1\n"));
  EXPECT_EQ(Exposition(metrics.text()).value("ringo_scenario_last_success", {{"monitor", "a\\b"}, {"scenario", result.scenarios.front().name}}), 1);
}

TEST(MonitorMetrics, never_tells_what_is_no_number) {
  MonitorMetrics metrics;
  MonitorResult result = passed_run();
  MonitoredAgent& agent = result.scenarios.front().agents.front();
  agent.mos = std::numeric_limits<double>::quiet_NaN();
  agent.jitter_ms = std::numeric_limits<double>::infinity();
  result.scenarios.front().duration_ms = std::numeric_limits<double>::quiet_NaN();
  metrics.add(result);
  const Exposition seen(metrics.text());
  EXPECT_EQ(seen.count("ringo_call_mos") + seen.count("ringo_call_jitter_ms"), 0U);
  EXPECT_EQ(seen.value("callwright_call_mos_count", kOffice), 0);
  EXPECT_THAT(metrics.text(), Not(HasSubstr("nan")));
}

TEST(MonitorMetrics, joins_scenarios_of_one_name) {
  MonitorMetrics metrics;
  MonitorResult result = passed_run();
  result.scenarios.push_back({"busy", false, 10, "no tone", {{"A", false, 1.0, {}, {}, {}}}});
  result.scenarios.push_back({"busy", true, 10, "", {}});
  metrics.add(result);
  const Exposition seen(metrics.text());
  EXPECT_EQ(seen.value("ringo_scenario_last_success", {{"monitor", "office"}, {"scenario", "busy"}}), 0);
  EXPECT_EQ(seen.value("ringo_call_mos", {{"monitor", "office"}, {"scenario", "busy"}, {"agent", "A"}}), 1);
  EXPECT_EQ(seen.value("callwright_scenario_duration_seconds_count", {{"monitor", "office"}, {"scenario", "busy"}}), 3);
}

TEST(MonitorMetrics, counts_what_was_skipped_and_what_is_running) {
  MonitorMetrics metrics;
  metrics.skipped("office");
  metrics.skipped("office");
  metrics.set_running("office", 1);
  metrics.set_running("home", 2);
  metrics.set_running("home", 0);
  const Exposition seen(metrics.text());
  EXPECT_EQ(seen.value("callwright_monitor_skipped_total", kOffice), 2);
  EXPECT_EQ(seen.value("callwright_monitor_running", kOffice), 1);
  EXPECT_EQ(seen.value("callwright_monitor_running", {{"monitor", "home"}}), 0);
}

TEST(MonitorMetrics, keeps_only_monitors_that_are_named) {
  MonitorMetrics metrics;
  metrics.add(passed_run());
  metrics.skipped("home");
  metrics.keep_only({"office"});
  EXPECT_THAT(metrics.text(), Not(HasSubstr("home")));
  EXPECT_EQ(Exposition(metrics.text()).value("ringo_monitor_last_success", kOffice), 1);
  metrics.keep_only({});
  EXPECT_EQ(metrics.text(), "");
}

TEST(MonitorMetrics, has_an_end_where_names_change_with_each_run) {
  MonitorMetrics metrics;
  MonitorResult result = passed_run();
  for (std::size_t number = 0; number <= MonitorFold::kMaxScenarios; ++number) {
    result.scenarios.front().name = fmt::format("at {}", number);
    metrics.add(result);
  }
  EXPECT_EQ(Exposition(metrics.text()).count("callwright_scenario_duration_seconds_count"), 1U);
}

}  // namespace
}  // namespace callwright::verify
