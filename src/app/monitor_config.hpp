#pragma once

#include "app/time_zone.hpp"
#include "base/log.hpp"
#include "base/result.hpp"
#include "base/socket_address.hpp"
#include "net/http_client.hpp"
#include "net/mail_client.hpp"
#include "verify/monitor/alert.hpp"
#include "verify/monitor/cron_schedule.hpp"

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace callwright::app {

/// What becomes of a start while the run before is not over.
enum class Overlap : std::uint8_t {
  Queue,     ///< One waits; more are counted as skipped.
  Skip,      ///< It is counted as skipped.
  Parallel,  ///< Both run.
};

/// A `[[monitor]]` table.
struct MonitorPlan {
  std::string name;
  std::string path;  ///< A test file, or a folder of them; absolute.
  std::string schedule_text;
  std::optional<verify::CronSchedule> schedule;  ///< Nothing: it runs only when it is asked to.
  TimeZone zone;                                 ///< By whose clocks.
  std::chrono::milliseconds timeout{0};
  std::vector<std::string> env_files;  ///< Absolute.
  std::string scenario;
  std::vector<std::string> tags;
  std::vector<std::string> exclude_tags;
  std::vector<std::string> set;  ///< "NAME=VALUE"
  Overlap overlap = Overlap::Queue;
  int retries = 0;
  bool exchange = false;
};

enum class AlertKind : std::uint8_t { Webhook, Slack, Teams, Email };

/// An `[[alert]]` table.
struct AlertPlan {
  AlertKind kind = AlertKind::Webhook;
  std::vector<std::string> monitors;  ///< Empty: all.
  verify::AlertState::Rule rule;
  net::HttpUrl url;    ///< Of all but e-mail.
  std::string secret;  ///< Signs what a webhook gets; "": nothing does.
  net::MailClient::Settings mail;
  std::string from;
  std::vector<std::string> to;
};

/// What `callwright monitor` is told by its file.
struct MonitorConfig {
  base::SocketAddress listen = base::SocketAddress::parse("127.0.0.1:9090").value();
  std::string binary;  ///< What runs the tests; "": this program.
  std::chrono::milliseconds timeout{300'000};
  bool scheduler = true;
  std::size_t workers = 4;        ///< Runs at a time, of all monitors.
  std::string history;            ///< "": in memory.
  std::size_t keep = 1'000;       ///< Runs of each monitor in the history.
  std::string artifacts;          ///< A folder for what failed runs leave; "": they leave nothing.
  std::size_t keep_reports = 20;  ///< Of each monitor.
  std::string public_url;         ///< Under which others reach the pages, for links in alerts; "": as listened on.
  std::string token;              ///< "": no token is asked for.
  bool metrics = true;
  std::string metrics_token;
  std::vector<MonitorPlan> monitors;
  std::vector<AlertPlan> alerts;
  std::vector<std::string> warnings;  ///< Of keys that are not known.
};

/// Looks up a variable of the environment; nothing when it is not set.
using Lookup = std::function<std::optional<std::string>(const std::string& name)>;

/// What a flag or a variable says instead of the file.
struct MonitorOverride {
  std::string origin;  ///< For errors: "--listen", "CALLWRIGHT_MONITOR_LISTEN".
  std::string key;     ///< "listen", "port", "timeout", "scheduler", "metrics", "binary", "token" or "metrics_token".
  std::string text;
};

/// Reads `text`, a TOML document that is at `file`, from whose folder its paths are seen. Keys and defaults: docs/testing/monitoring.md. Errors:
/// InvalidArgument; all that is wrong is told in one, a line each with its place.
base::Result<MonitorConfig> blocking_read_monitor_config(std::string_view text, const std::string& file, const Lookup& lookup,
                                                         const std::vector<MonitorOverride>& overrides);

}  // namespace callwright::app
