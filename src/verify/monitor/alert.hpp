#pragma once

#include "verify/monitor/monitor_result.hpp"

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace callwright::verify {

/// When an alert is told of one monitor: at a change, never with each run. Pure.
class AlertState {
 public:
  struct Rule {
    unsigned after = 1;                   ///< Failures in a row.
    std::chrono::milliseconds remind{0};  ///< While it lasts; zero: only once.
  };
  enum class Notice : std::uint8_t { Failed, StillFailing, Recovered };

  explicit AlertState(Rule rule) : rule_(rule) {}

  /// What is to be told of this result; nothing for most.
  [[nodiscard]] std::optional<Notice> add(const MonitorResult& result);
  /// Failures in a row, up to now.
  [[nodiscard]] unsigned failures() const noexcept { return failures_; }
  /// Of the first failure in the row.
  [[nodiscard]] std::chrono::system_clock::time_point failing_since() const noexcept { return since_; }

 private:
  Rule rule_;
  unsigned failures_ = 0;
  bool told_ = false;
  std::chrono::system_clock::time_point since_{};
  std::chrono::system_clock::time_point last_notice_{};
};

/// What is told, whatever the form.
struct Alert {
  AlertState::Notice notice = AlertState::Notice::Failed;
  MonitorResult result;
  unsigned failures = 0;  ///< In a row; of a recovery, those before it.
  std::chrono::system_clock::time_point failing_since{};
  std::string report_url;  ///< "" when there is none.
};

/// `{"event":"monitor.failed|monitor.still_failing|monitor.recovered","monitor","failures","failing_since","result":{…}}`
[[nodiscard]] std::string alert_json(const Alert& alert);
/// For an incoming webhook of Slack: `text` for notifications and blocks (header, facts, failed scenarios, link).
[[nodiscard]] std::string alert_slack(const Alert& alert);
/// For a webhook of Microsoft Teams: a message with one Adaptive Card (schema 1.4).
[[nodiscard]] std::string alert_teams(const Alert& alert);

struct Mail {
  std::string subject;  ///< One line, any UTF-8.
  std::string body;     ///< Lines end in LF.
};
[[nodiscard]] Mail alert_mail(const Alert& alert);
/// RFC 5322 with what the mail needs (From, To, Subject, Date, Message-ID, MIME-Version, UTF-8 in 7bit or quoted-printable, RFC 2047 for the subject and for
/// names); lines end in CRLF. `id` is the part of the Message-ID before the '@'.
[[nodiscard]] std::string mail_message(const Mail& mail, std::string_view from, const std::vector<std::string>& to, std::chrono::system_clock::time_point date,
                                       std::string_view id);

}  // namespace callwright::verify
