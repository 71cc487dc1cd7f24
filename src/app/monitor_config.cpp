#include "app/monitor_config.hpp"

#include "base/similar_text.hpp"
#include "verify/run/duration_text.hpp"

#include <fmt/format.h>
#include <toml++/toml.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <filesystem>
#include <initializer_list>
#include <span>

namespace callwright::app {
namespace {

using base::Errc;
using base::Error;
using base::Result;

constexpr std::array kTopKeys = {"listen",    "binary",       "timeout",    "scheduler", "workers", "history", "keep",
                                 "artifacts", "keep_reports", "public_url", "token",     "metrics", "monitor", "alert"};
constexpr std::array kMonitorKeys = {"name", "path",         "schedule", "timeout", "env_file", "scenario",
                                     "tags", "exclude_tags", "set",      "overlap", "retries",  "exchange"};
constexpr std::array kAlertKeys = {"kind", "monitors", "after", "remind", "url", "secret", "server", "user", "password", "ca_file", "from", "to"};
constexpr std::array kMetricsKeys = {"enabled", "bearer_token"};

/// A table, as it is read key by key; what is wrong goes to the reader of the file.
class TableReader {
 public:
  using Complain = std::function<void(const toml::node& where, const std::string& text)>;

  TableReader(const toml::table& table, std::string where, Complain complain, const Lookup& lookup)
      : table_(table), where_(std::move(where)), complain_(std::move(complain)), lookup_(lookup) {}

  [[nodiscard]] bool has(std::string_view key) const { return table_.get(key) != nullptr; }

  void text(std::string_view key, std::string& out) const {
    if (const toml::node* const node = table_.get(key)) {
      const auto value = node->value_exact<std::string>();
      value ? void(out = *value) : wrong(*node, key, "expected a text");
    }
  }
  /// One that may stand in a variable of the environment: "env:NAME".
  void secret(std::string_view key, std::string& out) const {
    text(key, out);
    constexpr std::string_view kPrefix = "env:";
    if (!out.starts_with(kPrefix)) {
      return;
    }
    const std::string name = out.substr(kPrefix.size());
    const auto value = lookup_(name);
    out = value.value_or("");
    if (!value) {
      wrong(*table_.get(key), key, "the environment has no variable " + name);
    }
  }
  void flag(std::string_view key, bool& out) const {
    if (const toml::node* const node = table_.get(key)) {
      const auto value = node->value_exact<bool>();
      value ? void(out = *value) : wrong(*node, key, "expected true or false");
    }
  }
  template <class Number>
  void number(std::string_view key, Number& out, std::int64_t least, std::int64_t most) const {
    if (const toml::node* const node = table_.get(key)) {
      const auto value = node->value_exact<std::int64_t>();
      if (value && *value >= least && *value <= most) {
        out = static_cast<Number>(*value);
      } else {
        wrong(*node, key, fmt::format("expected a number from {} to {}", least, most));
      }
    }
  }
  void duration(std::string_view key, std::chrono::milliseconds& out) const {
    if (const toml::node* const node = table_.get(key)) {
      const auto value = node->value_exact<std::string>();
      const auto parsed = verify::parse_duration(value.value_or(""));
      parsed && parsed->count() > 0 ? void(out = *parsed) : wrong(*node, key, "expected a duration such as \"30s\" or \"5m\"");
    }
  }
  /// A list, or one text as a list of one.
  void texts(std::string_view key, std::vector<std::string>& out) const {
    const toml::node* const node = table_.get(key);
    if (node == nullptr) {
      return;
    }
    if (const auto one = node->value_exact<std::string>()) {
      out = {*one};
      return;
    }
    const toml::array* const array = node->as_array();
    if (array == nullptr || !std::all_of(array->begin(), array->end(), [](const toml::node& element) { return element.is_string(); })) {
      wrong(*node, key, "expected texts: [\"a\", \"b\"]");
      return;
    }
    out.clear();
    for (const toml::node& element : *array) {
      out.push_back(*element.value_exact<std::string>());
    }
  }
  void wrong(const toml::node& node, std::string_view key, const std::string& text) const { complain_(node, fmt::format("{}{}: {}", where_, key, text)); }
  void wrong(std::string_view key, const std::string& text) const {
    const toml::node* const node = table_.get(key);
    complain_(node == nullptr ? static_cast<const toml::node&>(table_) : *node, fmt::format("{}{}: {}", where_, key, text));
  }

