#include "app/monitor_pages.hpp"

#include "base/base64.hpp"
#include "base/json_values.hpp"
#include "server/query.hpp"
#include "sip/digest_hash.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <system_error>
#include <utility>

namespace callwright::app {
namespace {

using base::Json;
using server::HttpReply;
using server::HttpRequest;
using server::HttpResponse;

constexpr std::size_t kRunsByDefault = 50;
constexpr std::size_t kMostRuns = 1'000;
constexpr std::size_t kRunsOnPage = 30;
constexpr std::uintmax_t kLargestFile = 256U << 20U;
/// A run that is waited for may wait for others before it.
constexpr std::chrono::hours kLongestAnswer{24};

server::WebConfig settings() {
  server::WebConfig config;
  config.answer_timeout = kLongestAnswer;
  return config;
}

HttpResponse json_response(unsigned status, const Json& value) {
  HttpResponse response;
  response.status = status;
  base::append_json(response.body, value, base::MemberOrder::AsGiven);
  response.body += '\n';
  return response;
}

HttpResponse problem(unsigned status, std::string_view text) { return json_response(status, Json{Json::Object{{"error", base::json_text(text)}}}); }

/// What a browser asks its user for.
HttpResponse unauthorized() {
  HttpResponse response = problem(401, "a token is needed: Authorization: Bearer TOKEN, or the token as the password of any user");
  response.headers = {{"WWW-Authenticate", "Basic realm=\"callwright monitor\", charset=\"UTF-8\""}};
  return response;
}

std::optional<std::string_view> behind(std::string_view text, std::string_view prefix) {
  return text.starts_with(prefix) ? std::optional(text.substr(prefix.size())) : std::nullopt;
}

std::string_view type_of(const std::filesystem::path& file) {
  const std::string extension = file.extension().string();
  return extension == ".html"   ? "text/html; charset=utf-8"
         : extension == ".wav"  ? "audio/wav"
         : extension == ".json" ? "application/json"
         : extension == ".pcap" ? "application/vnd.tcpdump.pcap"
                                : "text/plain; charset=utf-8";
}

}  // namespace

/// A request, kept.
struct MonitorPages::Question {
  std::string method;
  std::string path;  ///< Without escapes.
  std::string query;
  std::string authorization;
  bool wants_html = false;
};

MonitorPages::MonitorPages(net::EngineLoop& loop, MonitorService& service) : loop_(loop), service_(service), web_(settings()) {
  web_.add_service("/", [this](const HttpRequest& request, HttpReply reply) {
    const auto path = server::unescaped(request.path);
    if (!path) {
      reply(problem(400, "the path cannot be read"));
      return;
    }
    const bool html = std::any_of(request.fields.begin(), request.fields.end(), [](const auto& field) {
      return (field.first == "Accept" || field.first == "accept") && field.second.find("text/html") != std::string_view::npos;
    });
    Question question{std::string(request.method), *path, std::string(request.query), std::string(request.authorization), html};
    // Refused at the end of the loop; then the reply says so by going away.
    static_cast<void>(loop_.post([this, question = std::move(question), reply = std::move(reply)] { answer(question, reply); }));
  });
}

base::Result<base::SocketAddress> MonitorPages::listen(const base::SocketAddress& address) {
  loopback_ = address.ip.is_loopback();
  return web_.listen(address);
}

bool MonitorPages::may(const Question& question, const std::string& token) const {
  if (token.empty()) {
    return true;
  }
  if (const auto bearer = behind(question.authorization, "Bearer ")) {
    return sip::equal_in_constant_time(*bearer, token);
  }
  const auto basic = behind(question.authorization, "Basic ");
  const auto bytes = basic ? base::from_base64(*basic) : std::nullopt;
  const std::string decoded = bytes ? std::string(bytes->begin(), bytes->end()) : std::string();
  const std::size_t colon = decoded.find(':');
  return colon != std::string::npos && sip::equal_in_constant_time(std::string_view(decoded).substr(colon + 1), token);
}

void MonitorPages::answer(const Question& question, const HttpReply& reply) {
  if (question.path == "/healthz") {
    reply({.content_type = "text/plain; charset=utf-8", .body = "ok"});
  } else if (question.path == "/metrics") {
    reply(metrics(question));
  } else if (!may(question, service_.config().token)) {
    reply(unauthorized());
  } else if (question.path.starts_with("/run/")) {
    run(question, reply);
  } else {
    reply(blocking_page(question));
  }
}

HttpResponse MonitorPages::metrics(const Question& question) const {
  if (!service_.config().metrics) {
    return problem(404, "metrics are disabled ([metrics] enabled = false)");
  }
  if (!may(question, service_.config().metrics_token)) {
    return unauthorized();
  }
  return {.content_type = "text/plain; version=0.0.4; charset=utf-8", .body = service_.metrics_text()};
}

HttpResponse MonitorPages::blocking_page(const Question& question) {
  if (question.method != "GET" && question.method != "HEAD") {
    HttpResponse response = problem(405, "this is only read; POST /run/NAME starts a monitor");
    response.headers = {{"Allow", "GET, HEAD"}};
    return response;
  }
  if (question.path == "/") {
    std::vector<std::vector<store::RunHistory::Run>> history;
    for (const MonitorPlan& plan : service_.config().monitors) {
      auto runs = service_.blocking_history(plan.name, kRunsOnPage);
      history.push_back(runs ? std::move(*runs) : std::vector<store::RunHistory::Run>());
    }
    HttpResponse page{.content_type = "text/html; charset=utf-8", .body = monitor_page(service_.blocking_monitors(), history)};
    page.headers = {{"Content-Security-Policy", "default-src 'none'; style-src 'unsafe-inline'; form-action 'self'; frame-ancestors 'none'"}};
    return page;
  }
  if (question.path == "/monitors") {
    return json_response(200, service_.blocking_monitors());
  }
  if (const auto rest = behind(question.path, "/monitors/"); rest && rest->ends_with("/runs")) {
    return blocking_runs(rest->substr(0, rest->size() - std::string_view("/runs").size()), question.query);
  }
  if (const auto rest = behind(question.path, "/report/")) {
    return blocking_report(*rest);
  }
  return problem(404, "there are /, /healthz, /monitors, /monitors/NAME/runs, /run/NAME (POST) and /metrics");
}

HttpResponse MonitorPages::blocking_runs(std::string_view monitor, std::string_view query) {
  if (!service_.knows(monitor)) {
    return problem(404, fmt::format("there is no monitor \"{}\"", monitor));
  }
  std::size_t limit = kRunsByDefault;
  if (const auto text = server::query_value(query, "limit")) {
    const auto [end, failure] = std::from_chars(text->data(), text->data() + text->size(), limit);
    if (failure != std::errc() || end != text->data() + text->size() || limit < 1 || limit > kMostRuns) {
      return problem(400, fmt::format("limit is a number from 1 to {}", kMostRuns));
    }
  }
  const auto runs = service_.blocking_history(monitor, limit);
  if (!runs) {
    return problem(500, runs.error().message());
  }
  HttpResponse response{.body = "["};
  for (const auto& run : *runs) {
    response.body += (response.body.size() > 1 ? ",\n" : "") + run.json;
  }
  response.body += "]\n";
  return response;
}

/// A file that a run left: RUN/NAME.
HttpResponse MonitorPages::blocking_report(std::string_view path) {
  namespace fs = std::filesystem;
  HttpResponse missing = problem(404, "there is no such report; those of runs that passed, and old ones, are not kept");
  const std::size_t slash = path.find('/');
  const auto run = service_.blocking_find(path.substr(0, slash));
  if (slash == std::string_view::npos || !run || !*run) {
    return missing;
  }
  std::error_code failure;
  const fs::path folder = fs::weakly_canonical(service_.folder_of((*run)->monitor, (*run)->id), failure);
  const fs::path file = fs::weakly_canonical(folder / path.substr(slash + 1), failure);
  const auto [end, rest] = std::mismatch(folder.begin(), folder.end(), file.begin(), file.end());
  if (failure || end != folder.end() || !fs::is_regular_file(file, failure) || fs::file_size(file, failure) > kLargestFile) {
    return missing;
  }
  std::ifstream stream(file, std::ios::binary);
  HttpResponse response{.content_type = std::string(type_of(file)), .body = std::string(std::istreambuf_iterator<char>(stream), {})};
  // What a test wrote runs with none of our rights.
  response.headers = {{"Content-Security-Policy", "sandbox allow-scripts allow-downloads allow-popups"}};
  return response;
}

void MonitorPages::run(const Question& question, const HttpReply& reply) {
  const std::string name = question.path.substr(std::string_view("/run/").size());
  if (question.method != "POST") {
    HttpResponse response = problem(405, "a run is started with POST");
    response.headers = {{"Allow", "POST"}};
    reply(response);
  } else if (!service_.knows(name)) {
    reply(problem(404, fmt::format("there is no monitor \"{}\"", name)));
  } else if (!loopback_ && service_.config().token.empty()) {
    reply(problem(403, "runs are started from this machine only, unless the file sets a token"));
  } else if (service_.stopping()) {
    reply(problem(503, "shutting down"));
  } else if (question.wants_html || server::query_value(question.query, "async") == "true") {
    service_.request(name, [](const verify::MonitorResult*) {});
    HttpResponse response = json_response(202, Json{Json::Object{{"monitor", base::json_text(name)}, {"queued", Json{true}}}});
    if (question.wants_html) {
      response.status = 303;
      response.headers = {{"Location", "/"}};
    }
    reply(response);
  } else {
    service_.request(name, [reply](const verify::MonitorResult* result) {
      if (result == nullptr) {
        reply(problem(503, "shutting down, or too many runs wait"));
        return;
      }
      const std::string report = result->report.empty() ? "" : fmt::format("/report/{}/report.html", result->run);
      reply(json_response(result->passed ? 200 : 502, result->json(report)));
    });
  }
}

}  // namespace callwright::app
