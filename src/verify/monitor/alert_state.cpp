#include "verify/monitor/alert.hpp"

#include <algorithm>

namespace callwright::verify {
namespace {

/// Starts are never on the millisecond: without this, a reminder for each hour would leave out the run that starts one too early.
std::chrono::milliseconds jitter_of(std::chrono::milliseconds remind) { return std::min(remind / 10, std::chrono::milliseconds(1000)); }

}  // namespace

std::optional<AlertState::Notice> AlertState::add(const MonitorResult& result) {
  if (result.passed) {
    const bool was_told = told_;
    failures_ = 0;
    told_ = false;
    return was_told ? std::optional(Notice::Recovered) : std::nullopt;
  }
  since_ = failures_ == 0 ? result.started : since_;
  ++failures_;
  const bool is_due = told_ ? rule_.remind.count() > 0 && result.started - last_notice_ >= rule_.remind - jitter_of(rule_.remind) : failures_ >= rule_.after;
  if (!is_due) {
    return std::nullopt;
  }
  last_notice_ = result.started;
  const Notice notice = told_ ? Notice::StillFailing : Notice::Failed;
  told_ = true;
  return notice;
}

}  // namespace callwright::verify
