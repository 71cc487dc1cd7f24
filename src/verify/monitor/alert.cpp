#include "verify/monitor/alert.hpp"

#include "base/json_values.hpp"
#include "verify/monitor/alert_text.hpp"
#include "verify/monitor/utc_text.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

namespace callwright::verify {
namespace {

using base::Json;
using base::json_text;
using Notice = AlertState::Notice;

/// Slack refuses the whole message where one of its texts is longer.
constexpr std::size_t kMaxSlackHeader = 150;
constexpr std::size_t kMaxSlackSection = 3000;
constexpr std::size_t kMaxSubject = 250;

std::string written(const Json& json) {
  std::string out;
  base::append_json(out, json, base::MemberOrder::AsGiven);
  return out;
}

std::string_view event_of(Notice notice) {
  switch (notice) {
    case Notice::StillFailing: return "monitor.still_failing";
    case Notice::Recovered: return "monitor.recovered";
    case Notice::Failed: break;
  }
  return "monitor.failed";
}

std::string escape_slack(std::string_view text) {
  std::string out;
  for (const char character : text) {
    switch (character) {
      case '&': out += "&amp;"; break;
      case '<': out += "&lt;"; break;
      case '>': out += "&gt;"; break;
      default: out += character;
    }
  }
  return out;
}

/// At most `most` bytes when it is escaped.
std::string slack_text(std::string_view text, std::size_t most) {
  std::string out = escape_slack(text);
  for (std::size_t kept = most; out.size() > most; kept /= 2) {
    out = escape_slack(cut_text(text, kept));
  }
  return out;
}

/// Verbatim: names of people and channels in it call nobody.
Json slack_markdown(std::string text) { return Json{Json::Object{{"type", json_text("mrkdwn")}, {"text", Json{std::move(text)}}, {"verbatim", Json{true}}}}; }

Json slack_section(std::string text) { return Json{Json::Object{{"type", json_text("section")}, {"text", slack_markdown(std::move(text))}}}; }

Json slack_scenario(const AlertText::Scenario& scenario) {
  const std::string name = fmt::format("*{}*\n", escape_slack(scenario.name));
  return slack_section(name + slack_text(scenario.error, kMaxSlackSection - name.size()));
}

/// Neither '>' nor '|' may end the address early.
std::string slack_link(std::string_view url) {
  std::string address = escape_slack(url);
  for (std::size_t at = address.find('|'); at != std::string::npos; at = address.find('|', at)) {
    address.replace(at, 1, "%7C");
  }
  return fmt::format("<{}|Report>", address);
}

Json slack_blocks(const AlertText& text, std::string_view report_url) {
  Json::Array blocks;
  Json::Object title{{"type", json_text("plain_text")}, {"text", json_text(slack_text(text.title, kMaxSlackHeader))}};
  blocks.push_back(Json{Json::Object{{"type", json_text("header")}, {"text", Json{std::move(title)}}}});
  Json::Array fields;
  for (const AlertText::Fact& fact : text.facts) {
    fields.push_back(slack_markdown(fmt::format("*{}*\n{}", fact.name, escape_slack(fact.value))));
  }
  blocks.push_back(Json{Json::Object{{"type", json_text("section")}, {"fields", Json{std::move(fields)}}}});
  if (!text.reason.empty()) {
    blocks.push_back(slack_section(slack_text(text.reason, kMaxSlackSection)));
  }
  std::transform(text.scenarios.begin(), text.scenarios.end(), std::back_inserter(blocks), slack_scenario);
  if (!text.more.empty()) {
    blocks.push_back(slack_section(text.more));
  }
  if (!report_url.empty()) {
    blocks.push_back(slack_section(slack_link(report_url)));
  }
  return Json{std::move(blocks)};
}

/// Of runs, which know no Markdown: names and errors are shown as they are.
Json teams_text(Json::Array runs) { return Json{Json::Object{{"type", json_text("RichTextBlock")}, {"inlines", Json{std::move(runs)}}}}; }

Json teams_run(std::string_view text, std::string_view weight) {
  return Json{Json::Object{{"type", json_text("TextRun")}, {"text", json_text(text)}, {"weight", json_text(weight)}}};
}

Json teams_title(const Alert& alert, const AlertText& text) {
  return Json{Json::Object{{"type", json_text("TextRun")},
                           {"text", json_text(text.title)},
                           {"size", json_text("Large")},
                           {"weight", json_text("Bolder")},
                           {"color", json_text(alert.notice == Notice::Recovered ? "Good" : "Attention")}}};
}

Json teams_body(const Alert& alert, const AlertText& text) {
  Json::Array body;
  body.push_back(teams_text({teams_title(alert, text)}));
  Json::Array facts;
  for (const AlertText::Fact& fact : text.facts) {
    facts.push_back(Json{Json::Object{{"title", json_text(fact.name)}, {"value", json_text(fact.value)}}});
  }
  body.push_back(Json{Json::Object{{"type", json_text("FactSet")}, {"facts", Json{std::move(facts)}}}});
  if (!text.reason.empty()) {
    body.push_back(teams_text({teams_run(text.reason, "Default")}));
  }
  for (const AlertText::Scenario& scenario : text.scenarios) {
    body.push_back(teams_text({teams_run(scenario.name, "Bolder"), teams_run(": " + scenario.error, "Default")}));
  }
  if (!text.more.empty()) {
    body.push_back(teams_text({teams_run(text.more, "Default")}));
  }
  return Json{std::move(body)};
}

std::string subject_of(const Alert& alert, const AlertText& text) {
  const std::string monitor = cut_text(one_line(alert.result.monitor), AlertText::kMaxName);
  switch (alert.notice) {
    case Notice::StillFailing: return fmt::format("[callwright] {} STILL FAILING: {}", monitor, text.reason);
    case Notice::Recovered: return fmt::format("[callwright] {} recovered", monitor);
    case Notice::Failed: break;
  }
  return fmt::format("[callwright] {} FAILED: {}", monitor, text.reason);
}

/// Lines that follow the first are set in.
std::string indented(std::string_view text) {
  std::string out;
  for (const char character : text) {
    out += character;
    out += character == '\n' ? "  " : "";
  }
  return out;
}

}  // namespace

std::string alert_json(const Alert& alert) {
  return written(Json{Json::Object{{"event", json_text(event_of(alert.notice))},
                                   {"monitor", json_text(alert.result.monitor)},
                                   {"failures", base::json_number(alert.failures)},
                                   {"failing_since", json_text(utc_text(alert.failing_since))},
                                   {"result", alert.result.json(alert.report_url)}}});
}

std::string alert_slack(const Alert& alert) {
  const AlertText text = alert_text(alert);
  const std::string line = text.reason.empty() ? text.title : fmt::format("{}: {}", text.title, text.reason);
  return written(Json{Json::Object{{"text", json_text(slack_text(line, kMaxSlackSection))}, {"blocks", slack_blocks(text, alert.report_url)}}});
}

std::string alert_teams(const Alert& alert) {
  const AlertText text = alert_text(alert);
  Json::Object card{{"$schema", json_text("http://adaptivecards.io/schemas/adaptive-card.json")},
                    {"type", json_text("AdaptiveCard")},
                    {"version", json_text("1.4")},
                    {"msteams", Json{Json::Object{{"width", json_text("Full")}}}},
                    {"body", teams_body(alert, text)}};
  if (!alert.report_url.empty()) {
    Json::Object open{{"type", json_text("Action.OpenUrl")}, {"title", json_text("Report")}, {"url", json_text(alert.report_url)}};
    card.push_back({"actions", Json{Json::Array{Json{std::move(open)}}}});
  }
  Json::Object attachment{
      {"contentType", json_text("application/vnd.microsoft.card.adaptive")}, {"contentUrl", Json{nullptr}}, {"content", Json{std::move(card)}}};
  return written(Json{Json::Object{{"type", json_text("message")}, {"attachments", Json{Json::Array{Json{std::move(attachment)}}}}}});
}

Mail alert_mail(const Alert& alert) {
  const AlertText text = alert_text(alert);
  Mail mail{cut_text(subject_of(alert, text), kMaxSubject), text.title + ".\n"};
  if (!text.reason.empty()) {
    mail.body += fmt::format("\n{}\n", text.reason);
  }
  mail.body += '\n';
  for (const AlertText::Fact& fact : text.facts) {
    mail.body += fmt::format("{}: {}\n", fact.name, fact.value);
  }
  if (!alert.report_url.empty()) {
    mail.body += fmt::format("Report: {}\n", one_line(alert.report_url));
  }
  if (!text.scenarios.empty()) {
    mail.body += "\nFailed scenarios:\n";
  }
  for (const AlertText::Scenario& scenario : text.scenarios) {
    mail.body += fmt::format("- {}: {}\n", scenario.name, indented(scenario.error));
  }
  mail.body += text.more.empty() ? "" : text.more + "\n";
  return mail;
}

}  // namespace callwright::verify