 private:
  const toml::table& table_;
  const std::string where_;
  const Complain complain_;
  const Lookup& lookup_;
};

class Reader {
 public:
  Reader(const std::string& file, const Lookup& lookup, const std::vector<MonitorOverride>& overrides)
      : file_(file), folder_(std::filesystem::absolute(file).parent_path()), lookup_(lookup), overrides_(overrides) {}

  Result<MonitorConfig> read(std::string_view text) {
    try {
      const toml::table document = toml::parse(text, file_);
      read_top(document);
      std::for_each(overrides_.begin(), overrides_.end(), [this](const MonitorOverride& given) { apply(given); });
      read_tables(document, "monitor", [this](const toml::table& table) { read_monitor(table); });
      read_tables(document, "alert", [this](const toml::table& table) { read_alert(table); });
      look_for_conflicts(document);
    } catch (const toml::parse_error& error) {
      return Error(Errc::InvalidArgument, fmt::format("{}:{}:{}: {}\n", file_, error.source().begin.line, error.source().begin.column, error.description()));
    }
    if (!problems_.empty()) {
      return Error(Errc::InvalidArgument, problems_);
    }
    return std::move(config_);
  }

 private:
  void complain(const toml::node& node, const std::string& text) { problems_ += fmt::format("{}:{}: {}\n", file_, node.source().begin.line, text); }

  TableReader reader(const toml::table& table, std::string where) {
    return {table, std::move(where), [this](const toml::node& node, const std::string& text) { complain(node, text); }, lookup_};
  }

  /// A key that is not known does no harm: files of other versions go on working.
  void look_at_keys(const toml::table& table, const std::string& where, std::span<const char* const> known) {
    constexpr std::size_t kMostChanges = 3;
    for (const auto& [key, node] : table) {
      const std::string name(key.str());
      if (std::find(known.begin(), known.end(), name) != known.end()) {
        continue;
      }
      const auto near = base::most_similar(known.begin(), known.end(), name, kMostChanges, [](const char* one) { return std::string(one); });
      const std::string hint = near == known.end() ? "" : fmt::format(" (did you mean {}?)", *near);
      config_.warnings.push_back(fmt::format("{}:{}: {}{}: unknown key, which does nothing{}", file_, key.source().begin.line, where, name, hint));
    }
  }

  template <class Read>
  void read_tables(const toml::table& document, std::string_view name, Read read) {
    const toml::node* const node = document.get(name);
    if (node == nullptr) {
      return;
    }
    const toml::array* const tables = node->as_array();
    if (tables == nullptr || !tables->is_homogeneous(toml::node_type::table)) {
      complain(*node, fmt::format("{}: expected tables: [[{}]]", name, name));
      return;
    }
    for (const toml::node& table : *tables) {
      read(*table.as_table());
    }
  }

  [[nodiscard]] std::string place(const std::string& path) const { return path.empty() ? path : (folder_ / path).lexically_normal().string(); }

