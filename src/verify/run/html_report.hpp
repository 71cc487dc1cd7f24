#pragma once

#include "verify/run/run_summary.hpp"

#include <cstddef>
#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <vector>

namespace callwright::verify {

/// A file that a scenario left, as the report offers it.
struct ReportAttachment {
  std::string path;        ///< As in the event.
  std::string href;        ///< A data: URI, or where the file is, seen from the report.
  std::uint64_t size = 0;  ///< In bytes.
  bool embedded = false;
  bool missing = false;
};

/// One page that holds a whole run, made of its events. Needs no network and no other file, except for what was too large to be put into it.
class HtmlReport {
 public:
  /// What is kept of the events. Beyond it steps are dropped, and counted, but never the beginnings and ends of scenarios.
  static constexpr std::size_t kMaxEvents = 64U << 20U;

  explicit HtmlReport(std::size_t max_events = kMaxEvents) : max_events_(max_events) {}

  void add(const RunEvent& event);
  [[nodiscard]] std::string page(const RunSummary& summary, const std::vector<ReportAttachment>& attachments) const;

 private:
  struct File {
    std::string path;
    std::string lines;  ///< Separated by commas.
    std::size_t dropped = 0;
  };
  File& file_of(std::string_view path);

  const std::size_t max_events_;
  std::size_t size_ = 0;
  std::vector<File> files_;
  std::map<std::string, std::size_t, std::less<>> places_;
};

/// The page without a run; `html_report_mark()` stands where the data go. Made of web/report at build time.
[[nodiscard]] std::string_view html_report_template() noexcept;
[[nodiscard]] std::string_view html_report_mark() noexcept;

}  // namespace callwright::verify
