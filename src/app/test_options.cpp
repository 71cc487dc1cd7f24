#include "app/test_options.hpp"

#include "app/script_exchange.hpp"
#include "base/similar_text.hpp"
#include "net/impairment.hpp"
#include "verify/run/duration_text.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <string_view>

namespace callwright::app {
namespace {

using base::Errc;
using base::Error;
using base::Result;

constexpr std::array<std::pair<std::string_view, ReportKind>, 6> kReporters{{{"human", ReportKind::Human},
                                                                             {"json", ReportKind::Json},
                                                                             {"junit", ReportKind::Junit},
                                                                             {"tap", ReportKind::Tap},
                                                                             {"github", ReportKind::Github},
                                                                             {"html", ReportKind::Html}}};
constexpr std::array<std::string_view, 3> kTraces{"on", "retain-on-failure", "off"};
constexpr std::array<std::string_view, 4> kLanguages{"js", "ts", "rhai", "test"};
constexpr std::array<std::string_view, 5> kTestEndings{".js", ".mjs", ".ts", ".rhai", ".test"};

/// One of `words`, or an error that lists them with the nearest.
template <class Words>
Result<void> check_word(std::string_view option, std::string_view word, const Words& words) {
  if (std::find(words.begin(), words.end(), word) != words.end()) {
    return base::ok();
  }
  constexpr std::size_t kMostChanges = 2;
  const auto near = base::most_similar(words.begin(), words.end(), word, kMostChanges, [](std::string_view each) { return each; });
  const std::string meant = near == words.end() ? "" : fmt::format("; did you mean {}?", *near);
  return Error(Errc::InvalidArgument, fmt::format("{}: \"{}\" is none of {}{}", option, word, fmt::join(words, ", "), meant));
}

Result<ReportTarget> read_reporter(const std::string& text, const std::string& artifacts) {
  const std::size_t equals = text.find('=');
  const std::string name = text.substr(0, equals);
  std::array<std::string_view, kReporters.size()> names;
  std::transform(kReporters.begin(), kReporters.end(), names.begin(), [](const auto& entry) { return entry.first; });
  if (const auto known = check_word("--reporter", name, names); !known) {
    return known.error();
  }
  const auto* const found = std::find_if(kReporters.begin(), kReporters.end(), [&](const auto& entry) { return entry.first == name; });
  std::string file = equals == std::string::npos ? "" : text.substr(equals + 1);
  if (equals != std::string::npos && file.empty()) {
    return Error(Errc::InvalidArgument, fmt::format("--reporter: \"{}\" names no file; leave out the = for standard output", text));
  }
  if (file.empty() && found->second == ReportKind::Html) {
    file = artifacts + "/report.html";
  }
  if (!file.empty() && found->second == ReportKind::Human) {
    return Error(Errc::InvalidArgument, "--reporter: human is for the terminal; write the output of the command to a file instead");
  }
  return ReportTarget{found->second, file};
}

/// What goes to standard output is of one kind; annotations go along with what people read.
Result<void> check_outputs(const std::vector<ReportTarget>& reports) {
  const auto takes_output = [](const ReportTarget& report) { return report.file.empty() && report.kind != ReportKind::Github; };
  if (std::count_if(reports.begin(), reports.end(), takes_output) > 1) {
    return Error(Errc::InvalidArgument, "--reporter: two of them would write to standard output; give one a file, such as junit=report.xml");
  }
  return base::ok();
}

Result<void> read_reports(TestOptions& options, bool github_actions) {
  std::vector<std::string> wanted = options.flags.reporters;
  if (options.flags.json) {
    wanted.insert(wanted.begin(), "json");
  }
  for (const std::string& text : wanted) {
    const auto report = read_reporter(text, options.flags.artifacts);
    if (!report) {
      return report.error();
    }
    options.reports.push_back(*report);
  }
  if (auto checked = check_outputs(options.reports); !checked) {
    return checked;
  }
  const bool free = std::none_of(options.reports.begin(), options.reports.end(),
                                 [](const ReportTarget& report) { return report.file.empty() && report.kind != ReportKind::Github; });
  if (free) {
    options.reports.insert(options.reports.begin(), {ReportKind::Human, ""});
  }
  if (github_actions && options.mode == TestMode::Run && !options.has_report(ReportKind::Github)) {
    options.reports.push_back({ReportKind::Github, ""});
  }
  return base::ok();
}

Result<Shard> read_shard(const std::string& text) {
  Shard shard;
  if (text.empty()) {
    return shard;
  }
  const char* const last = text.data() + text.size();
  const auto [slash, index_error] = std::from_chars(text.data(), last, shard.index);
  const bool has_slash = index_error == std::errc() && slash != last && *slash == '/';
  const auto [end, count_error] = std::from_chars(has_slash ? slash + 1 : last, last, shard.count);
  if (!has_slash || count_error != std::errc() || end != last || shard.index == 0 || shard.index > shard.count) {
    return Error(Errc::InvalidArgument, fmt::format("--shard: \"{}\" is not INDEX/COUNT, such as 1/3, 2/3 and 3/3", text));
  }
  return shard;
}

Result<void> read_variables(TestOptions& options) {
  for (const std::string& text : options.flags.set) {
    const std::size_t equals = text.find('=');
    if (equals == std::string::npos || equals == 0) {
      return Error(Errc::InvalidArgument, fmt::format("--set: \"{}\" is not NAME=VALUE", text));
    }
    options.set.emplace_back(text.substr(0, equals), text.substr(equals + 1));
  }
  return base::ok();
}

/// `--log a.js` would take the test for the file to write.
Result<void> check_target(std::string_view option, const std::optional<std::string>& file) {
  const bool test = file && std::any_of(kTestEndings.begin(), kTestEndings.end(), [&](std::string_view ending) { return file->ends_with(ending); });
  if (!test) {
    return base::ok();
  }
  return Error(Errc::InvalidArgument, fmt::format("{0}: \"{1}\" looks like a test, and would be overwritten; put {0} last, or write {0}=FILE", option, *file));
}

Result<void> read_times(TestOptions& options) {
  if (!options.flags.timeout.empty()) {
    const auto timeout = verify::parse_duration(options.flags.timeout);
    if (!timeout || timeout->count() == 0) {
      return Error(Errc::InvalidArgument, "--timeout: " + (timeout ? "0 is no time for a scenario" : timeout.error().message()));
    }
    options.timeout = *timeout;
  }
  const auto file_timeout = verify::parse_duration(options.flags.file_timeout);
  if (!file_timeout || file_timeout->count() == 0) {
    return Error(Errc::InvalidArgument, "--file-timeout: " + (file_timeout ? "0 is no time for a file" : file_timeout.error().message()));
  }
  options.file_timeout = *file_timeout;
  return base::ok();
}

Result<void> check_words(const TestFlags& flags) {
  if (auto known = check_word("--trace", flags.trace, kTraces); !known) {
    return known;
  }
  if (!flags.language.empty()) {
    if (auto known = check_word("--lang", flags.language, kLanguages); !known) {
      return known;
    }
  }
  if (auto checked = check_target("--log", flags.log); !checked) {
    return checked;
  }
  if (const auto read = net::Impairment::Options::parse(flags.impair); !read) {
    return Error(Errc::InvalidArgument, "--impair: " + read.error().message());
  }
  if (!flags.exchange.empty() && flags.exchange != "true") {
    if (const auto config = script_exchange_config(flags.exchange); !config) {
      return Error(Errc::InvalidArgument, "--exchange: " + config.error().message());
    }
  }
  return check_target("--sip-trace", flags.sip_trace);
}

verify::Verbosity verbosity_of(const TestFlags& flags) {
  if (flags.quiet) {
    return verify::Verbosity::Quiet;
  }
  return flags.verbose == 0 ? verify::Verbosity::Normal : flags.verbose == 1 ? verify::Verbosity::Detail : verify::Verbosity::Wire;
}

}  // namespace

bool TestOptions::has_filter() const noexcept { return !flags.scenarios.empty() || !flags.tags.empty() || !flags.exclude_tags.empty() || !flags.grep.empty(); }

std::string TestOptions::filter_text() const {
  std::string text;
  const auto add = [&text](std::string_view option, const std::vector<std::string>& values) {
    for (const std::string& value : values) {
      text += fmt::format(" {} \"{}\"", option, value);
    }
  };
  add("--scenario", flags.scenarios);
  add("--tag", flags.tags);
  add("--exclude-tag", flags.exclude_tags);
  add("--grep", flags.grep.empty() ? std::vector<std::string>() : std::vector{flags.grep});
  return text.empty() ? text : text.substr(1);
}

bool TestOptions::has_report(ReportKind kind) const noexcept {
  return std::any_of(reports.begin(), reports.end(), [kind](const ReportTarget& report) { return report.kind == kind; });
}

Result<TestOptions> read_test_options(const TestFlags& flags, const TestSurroundings& surroundings) {
  TestOptions options;
  options.flags = flags;
  options.flags.insecure_http = flags.insecure_http || surroundings.insecure_http;
  options.mode = flags.list ? TestMode::List : TestMode::Run;
  options.jobs = flags.jobs > 0 ? static_cast<std::size_t>(flags.jobs) : std::max<std::size_t>(1, surroundings.cores);
  options.seed = flags.seed.value_or(surroundings.random);
  options.verbosity = verbosity_of(flags);
  const auto shard = read_shard(flags.shard);
  if (!shard) {
    return shard.error();
  }
  options.shard = *shard;
  for (const Result<void>& step : {check_words(flags), read_times(options), read_variables(options), read_reports(options, surroundings.github_actions)}) {
    if (!step) {
      return step.error();
    }
  }
  return options;
}

}  // namespace callwright::app
