#include "app/test_command.hpp"

#include "app/test_files.hpp"
#include "app/test_outputs.hpp"
#include "app/test_run.hpp"
#include "app/test_watch.hpp"
#include "base/random.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>
#include <CLI/CLI.hpp>

#include <algorithm>
#include <array>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <memory>
#include <string_view>
#include <thread>

#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

namespace callwright::app {
namespace {

constexpr int kFailed = 1;
constexpr int kUsage = 2;
constexpr std::string_view kReportName = "report.html";

int usage(std::string_view command, const std::string& text) {
  std::fprintf(stderr, "callwright %.*s: %s\n", static_cast<int>(command.size()), command.data(), text.c_str());
  return kUsage;
}

bool is_set(const char* name) {
  const char* const value = std::getenv(name);
  return value != nullptr && *value != '\0';
}

TestSurroundings surroundings() {
  const char* const github = std::getenv("GITHUB_ACTIONS");
  base::SystemRandom random;
  return {std::thread::hardware_concurrency(), static_cast<std::uint32_t>(random.between(1, 999'999)), github != nullptr && std::string_view(github) == "true",
          std::getenv("CALLWRIGHT_INSECURE_HTTP") != nullptr};
}

std::string joined(const std::vector<std::string>& paths) { return fmt::format("{}", fmt::join(paths, ", ")); }

/// Errors that the files themselves have: a path that is missing, an environment file that cannot be read.
base::Result<std::vector<TestFile>> blocking_find_files(const TestOptions& options) {
  for (const std::string& path : options.flags.env_files) {
    if (::access(path.c_str(), R_OK) != 0) {
      return base::Error(base::Errc::NotFound, fmt::format("--env-file: {} cannot be read", path));
    }
  }
  return blocking_collect_tests(options.flags.paths, options.flags.language);
}

int run_once(const TestOptions& options, std::vector<TestFile> files, const std::string& program) {
  const auto outputs = TestOutputs::blocking_open(options, files.size());
  if (!outputs) {
    return usage("test", outputs.error().message());
  }
  if (options.flags.insecure_http && options.mode == TestMode::Run) {
    (*outputs)->warn("the certificates of HTTPS servers are not verified");
  }
  TestRun run(options, std::move(files), **outputs, program);
  const int status = run.blocking_run();
  if (options.mode == TestMode::List && options.has_report(ReportKind::Human)) {
    auto listed = run.listed();
    std::sort(listed.begin(), listed.end(), [](const auto& left, const auto& right) { return left.first < right.first; });
    std::fputs(verify::list_text(listed).c_str(), stdout);
  }
  return status;
}

int collect_and_run(const TestOptions& options, const std::string& program) {
  const auto files = blocking_find_files(options);
  if (!files) {
    return usage("test", files.error().message());
  }
  if (files->empty()) {
    std::fprintf(stderr, "Error: no test file in %s; scripts are tests when they call scenario(…), and files that end in .test always\n",
                 joined(options.flags.paths).c_str());
    return kFailed;
  }
  std::vector<TestFile> own = files_of_shard(*files, options.shard);
  if (own.empty()) {
    std::fprintf(stderr, "Shard %zu/%zu has none of the %zu files\n", options.shard.index, options.shard.count, files->size());
    return 0;
  }
  return run_once(options, std::move(own), program);
}

int watch(const TestOptions& options, const std::string& program) {
  constexpr int kInterrupted = 130;
  while (true) {
    const int status = collect_and_run(options, program);
    if (status == kInterrupted) {
      return status;
    }
    std::fprintf(stderr, "Waiting for a change; Ctrl-C ends\n");
    std::vector<std::string> paths = options.flags.paths;
    paths.insert(paths.end(), options.flags.env_files.begin(), options.flags.env_files.end());
    const auto changed = blocking_wait_for_change(paths);
    if (!changed) {
      return usage("test", changed.error().message());
    }
    if (!*changed) {
      return status;
    }
  }
}

void add_selection(CLI::App& test, TestFlags& flags) {
  const std::string group = "Which scenarios";
  test.add_option("--scenario", flags.scenarios, "Those with this in their name, in any letter case; re:… is a regular expression")
      ->group(group)
      ->allow_extra_args(false);
  test.add_option("-g,--grep", flags.grep, "Those whose file, name and tags match this regular expression")->group(group);
  test.add_option("--tag", flags.tags, "Those with one of these tags")->delimiter(',')->group(group)->allow_extra_args(false);
  test.add_option("--exclude-tag", flags.exclude_tags, "Not those with one of these tags")->delimiter(',')->group(group)->allow_extra_args(false);
  test.add_option("--shard", flags.shard, "Only the files of one machine of several: 1/3, 2/3, 3/3")->group(group);
  test.add_flag("--list", flags.list, "Say which there are, and run none")->group(group);
}

void add_running(CLI::App& test, TestFlags& flags) {
  const std::string group = "How they run";
  test.add_option("-j,--jobs,--workers", flags.jobs, "So many files side by side (default: one for each processor)")->check(CLI::Range(1, 1024))->group(group);
  test.add_option("--repeat", flags.repeat, "Each scenario so many times")->check(CLI::Range(1, 100'000))->group(group);
  test.add_option("--retries", flags.retries, "One that fails is tried so many times again; when it passes then, it is flaky")
      ->check(CLI::Range(0, 1000))
      ->group(group);
  test.add_flag("--fail-fast", flags.fail_fast, "End with the first failure")->group(group);
  test.add_option("--timeout", flags.timeout, "Of a scenario: 500ms, 30s, 5m (default 60s)")->group(group);
  test.add_option("--file-timeout", flags.file_timeout, "Of a file")->capture_default_str()->group(group);
  test.add_option("--seed", flags.seed, "Of all chance, to run the same again")->group(group);
  test.add_flag("--watch", flags.watch, "Run again whenever a file changes")->group(group);
}

void add_world(CLI::App& test, TestFlags& flags) {
  const std::string group = "What they work with";
  test.add_option("--set", flags.set, "A variable: NAME=VALUE")->group(group)->allow_extra_args(false);
  test.add_option("--env-file", flags.env_files, "Variables, one NAME=VALUE a line")->group(group)->allow_extra_args(false);
  test.add_flag("--exchange", flags.exchange, "Each file has an exchange of its own, so that no PBX is needed; --exchange=FILE: as this callwright.toml has it")
      ->group(group);
  test.add_option("--impair", flags.impair, "What the network does to packets, such as loss=5%,delay=40ms,jitter=10ms")->group(group);
  test.add_flag("--insecure-http", flags.insecure_http, "Takes whatever certificate an HTTPS server has; also by CALLWRIGHT_INSECURE_HTTP")->group(group);
  test.add_flag("--update-baseline", flags.update_baseline, "What is measured becomes what is expected")->group(group);
}

/// An option whose value may be left out.
void add_target(CLI::App& test, const std::string& name, std::optional<std::string>& target, const std::string& help) {
  const std::string group = "What is told";
  test.add_option_function<std::vector<std::string>>(
          name, [&target](const std::vector<std::string>& values) { target = values.empty() ? "" : values.front(); }, help)
      ->expected(0, 1)
      ->type_name("[FILE]")
      ->group(group);
}

void add_telling(CLI::App& test, TestFlags& flags) {
  const std::string group = "What is told";
  test.add_option("--reporter", flags.reporters, "human, json, junit, tap, github or html, =FILE behind it for a file; more than once for several")
      ->group(group)
      ->allow_extra_args(false);
  test.add_flag("--json", flags.json, "The same as --reporter json")->group(group);
  test.add_option("--trace", flags.trace, "Captures (SIP and media), journals and logs of scenarios: on, retain-on-failure or off")
      ->capture_default_str()
      ->group(group);
  test.add_option("--artifacts", flags.artifacts, "The folder for captures, recordings and the report")->capture_default_str()->group(group);
  add_target(test, "--log", flags.log, "The log, on standard error or in a file (of several tests: FILE with their names)");
  add_target(test, "--sip-trace", flags.sip_trace, "All SIP messages, as text, or for Wireshark when FILE ends in .pcap");
  test.add_flag("--save-audio", flags.save_audio, "Keep what each agent sent and heard")->group(group);
  test.add_flag("--metrics", flags.metrics, "The quality of each agent's media at the end of each scenario")->group(group);
  test.add_flag("-v,--verbose", flags.verbose, "More of what happens; twice: SIP as well")->group(group);
  test.add_flag("-q,--quiet", flags.quiet, "Headers, failures and tallies only")->group(group);
  test.add_flag("--no-color,--no-ansi", flags.no_color, "No colours; also by NO_COLOR")->group(group);
}

constexpr const char* kTestFooter =
    "Exit status: 0 all passed, 1 a failure or nothing to run, 2 wrong usage, 130 interrupted (calls are hung up and agents un-registered before).\n"
    "Examples:\n  callwright test tests\n  callwright test tests --tag smoke --retries 1 --reporter junit=report.xml --reporter html\n"
    "  callwright test call.js --scenario \"busy\" -v --set domain=pbx.example.com\n  callwright show-report";

/// A copy of this process.
constexpr const char* kProgram = "";

void add_show_report(CLI::App& app, int& status) {
  CLI::App* const show = app.add_subcommand("show-report", "Open the HTML report of callwright test --reporter html");
  const auto path = std::make_shared<std::string>("callwright-results");
  const auto stay = std::make_shared<bool>(false);
  show->add_option("PATH", *path, "The report, or the folder that it is in")->capture_default_str();
  show->add_flag("--no-open", *stay, "Only print where it is");
  show->footer("Example:\n  callwright show-report callwright-results/report.html");
  show->callback([&status, path, stay] { status = blocking_show_report(*path, !*stay); });
}

/// Starts the first of these programs that is there; true when it did its part.
bool open_in_browser(const std::string& url) {
  const char* const browser = std::getenv("BROWSER");
  for (const std::string& program : {std::string(browser == nullptr ? "" : browser), std::string("xdg-open"), std::string("open")}) {
    std::string name = program;
    std::string argument = url;
    std::array<char*, 3> arguments{name.data(), argument.data(), nullptr};
    pid_t pid = -1;
    int ended = -1;
    if (!program.empty() && ::posix_spawnp(&pid, name.c_str(), nullptr, nullptr, arguments.data(), environ) == 0 && ::waitpid(pid, &ended, 0) == pid &&
        WIFEXITED(ended) && WEXITSTATUS(ended) == 0) {
      return true;
    }
  }
  return false;
}

}  // namespace

void add_test_commands(CLI::App& app, int& status) {
  CLI::App* const test = app.add_subcommand("test", "Run test files: scenarios in JavaScript, TypeScript or Rhai, and .test files");
  const auto flags = std::make_shared<TestFlags>();
  test->add_option("PATH", flags->paths, "Files, and folders with all tests below them")->required();
  test->add_option("--lang", flags->language, "What the files are written in, whatever their names say: js, ts, rhai or test");
  add_selection(*test, *flags);
  add_running(*test, *flags);
  add_world(*test, *flags);
  add_telling(*test, *flags);
  test->footer(kTestFooter);
  test->callback([&status, flags] { status = blocking_test(*flags, kProgram); });

  CLI::App* const check = app.add_subcommand("check", "Read test files and say what is wrong in them, without running them");
  const auto checked = std::make_shared<TestFlags>();
  check->add_option("PATH", checked->paths, "Files, and folders with all tests below them")->required();
  check->add_option("--lang", checked->language, "What the files are written in, whatever their names say: js, ts, rhai or test");
  check->add_flag("--json", checked->json, "Print the problems as JSON, one a line");
  check->footer("Exit status: 0 nothing is wrong, 1 something is, 2 wrong usage.\nExample:\n  callwright check tests");
  check->callback([&status, checked] { status = blocking_check(*checked, kProgram); });
  add_show_report(app, status);
}

int blocking_test(const TestFlags& flags, const std::string& program) {
  std::signal(SIGPIPE, SIG_IGN);
  const auto options = read_test_options(flags, surroundings());
  if (!options) {
    return usage("test", options.error().message());
  }
  return flags.watch ? watch(*options, program) : collect_and_run(*options, program);
}

int blocking_check(const TestFlags& flags, const std::string& program) {
  std::signal(SIGPIPE, SIG_IGN);
  auto options = read_test_options(flags, surroundings());
  if (!options) {
    return usage("check", options.error().message());
  }
  options->mode = TestMode::Check;
  std::erase_if(options->reports, [](const ReportTarget& report) { return report.kind == ReportKind::Github; });
  const auto files = blocking_find_files(*options);
  if (!files) {
    return usage("check", files.error().message());
  }
  if (files->empty()) {
    std::fprintf(stderr, "Error: no test file in %s\n", joined(flags.paths).c_str());
    return kFailed;
  }
  return run_once(*options, *files, program);
}

int blocking_show_report(const std::string& path, bool open) {
  std::error_code error;
  std::filesystem::path report(path);
  if (std::filesystem::is_directory(report, error)) {
    report /= kReportName;
  }
  if (!std::filesystem::is_regular_file(report, error)) {
    std::fprintf(stderr, "callwright show-report: there is no %s; callwright test --reporter html writes one\n", report.c_str());
    return kFailed;
  }
  const std::string url = "file://" + std::filesystem::absolute(report).lexically_normal().string();
  std::printf("%s\n", url.c_str());
  std::fflush(stdout);
  const bool screen = is_set("DISPLAY") || is_set("WAYLAND_DISPLAY") || is_set("BROWSER");
  if (open && screen && !open_in_browser(url)) {
    std::fprintf(stderr, "No browser could be started; open the address yourself\n");
  }
  return 0;
}

}  // namespace callwright::app
