#include "app/monitor_pages.hpp"
#include "verify/run/duration_text.hpp"

#include <fmt/format.h>

#include <cstdlib>

namespace callwright::app {
namespace {

using base::Json;

constexpr std::string_view kHead = R"(<!doctype html>
<html lang="en">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta http-equiv="refresh" content="15">
<title>Callwright monitor</title>
<style>
:root { color-scheme: light dark; --good: #1a7f37; --bad: #cf222e; --line: #d0d7de; --soft: #57606a; --back: #ffffff; --card: #f6f8fa; --text: #1f2328; }
@media (prefers-color-scheme: dark) { :root { --good: #3fb950; --bad: #ff7b72; --line: #30363d; --soft: #9198a1; --back: #0d1117; --card: #151b23; --text: #e6edf3; } }
* { box-sizing: border-box; }
body { margin: 0 auto; max-width: 72rem; padding: 1rem; background: var(--back); color: var(--text); font: 16px/1.45 system-ui, sans-serif; }
h1 { font-size: 1.4rem; } h2 { font-size: 1.1rem; margin: 0; overflow-wrap: anywhere; }
article { background: var(--card); border: 1px solid var(--line); border-left: .4rem solid var(--soft); border-radius: .4rem; padding: .8rem 1rem; margin: .8rem 0; }
article.good { border-left-color: var(--good); } article.bad { border-left-color: var(--bad); }
.top { display: flex; flex-wrap: wrap; gap: .5rem 1rem; align-items: center; } form { margin-left: auto; }
.state { font-weight: 600; } .good .state { color: var(--good); } .bad .state { color: var(--bad); }
p { margin: .35rem 0; overflow-wrap: anywhere; } .soft { color: var(--soft); font-size: .9rem; }
ol { display: flex; flex-wrap: wrap; gap: 3px; list-style: none; margin: .6rem 0 .2rem; padding: 0; }
ol a, ol span { display: block; width: 14px; height: 22px; border-radius: 3px; background: var(--good); } ol .bad { background: var(--bad); }
button { font: inherit; color: inherit; background: transparent; border: 1px solid var(--soft); border-radius: .4rem; padding: .35rem .9rem; cursor: pointer; }
a { color: inherit; }
</style>
<h1>Callwright monitor</h1>
)";

std::string escaped(std::string_view text) {
  std::string out;
  for (const char character : text) {
    switch (character) {
      case '&': out += "&amp;"; break;
      case '<': out += "&lt;"; break;
      case '>': out += "&gt;"; break;
      case '"': out += "&quot;"; break;
      case '\'': out += "&#39;"; break;
      default: out += character;
    }
  }
  return out;
}

/// For a path (RFC 3986 §2.3).
std::string path_part(std::string_view text) {
  std::string out;
  for (const char character : text) {
    const bool plain = std::isalnum(static_cast<unsigned char>(character)) != 0 || character == '-' || character == '_' || character == '.';
    out += plain ? std::string(1, character) : fmt::format("%{:02X}", static_cast<unsigned char>(character));
  }
  return out;
}

std::string text_of(const Json& object, std::string_view member) {
  const Json* const value = object.find(member);
  return value == nullptr ? "" : verify::shown(value);
}

bool is_true(const Json& object, std::string_view member) { return text_of(object, member) == "true"; }

std::string duration_of(const Json& object) { return verify::duration_text(std::strtod(text_of(object, "duration_ms").c_str(), nullptr)); }

/// "2026-03-01 12:00:00 UTC" of RFC 3339.
std::string time_of(const std::string& text) { return text.size() < 19 ? text : text.substr(0, 10) + " " + text.substr(11, 8) + " UTC"; }

std::string last_lines(const Json* last) {
  if (last == nullptr || last->object() == nullptr) {
    return "<p class=\"soft\">It has not run yet.</p>\n";
  }
  std::string out;
  if (const std::string error = text_of(*last, "error"); !error.empty()) {
    out += fmt::format("<p>{}</p>\n", escaped(error));
  }
  const std::string report = text_of(*last, "report");
  const std::string link = report.empty() ? "" : fmt::format(" · <a href=\"{}\">report</a>", escaped(report));
  out += fmt::format("<p class=\"soft\">Last run {} · took {}{}</p>\n", escaped(time_of(text_of(*last, "started"))), duration_of(*last), link);
  return out;
}

/// One mark a run, the oldest first.
std::string marks(const std::vector<store::RunHistory::Run>& runs) {
  constexpr std::size_t kMaxDepth = 64;
  std::string out;
  for (auto run = runs.rbegin(); run != runs.rend(); ++run) {
    const auto result = base::parse_json(run->json, kMaxDepth);
    const std::string report = result ? text_of(*result, "report") : "";
    const std::string label = fmt::format("{} {}", result ? time_of(text_of(*result, "started")) : "", run->passed ? "passed" : "failed");
    const std::string_view style = run->passed ? "good" : "bad";
    out += report.empty()
               ? fmt::format("<li><span class=\"{}\" role=\"img\" aria-label=\"{}\" title=\"{}\"></span>", style, escaped(label), escaped(label))
               : fmt::format("<li><a class=\"{}\" href=\"{}\" aria-label=\"{}\" title=\"{}\"></a>", style, escaped(report), escaped(label), escaped(label));
  }
  return out.empty() ? "" : "<ol>" + out + "</ol>\n";
}

}  // namespace

std::string monitor_page(const Json& monitors, const std::vector<std::vector<store::RunHistory::Run>>& history) {
  std::string page(kHead);
  const Json::Array none;
  const Json::Array& all = monitors.array() == nullptr ? none : *monitors.array();
  for (std::size_t index = 0; index < all.size(); ++index) {
    const Json& monitor = all[index];
    const std::string name = text_of(monitor, "name");
    const Json* const last = monitor.find("last");
    const bool ran = last != nullptr && last->object() != nullptr;
    const bool passed = ran && is_true(*last, "passed");
    const bool running = text_of(monitor, "running") != "0";
    const std::string_view state = ran ? passed ? "passed" : is_true(*last, "timed_out") ? "timed out" : "failed" : "new";
    page += fmt::format("<article class=\"{}\"><div class=\"top\"><h2>{}</h2><span class=\"state\">{}{}</span>\n", ran ? passed ? "good" : "bad" : "",
                        escaped(name), state, running ? ", running now" : "");
    page += fmt::format("<form method=\"post\" action=\"/run/{}\"><button aria-label=\"Run {} now\">Run now</button></form></div>\n", path_part(name),
                        escaped(name));
    page += last_lines(last);
    const std::string schedule = text_of(monitor, "schedule");
    const std::string next = text_of(monitor, "next");
    page += fmt::format("<p class=\"soft\">{}{}</p>\n", schedule.empty() ? "Runs when it is asked to." : "Schedule " + escaped(schedule),
                        next.empty() ? "" : " · next " + escaped(time_of(next)));
    page += index < history.size() ? marks(history[index]) : "";
    page += "</article>\n";
  }
  return page + "<p class=\"soft\">Numbers for Prometheus: <a href=\"/metrics\">/metrics</a>. Everything as JSON: <a href=\"/monitors\">/monitors</a>.</p>\n";
}

}  // namespace callwright::app
