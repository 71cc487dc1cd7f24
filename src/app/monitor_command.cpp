#include "app/monitor_command.hpp"

#include "app/monitor_pages.hpp"
#include "app/monitor_service.hpp"
#include "base/json.hpp"
#include "base/log.hpp"
#include "base/time_text.hpp"
#include "net/engine_loop.hpp"
#include "verify/run/duration_text.hpp"

#include <boost/asio/signal_set.hpp>

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cctype>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <iterator>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include <unistd.h>

namespace callwright::app {
namespace {

constexpr int kCannotStart = 1;
constexpr int kUsage = 2;

/// A flag that says what the file may say as well.
struct Setting {
  const char* flag;
  const char* key;
  const char* help;
};
constexpr std::array kSettings = {
    Setting{"--listen", "listen", "Address and port of the pages (default 127.0.0.1:9090)"},
    Setting{"--port", "port", "Port alone; 0: any free one"},
    Setting{"--timeout", "timeout", "Of a run, for monitors without one of their own (default 300s)"},
    Setting{"--scheduler", "scheduler", "true, or false: monitors run only when they are asked to"},
    Setting{"--metrics", "metrics", "true, or false: there is no /metrics"},
    Setting{"--binary", "binary", "What runs the tests (default: this program)"},
};
/// Of variables alone: a command line is for all to see.
constexpr std::array kSecrets = {Setting{"", "token", ""}, Setting{"", "metrics_token", ""}};

std::optional<std::string> variable(const std::string& name) {
  const char* const value = std::getenv(name.c_str());
  return value == nullptr ? std::nullopt : std::optional<std::string>(value);
}

/// CALLWRIGHT_MONITOR_KEY, or the name that older set-ups use.
std::optional<MonitorOverride> from_environment(const std::string& key) {
  std::string upper = key;
  std::transform(upper.begin(), upper.end(), upper.begin(), [](unsigned char letter) { return static_cast<char>(std::toupper(letter)); });
  for (const char* const prefix : {"CALLWRIGHT_MONITOR_", "RINGO_FLOW_SERVE_"}) {
    const std::string name = prefix + upper;
    if (const auto value = variable(name)) {
      return MonitorOverride{name, key, *value};
    }
  }
  return std::nullopt;
}

struct Flags {
  std::string file;
  std::array<std::string, kSettings.size()> values;
  std::string log_level;
  std::string log_format;
  bool check = false;
};

/// A later one counts: flags stand behind variables, and the port behind the address.
std::vector<MonitorOverride> overrides_of(const Flags& flags) {
  std::vector<MonitorOverride> overrides;
  const auto add = [&overrides](const char* key) {
    if (auto given = from_environment(key)) {
      overrides.push_back(std::move(*given));
    }
  };
  for (const Setting& setting : kSettings) {
    add(setting.key);
  }
  for (const Setting& setting : kSecrets) {
    add(setting.key);
  }
  for (std::size_t index = 0; index < kSettings.size(); ++index) {
    if (!flags.values[index].empty()) {
      overrides.push_back({kSettings[index].flag, kSettings[index].key, flags.values[index]});
    }
  }
  return overrides;
}

base::Result<MonitorConfig> blocking_read(const Flags& flags) {
  std::ifstream stream(flags.file, std::ios::binary);
  const std::string text(std::istreambuf_iterator<char>(stream), {});
  if (!stream) {
    return base::Error(base::Errc::NotFound, flags.file + ": cannot be read; check the path and its permissions\n");
  }
  return blocking_read_monitor_config(text, flags.file, variable, overrides_of(flags));
}

void json_line(base::log::Level level, std::string_view line) {
  constexpr std::array<std::string_view, 6> kNames = {"trace", "debug", "info", "warn", "error", "off"};
  const auto now = std::chrono::time_point_cast<base::WallTime::duration>(std::chrono::system_clock::now());
  std::string text = fmt::format("{{\"ts\":\"{}\",\"level\":\"{}\",\"message\":", base::to_text(now), kNames[static_cast<std::size_t>(level)]);
  base::append_json_string(text, line);
  text += "}\n";
  std::fputs(text.c_str(), stderr);
}

/// False when a word is not known.
bool set_up_log(const Flags& flags) {
  const auto value = [](const std::string& flag, const char* key, const char* otherwise) {
    const auto given = flag.empty() ? from_environment(key) : std::nullopt;
    return !flag.empty() ? flag : given ? given->text : std::string(otherwise);
  };
  base::log::Level level = base::log::Level::Info;
  const std::string format = value(flags.log_format, "log_format", "text");
  if (!base::log::parse_level(value(flags.log_level, "log_level", "info"), level) || (format != "text" && format != "json")) {
    std::fprintf(stderr, "callwright monitor: --log-level is one of trace, debug, info, warn, error and off, --log-format text or json\n");
    return false;
  }
  base::log::set_level(level);
  if (format == "json") {
    base::log::set_sink(json_line);
  }
  return true;
}

/// The process from its start to its end.
class Monitoring {
 public:
  Monitoring(const Flags& flags, MonitorConfig config)
      : flags_(flags), config_(std::move(config)), loop_({.name = "monitor"}), signals_(loop_.context(), SIGINT, SIGTERM, SIGHUP) {}