  void read_top(const toml::table& document) {
    look_at_keys(document, "", kTopKeys);
    const TableReader top = reader(document, "");
    std::string listen = config_.listen.to_string();
    top.text("listen", listen);
    if (const auto address = base::SocketAddress::parse(listen)) {
      config_.listen = *address;
    } else {
      top.wrong("listen", "expected an address and a port such as \"127.0.0.1:9090\"");
    }
    top.text("binary", config_.binary);
    top.duration("timeout", config_.timeout);
    top.flag("scheduler", config_.scheduler);
    top.number("workers", config_.workers, 1, 1'000);
    top.text("history", config_.history);
    config_.history = place(config_.history);
    top.number("keep", config_.keep, 1, 1'000'000);
    top.text("artifacts", config_.artifacts);
    config_.artifacts = place(config_.artifacts);
    top.number("keep_reports", config_.keep_reports, 1, 10'000);
    top.text("public_url", config_.public_url);
    if (!config_.public_url.empty() && !net::HttpUrl::parse(config_.public_url)) {
      top.wrong("public_url", "expected a URL such as \"https://monitor.example.com\"");
    }
    top.secret("token", config_.token);
    if (const toml::table* const metrics = document["metrics"].as_table()) {
      look_at_keys(*metrics, "metrics.", kMetricsKeys);
      const TableReader table = reader(*metrics, "metrics.");
      table.flag("enabled", config_.metrics);
      table.secret("bearer_token", config_.metrics_token);
    }
  }

  void apply(const MonitorOverride& given) {
    const auto wrong = [this, &given](std::string_view expected) { problems_ += fmt::format("{}: expected {}\n", given.origin, expected); };
    const auto take_flag = [&](bool& out) { given.text == "true" || given.text == "false" ? void(out = given.text == "true") : wrong("true or false"); };
    if (given.key == "listen") {
      const auto address = base::SocketAddress::parse(given.text);
      address ? void(config_.listen = *address) : wrong("an address and a port such as 127.0.0.1:9090");
    } else if (given.key == "port") {
      unsigned port = 0;
      const auto [end, failure] = std::from_chars(given.text.data(), given.text.data() + given.text.size(), port);
      const bool fine = failure == std::errc() && end == given.text.data() + given.text.size() && port <= 65'535;
      fine ? void(config_.listen.port = static_cast<std::uint16_t>(port)) : wrong("a port from 0 to 65535");
    } else if (given.key == "timeout") {
      const auto timeout = verify::parse_duration(given.text);
      timeout && timeout->count() > 0 ? void(config_.timeout = *timeout) : wrong("a duration such as 30s or 5m");
    } else if (given.key == "scheduler") {
      take_flag(config_.scheduler);
    } else if (given.key == "metrics") {
      take_flag(config_.metrics);
    } else if (given.key == "binary") {
      config_.binary = given.text;
    } else if (given.key == "token") {
      config_.token = given.text;
    } else if (given.key == "metrics_token") {
      config_.metrics_token = given.text;
    }
  }

  static void read_schedule(const TableReader& from, MonitorPlan& plan) {
    auto schedule = verify::CronSchedule::parse(plan.schedule_text);
    if (!schedule) {
      return from.wrong("schedule", schedule.error().message());
    }
    if (!schedule->zone().empty()) {
      const auto zone = TimeZone::blocking_find(schedule->zone());
      if (!zone) {
        return from.wrong("schedule", zone.error().message());
      }
      plan.zone = *zone;
    }
    plan.schedule = std::move(*schedule);
  }

  void read_monitor(const toml::table& table) {
    look_at_keys(table, "monitor.", kMonitorKeys);
    const TableReader from = reader(table, "monitor.");
    MonitorPlan plan;
    plan.timeout = config_.timeout;
    from.text("name", plan.name);
    from.text("path", plan.path);
    from.text("schedule", plan.schedule_text);
    from.duration("timeout", plan.timeout);
    from.texts("env_file", plan.env_files);
    from.text("scenario", plan.scenario);
    from.texts("tags", plan.tags);
    from.texts("exclude_tags", plan.exclude_tags);
    from.texts("set", plan.set);
    from.number("retries", plan.retries, 0, 100);
    from.flag("exchange", plan.exchange);
    read_overlap(from, plan);
    if (!plan.schedule_text.empty()) {
      read_schedule(from, plan);
    }
    const auto same = [&plan](const MonitorPlan& other) { return other.name == plan.name; };
    if (plan.name.empty()) {
      from.wrong("name", "a monitor needs one");
    } else if (std::any_of(config_.monitors.begin(), config_.monitors.end(), same)) {
      from.wrong("name", fmt::format("\"{}\" is there twice", plan.name));
    }
    plan.path = place(plan.path);
    if (plan.path.empty() || !std::filesystem::exists(plan.path)) {
      from.wrong("path", plan.path.empty() ? "a monitor needs a test file, or a folder of them" : fmt::format("there is no {}", plan.path));
    }
    for (std::string& file : plan.env_files) {
      file = place(file);
      if (!std::filesystem::exists(file)) {
        from.wrong("env_file", fmt::format("there is no {}", file));
      }
    }
    config_.monitors.push_back(std::move(plan));
  }

  static void read_overlap(const TableReader& from, MonitorPlan& plan) {
    std::string overlap = "queue";
    from.text("overlap", overlap);
    if (overlap == "queue" || overlap == "skip" || overlap == "parallel") {
      plan.overlap = overlap == "queue" ? Overlap::Queue : overlap == "skip" ? Overlap::Skip : Overlap::Parallel;
    } else {
      from.wrong("overlap", "expected \"queue\", \"skip\" or \"parallel\"");
    }
  }

  void read_alert(const toml::table& table) {
    look_at_keys(table, "alert.", kAlertKeys);
    const TableReader from = reader(table, "alert.");
    AlertPlan plan;
    std::string kind;
    from.text("kind", kind);
    from.texts("monitors", plan.monitors);
    from.number("after", plan.rule.after, 1, 1'000);
    from.duration("remind", plan.rule.remind);
    constexpr std::array<std::pair<std::string_view, AlertKind>, 4> kKinds = {
        {{"webhook", AlertKind::Webhook}, {"slack", AlertKind::Slack}, {"teams", AlertKind::Teams}, {"email", AlertKind::Email}}};
    const auto found = std::find_if(kKinds.begin(), kKinds.end(), [&kind](const auto& known) { return known.first == kind; });
    if (found == kKinds.end()) {
      from.wrong("kind", "expected \"webhook\", \"slack\", \"teams\" or \"email\"");
      return;
    }
    plan.kind = found->second;
    plan.kind == AlertKind::Email ? read_mail(from, plan) : read_url(from, plan);
    config_.alerts.push_back(std::move(plan));
  }

  static void read_url(const TableReader& from, AlertPlan& plan) {
    std::string url;
    from.secret("url", url);
    from.secret("secret", plan.secret);
    if (auto parsed = net::HttpUrl::parse(url)) {
      plan.url = std::move(*parsed);
    } else {
      from.wrong("url", parsed.error().message());
    }
    if (!plan.url.text.empty() && !plan.url.secure && !plan.url.loopback) {
      from.wrong("url", "what is told would cross the network in clear; use https:, or http: to a program on this machine");
    }
  }

  static bool is_mail_address(std::string_view text) {
    const std::size_t at = text.find('@');
    return at != std::string_view::npos && at > 0 && at + 1 < text.size() && text.find('@', at + 1) == std::string_view::npos &&
           std::all_of(text.begin(), text.end(),
                       [](unsigned char character) { return character > ' ' && character < 127 && character != '<' && character != '>'; });
  }

  void read_mail(const TableReader& from, AlertPlan& plan) {
    from.text("server", plan.mail.url);
    from.text("user", plan.mail.user);
    from.secret("password", plan.mail.password);
    from.text("ca_file", plan.mail.ca_file);
    plan.mail.ca_file = place(plan.mail.ca_file);
    from.text("from", plan.from);
    from.texts("to", plan.to);
    if (const auto fine = net::MailClient::check_url(plan.mail.url); !fine) {
      from.wrong("server", fine.error().message());
    }
    if (!is_mail_address(plan.from)) {
      from.wrong("from", "expected an address such as \"callwright@example.com\"");
    }
    if (plan.to.empty() || !std::all_of(plan.to.begin(), plan.to.end(), is_mail_address)) {
      from.wrong("to", "expected addresses such as [\"ops@example.com\"]");
    }
  }

  void look_for_conflicts(const toml::table& document) {
    if (config_.monitors.empty() && problems_.empty()) {
      complain(document, "there is no monitor: add a [[monitor]] table with name and path");
    }
    for (const AlertPlan& alert : config_.alerts) {
      for (const std::string& name : alert.monitors) {
        const bool known = std::any_of(config_.monitors.begin(), config_.monitors.end(), [&name](const MonitorPlan& plan) { return plan.name == name; });
        if (!known) {
          complain(document, fmt::format("alert.monitors: there is no monitor \"{}\"", name));
        }
      }
    }
  }

  const std::string file_;
  const std::filesystem::path folder_;
  const Lookup& lookup_;
  const std::vector<MonitorOverride>& overrides_;
  MonitorConfig config_;
  std::string problems_;
};

}  // namespace

Result<MonitorConfig> blocking_read_monitor_config(std::string_view text, const std::string& file, const Lookup& lookup,
                                                   const std::vector<MonitorOverride>& overrides) {
  return Reader(file, lookup, overrides).read(text);
}

}  // namespace callwright::app
