#include "verify/monitor/alert.hpp"

#include "base/utf8.hpp"

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace callwright::verify {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;
using Notice = AlertState::Notice;
using std::chrono::milliseconds;
using std::chrono::minutes;
using std::chrono::seconds;
using std::chrono::system_clock;

/// 2026-03-01 12:00:00 UTC.
constexpr system_clock::time_point kNoon{seconds(1'772'366'400)};

MonitorResult result_of(bool passed, system_clock::time_point started = kNoon) {
  MonitorResult result;
  result.monitor = "office-calls";
  result.run = "r-1";
  result.trigger = "schedule";
  result.started = started;
  result.duration = milliseconds(2500);
  result.passed = passed;
  if (!passed) {
    result.error = "call.js — busy is heard: expected Busy, but was Idle";
    result.scenarios.push_back({"busy is heard", false, 1200, "expected Busy, but was Idle", {}});
  }
  return result;
}

Alert failed_alert() { return {Notice::Failed, result_of(false), 2, kNoon - minutes(5), "https://monitor.example/r-1?a=1&b=2"}; }

Alert alert_with(std::size_t failed) {
  Alert alert = failed_alert();
  alert.result.scenarios.clear();
  for (std::size_t number = 0; number < failed; ++number) {
    alert.result.scenarios.push_back({fmt::format("scenario {}", number), false, 1, "no <tone> & no @here", {}});
  }
  alert.result.scenarios.push_back({"well", true, 1, "", {}});
  return alert;
}

base::Json read(const std::string& text) {
  auto json = base::parse_json(text, 64);
  EXPECT_TRUE(json) << text;
  return json ? *json : base::Json();
}

const base::Json& member(const base::Json& json, std::string_view name) {
  static const base::Json kNothing;
  const base::Json* const found = json.find(name);
  EXPECT_NE(found, nullptr) << name;
  return found == nullptr ? kNothing : *found;
}

std::string text_of(const base::Json& json, std::string_view name) {
  const std::string* const text = member(json, name).string();
  return text == nullptr ? "" : *text;
}

const base::Json::Array& array_of(const base::Json& json, std::string_view name) {
  static const base::Json::Array kNone;
  const auto* const array = member(json, name).array();
  return array == nullptr ? kNone : *array;
}

/// All texts of the blocks of a message to Slack, one behind the other.
std::vector<std::string> slack_texts(const base::Json& message) {
  std::vector<std::string> texts;
  for (const base::Json& block : array_of(message, "blocks")) {
    if (block.find("text") != nullptr) {
      texts.push_back(text_of(member(block, "text"), "text"));
    } else {
      for (const base::Json& field : array_of(block, "fields")) {
        texts.push_back(text_of(field, "text"));
      }
    }
  }
  return texts;
}

std::vector<std::string> teams_texts(const base::Json& message) {
  std::vector<std::string> texts;
  for (const base::Json& block : array_of(member(array_of(message, "attachments").front(), "content"), "body")) {
    if (block.find("facts") != nullptr) {
      for (const base::Json& fact : array_of(block, "facts")) {
        texts.push_back(text_of(fact, "title") + ": " + text_of(fact, "value"));
      }
    } else {
      std::string text;
      for (const base::Json& run : array_of(block, "inlines")) {
        text += text_of(run, "text");
      }
      texts.push_back(text);
    }
  }
  return texts;
}

using Texts = std::vector<std::string>;

TEST(AlertState, tells_changes_alone) {
  AlertState state({});
  EXPECT_EQ(state.add(result_of(true)), std::nullopt);
  EXPECT_EQ(state.add(result_of(false, kNoon)), Notice::Failed);
  EXPECT_EQ(state.add(result_of(false, kNoon + minutes(60))), std::nullopt);
  EXPECT_EQ(state.failures(), 2U);
  EXPECT_EQ(state.failing_since(), kNoon);
  EXPECT_EQ(state.add(result_of(true)), Notice::Recovered);
  EXPECT_EQ(state.failures(), 0U);
  // What has recovered is told with the time since when it had failed.
  EXPECT_EQ(state.failing_since(), kNoon);
  EXPECT_EQ(state.add(result_of(true)), std::nullopt);
  EXPECT_EQ(state.add(result_of(false, kNoon + minutes(90))), Notice::Failed);
  EXPECT_EQ(state.failing_since(), kNoon + minutes(90));
}

TEST(AlertState, waits_for_failures_in_a_row) {
  AlertState state({3, milliseconds(0)});
  EXPECT_EQ(state.add(result_of(false)), std::nullopt);
  EXPECT_EQ(state.add(result_of(false)), std::nullopt);
  // Nobody was told that it failed.
  EXPECT_EQ(state.add(result_of(true)), std::nullopt);
  EXPECT_EQ(state.add(result_of(false)), std::nullopt);
  EXPECT_EQ(state.add(result_of(false)), std::nullopt);
  EXPECT_EQ(state.add(result_of(false)), Notice::Failed);
  EXPECT_EQ(state.add(result_of(true)), Notice::Recovered);
}

TEST(AlertState, reminds_while_it_lasts) {
  AlertState state({1, minutes(60)});
  EXPECT_EQ(state.add(result_of(false, kNoon)), Notice::Failed);
  EXPECT_EQ(state.add(result_of(false, kNoon + minutes(30))), std::nullopt);
  EXPECT_EQ(state.add(result_of(false, kNoon + minutes(60) - milliseconds(3))), Notice::StillFailing);
  EXPECT_EQ(state.add(result_of(false, kNoon + minutes(90))), std::nullopt);
  EXPECT_EQ(state.add(result_of(false, kNoon + minutes(120))), Notice::StillFailing);
}

TEST(Alert, as_json_has_the_whole_result) {
  Alert alert = failed_alert();
  const base::Json json = read(alert_json(alert));
  EXPECT_EQ(text_of(json, "event"), "monitor.failed");
  EXPECT_EQ(text_of(json, "monitor"), "office-calls");
  EXPECT_EQ(std::get<base::Json::Number>(member(json, "failures").value).text, "2");
  EXPECT_EQ(text_of(json, "failing_since"), "2026-03-01T11:55:00.000Z");
  EXPECT_EQ(text_of(member(json, "result"), "report"), alert.report_url);
  alert.notice = Notice::StillFailing;
  EXPECT_EQ(text_of(read(alert_json(alert)), "event"), "monitor.still_failing");
  alert.notice = Notice::Recovered;
  EXPECT_EQ(text_of(read(alert_json(alert)), "event"), "monitor.recovered");
}

TEST(Alert, for_slack_has_header_facts_reason_and_link) {
  const base::Json json = read(alert_slack(failed_alert()));
  EXPECT_EQ(text_of(json, "text"), "office-calls failed: call.js — busy is heard: expected Busy, but was Idle");
  EXPECT_EQ(slack_texts(json),
            (Texts{"office-calls failed", "*Failures in a row*\n2", "*Failing since*\n2026-03-01 11:55:00 UTC", "*Last run*\n2026-03-01 12:00:00 UTC",
                   "*Duration*\n2.50 s", "call.js — busy is heard: expected Busy, but was Idle", "<https://monitor.example/r-1?a=1&amp;b=2|Report>"}));
}

TEST(Alert, for_slack_escapes_what_slack_would_read) {
  Alert alert = alert_with(2);
  alert.result.monitor = "a<b>&c";
  alert.result.error = "<!channel> & all";
  alert.report_url = "https://a/|x>y";
  const base::Json json = read(alert_slack(alert));
  EXPECT_EQ(text_of(json, "text"), "a&lt;b&gt;&amp;c failed: &lt;!channel&gt; &amp; all");
  const Texts texts = slack_texts(json);
  EXPECT_EQ(texts.front(), "a&lt;b&gt;&amp;c failed");
  EXPECT_EQ(texts[5], "&lt;!channel&gt; &amp; all");
  EXPECT_EQ(texts[6], "*scenario 0*\nno &lt;tone&gt; &amp; no @here");
  EXPECT_EQ(texts.back(), "<https://a/%7Cx&gt;y|Report>");
}

TEST(Alert, names_ten_failed_scenarios_at_most) {
  const Texts slack = slack_texts(read(alert_slack(alert_with(13))));
  EXPECT_EQ(slack[slack.size() - 3], "*scenario 9*\nno &lt;tone&gt; &amp; no @here");
  EXPECT_EQ(slack[slack.size() - 2], "and 3 more");
  const Texts teams = teams_texts(read(alert_teams(alert_with(13))));
  EXPECT_EQ(teams[teams.size() - 2], "scenario 9: no <tone> & no @here");
  EXPECT_EQ(teams.back(), "and 3 more");
  EXPECT_TRUE(alert_mail(alert_with(13)).body.ends_with("- scenario 9: no <tone> & no @here\nand 3 more\n"));
  EXPECT_THAT(alert_mail(alert_with(10)).body, Not(HasSubstr("more")));
}

TEST(Alert, cuts_long_texts) {
  Alert alert = alert_with(10);
  alert.result.monitor = std::string(1000, '&');
  alert.result.error = std::string(5000, '<');
  for (MonitoredScenario& scenario : alert.result.scenarios) {
    scenario.name = std::string(1000, '&');
    scenario.error = std::string(5000, '>');
  }
  const Texts texts = slack_texts(read(alert_slack(alert)));
  EXPECT_LE(texts.front().size(), 150U);
  for (const std::string& text : texts) {
    EXPECT_LE(text.size(), 3000U);
  }
  EXPECT_THAT(teams_texts(read(alert_teams(alert)))[5], HasSubstr("… (4500 bytes more)"));
  EXPECT_LT(alert_mail(alert).subject.size(), 300U);
}

TEST(Alert, for_teams_is_a_card) {
  const base::Json json = read(alert_teams(failed_alert()));
  EXPECT_EQ(text_of(json, "type"), "message");
  const base::Json& attachment = array_of(json, "attachments").front();
  EXPECT_EQ(text_of(attachment, "contentType"), "application/vnd.microsoft.card.adaptive");
  const base::Json& card = member(attachment, "content");
  EXPECT_EQ(text_of(card, "type"), "AdaptiveCard");
  EXPECT_EQ(text_of(card, "version"), "1.4");
  EXPECT_EQ(text_of(array_of(card, "actions").front(), "url"), failed_alert().report_url);
  EXPECT_EQ(teams_texts(json), (Texts{"office-calls failed", "Failures in a row: 2", "Failing since: 2026-03-01 11:55:00 UTC",
                                      "Last run: 2026-03-01 12:00:00 UTC", "Duration: 2.50 s", "call.js — busy is heard: expected Busy, but was Idle"}));
  Alert alert = failed_alert();
  alert.report_url = "";
  EXPECT_THAT(alert_teams(alert), Not(HasSubstr("actions")));
}

TEST(Alert, of_a_recovery_tells_what_was) {
  const Alert alert{Notice::Recovered, result_of(true), 3, kNoon - minutes(15), ""};
  EXPECT_EQ(slack_texts(read(alert_slack(alert))), (Texts{"office-calls has recovered", "*Failures before*\n3", "*Failed since*\n2026-03-01 11:45:00 UTC",
                                                          "*Last run*\n2026-03-01 12:00:00 UTC", "*Duration*\n2.50 s"}));
  EXPECT_EQ(text_of(read(alert_slack(alert)), "text"), "office-calls has recovered");
  EXPECT_EQ(teams_texts(read(alert_teams(alert))).front(), "office-calls has recovered");
  EXPECT_EQ(alert_mail(alert).subject, "[callwright] office-calls recovered");
}

TEST(Alert, as_mail_has_the_reason_in_its_subject) {
  Alert alert = failed_alert();
  const Mail mail = alert_mail(alert);
  EXPECT_EQ(mail.subject, "[callwright] office-calls FAILED: call.js — busy is heard: expected Busy, but was Idle");
  EXPECT_EQ(mail.body,
            "office-calls failed.\n\ncall.js — busy is heard: expected Busy, but was Idle\n\nFailures in a row: 2\nFailing since: 2026-03-01 11:55:00 UTC\n"
            "Last run: 2026-03-01 12:00:00 UTC\nDuration: 2.50 s\nReport: https://monitor.example/r-1?a=1&b=2\n");
  alert.notice = Notice::StillFailing;
  alert.result.error = "";
  alert.result.trigger = "request";
  EXPECT_EQ(alert_mail(alert).subject, "[callwright] office-calls STILL FAILING: busy is heard: expected Busy, but was Idle");
  EXPECT_THAT(alert_mail(alert).body, HasSubstr("Last run: 2026-03-01 12:00:00 UTC, on request\n"));
  alert.result.scenarios.clear();
  EXPECT_EQ(alert_mail(alert).subject, "[callwright] office-calls STILL FAILING: no reason is known");
}

TEST(Alert, as_mail_has_one_line_as_its_subject) {
  Alert alert = failed_alert();
  alert.result.monitor = "a\r\nBcc: all@example.com";
  alert.result.error = "first\n\tsecond\n";
  EXPECT_EQ(alert_mail(alert).subject, "[callwright] a Bcc: all@example.com FAILED: first second");
  alert.result.error = fmt::format("{}\u00e9\u00e9\u00e9", std::string(198, 'x'));
  EXPECT_TRUE(base::is_utf8(alert_mail(alert).subject));
}

}  // namespace
}  // namespace callwright::verify
