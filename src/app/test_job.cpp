#include "app/test_job.hpp"

#include "base/json_values.hpp"

#include <algorithm>
#include <filesystem>
#include <iterator>

namespace callwright::app {
namespace {

using base::Json;

Json texts(const std::vector<std::string>& values) {
  Json::Array array;
  std::transform(values.begin(), values.end(), std::back_inserter(array), [](const std::string& value) { return base::json_text(value); });
  return Json{std::move(array)};
}

Json variables(const TestOptions& options) {
  Json::Object object;
  for (const auto& [name, value] : options.set) {
    object.push_back({name, base::json_text(value)});
  }
  return Json{std::move(object)};
}

Json selection(const TestFlags& flags, bool only) {
  Json::Object object{{"scenario", texts(flags.scenarios)}, {"tags", texts(flags.tags)}, {"exclude_tags", texts(flags.exclude_tags)}};
  if (!flags.grep.empty()) {
    object.push_back({"grep", base::json_text(flags.grep)});
  }
  object.push_back({"only", Json{only}});
  return Json{std::move(object)};
}

std::string_view mode_text(TestMode mode) { return mode == TestMode::Run ? "run" : mode == TestMode::List ? "list" : "check"; }

std::string absolute(const std::string& path) { return std::filesystem::absolute(path).lexically_normal().string(); }

/// "-" is standard error.
Json target(const std::string& path, const JobExtras& extras) {
  if (path.empty()) {
    return base::json_text("-");
  }
  return base::json_text(absolute(extras.several_files ? path_of_file(path, extras.folder) : path));
}

std::vector<std::string> absolute_paths(const std::vector<std::string>& paths) {
  std::vector<std::string> result;
  std::transform(paths.begin(), paths.end(), std::back_inserter(result), absolute);
  return result;
}

}  // namespace

std::string job_line(const TestFile& file, const TestOptions& options, const JobExtras& extras) {
  const TestFlags& flags = options.flags;
  Json::Object job{{"path", base::json_text(file.path)},
                   {"display", base::json_text(file.display)},
                   {"language", base::json_text(file.language)},
                   {"mode", base::json_text(mode_text(extras.mode))},
                   {"set", variables(options)},
                   {"env_files", texts(absolute_paths(flags.env_files))},
                   {"select", selection(flags, extras.only)},
                   {"retries", base::json_number(flags.retries)},
                   {"repeat", base::json_number(flags.repeat)},
                   {"seed", base::json_number(options.seed)},
                   {"trace", base::json_text(flags.trace)},
                   {"artifacts", base::json_text((std::filesystem::path(absolute(flags.artifacts)) / extras.folder).string())},
                   {"insecure_http", Json{flags.insecure_http}},
                   {"save_audio", Json{flags.save_audio}},
                   {"metrics", Json{flags.metrics}},
                   {"update_baseline", Json{flags.update_baseline}}};
  if (options.timeout) {
    job.push_back({"timeout_ms", base::json_number(options.timeout->count())});
  }
  if (!flags.exchange.empty()) {
    job.push_back({"exchange", flags.exchange == "true" ? Json{true} : base::json_text(absolute(flags.exchange))});
  }
  if (!flags.impair.empty()) {
    job.push_back({"impair", base::json_text(flags.impair)});
  }
  if (flags.sip_trace) {
    job.push_back({"sip_trace", target(*flags.sip_trace, extras)});
  }
  if (flags.log) {
    job.push_back({"log", target(*flags.log, extras)});
  }
  std::string line;
  base::append_json(line, Json{std::move(job)}, base::MemberOrder::AsGiven);
  return line + "\n";
}

std::string path_of_file(const std::string& path, const std::string& folder) {
  const std::filesystem::path whole(path);
  const std::string name = whole.stem().string() + "." + folder + whole.extension().string();
  return (whole.parent_path() / name).string();
}

}  // namespace callwright::app