  int blocking_run() {
    auto service = MonitorService::blocking_create(loop_, config_);
    if (!service) {
      return cannot_start(service.error().message());
    }
    service_ = std::move(*service);
    MonitorPages pages(loop_, *service_);
    const auto address = pages.listen(config_.listen);
    if (!address) {
      return cannot_start(address.error().message());
    }
    tell_warnings(config_);
    if (!config_.listen.ip.is_loopback() && config_.token.empty()) {
      base::log::warn("others can read these pages: the file sets no token; they cannot start runs", {{"listen", address->to_string()}});
    }
    wait_for_signal();
    service_->start();
    pages.start();
    std::printf("listening http http://%s\n", address->to_string().c_str());
    std::printf("ready: %s\n", verify::counted(config_.monitors.size(), "monitor").c_str());
    std::fflush(stdout);
    loop_.run();
    pages.blocking_stop();
    std::printf("stopped\n");
    return 0;
  }

 private:
  static int cannot_start(const std::string& reason) {
    std::fprintf(stderr, "callwright monitor: cannot start: %s\n", reason.c_str());
    return kCannotStart;
  }

  static void tell_warnings(const MonitorConfig& config) {
    for (const std::string& warning : config.warnings) {
      base::log::warn("a key of the file is not known", {{"where", warning}});
    }
  }

  void wait_for_signal() {
    signals_.async_wait([this](const boost::system::error_code& error, int signal) {
      if (error) {
        return;
      }
      if (signal == SIGHUP) {
        blocking_reload();
      } else if (std::exchange(stopping_, true)) {
        loop_.stop();
        return;
      } else {
        std::printf("stopping: runs hang up and end; once more to end now\n");
        std::fflush(stdout);
        service_->stop([this] { loop_.stop(); });
      }
      wait_for_signal();
    });
  }

  void blocking_reload() {
    auto config = blocking_read(flags_);
    if (!config) {
      base::log::error("the file was not read again; what it said before stays in force", {{"reason", config.error().message()}});
      return;
    }
    tell_warnings(*config);
    if (config->listen != config_.listen || config->history != config_.history || config->keep != config_.keep) {
      base::log::warn("listen, history and keep are taken over by a restart only", {});
    }
    if (const auto taken = service_->blocking_reload(*config); !taken) {
      base::log::error("the file was not taken over; what it said before stays in force", {{"reason", taken.error().message()}});
      return;
    }
    base::log::info("the file was read again", {{"monitors", config->monitors.size()}});
  }

  const Flags& flags_;
  const MonitorConfig config_;
  net::EngineLoop loop_;
  boost::asio::signal_set signals_;
  std::unique_ptr<MonitorService> service_;
  bool stopping_ = false;
};

int monitor(const Flags& flags) {
  std::signal(SIGPIPE, SIG_IGN);
  if (!set_up_log(flags)) {
    return kUsage;
  }
  auto config = blocking_read(flags);
  if (!config) {
    std::fprintf(stderr, "%s", config.error().message().c_str());
    return kCannotStart;
  }
  if (flags.check) {
    std::for_each(config->warnings.begin(), config->warnings.end(), [](const std::string& warning) { std::fprintf(stderr, "%s\n", warning.c_str()); });
    std::printf("%s: fine, %s\n", flags.file.c_str(), verify::counted(config->monitors.size(), "monitor").c_str());
    return 0;
  }
  return Monitoring(flags, std::move(*config)).blocking_run();
}

}  // namespace

void add_monitor_command(CLI::App& app, int& status) {
  CLI::App* const command = app.add_subcommand("monitor", "Run tests by schedule and on request, and tell when they begin to fail");
  const auto flags = std::make_shared<Flags>();
  command->add_option("FILE", flags->file, "What is watched (TOML)")->required();
  for (std::size_t index = 0; index < kSettings.size(); ++index) {
    command->add_option(kSettings[index].flag, flags->values[index], kSettings[index].help);
  }
  command->add_option("--log-level", flags->log_level, "trace, debug, info, warn, error or off (default info)");
  command->add_option("--log-format", flags->log_format, "text or json (default text)");
  command->add_flag("--check", flags->check, "Read the file, say what is wrong with it, and do nothing else");
  command->footer(
      "Each of these is a variable as well: CALLWRIGHT_MONITOR_LISTEN=0.0.0.0:9090; tokens are variables only: CALLWRIGHT_MONITOR_TOKEN,\n"
      "CALLWRIGHT_MONITOR_METRICS_TOKEN. SIGHUP reads the file again.\n"
      "Examples:\n  callwright monitor monitor.toml\n  callwright monitor monitor.toml --check\n  curl -X POST http://127.0.0.1:9090/run/office");
  command->callback([&status, flags] { status = monitor(*flags); });
}

}  // namespace callwright::app
