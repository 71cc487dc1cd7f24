#include "verify/run/html_report.hpp"

#include "base/json_values.hpp"

#include <fmt/format.h>

namespace callwright::verify {
namespace {

bool is_frame(RunEventKind kind) {
  return kind == RunEventKind::FileStarted || kind == RunEventKind::FileFinished || kind == RunEventKind::FileLoaded || kind == RunEventKind::ScenarioStarted ||
         kind == RunEventKind::ScenarioFinished || kind == RunEventKind::ScenarioSkipped || kind == RunEventKind::Finished;
}

std::string text(std::string_view value) {
  std::string out;
  base::append_json_string(out, value);
  return out;
}

void append_attachments(std::string& out, const std::vector<ReportAttachment>& attachments) {
  out += "\"attachments\":{";
  for (const ReportAttachment& attachment : attachments) {
    out += &attachment == &attachments.front() ? "" : ",";
    out += fmt::format(R"({}:{{"href":{},"size":{},"embedded":{},"missing":{}}})", text(attachment.path), text(attachment.href), attachment.size,
                       attachment.embedded, attachment.missing);
  }
  out += "}";
}

}  // namespace

std::string_view html_report_mark() noexcept { return "/*RUN*/"; }

void HtmlReport::add(const RunEvent& event) {
  if (event.file().empty()) {
    return;
  }
  File& file = file_of(event.file());
  const std::string line = event.line();
  if (!is_frame(event.kind()) && size_ + line.size() > max_events_) {
    ++file.dropped;
    return;
  }
  size_ += line.size();
  file.lines += file.lines.empty() ? "" : ",\n";
  file.lines += line;
}

HtmlReport::File& HtmlReport::file_of(std::string_view path) {
  if (const auto found = places_.find(path); found != places_.end()) {
    return files_[found->second];
  }
  places_.emplace(path, files_.size());
  files_.emplace_back().path = path;
  return files_.back();
}

std::string HtmlReport::page(const RunSummary& summary, const std::vector<ReportAttachment>& attachments) const {
  const RunCounts counts = summary.counts();
  std::string data = fmt::format(R"({{"run":{},"version":{},"seed":{},"started":{},"duration_ms":{:.3f},"interrupted":{},)", text(summary.run()),
                                 text(summary.version()), text(summary.seed()), text(summary.started()), summary.duration_ms(), summary.interrupted());
  data += fmt::format(R"("passed":{},)", counts.passed_files == counts.files && !summary.interrupted());
  append_attachments(data, attachments);
  data += ",\"files\":[";
  for (const File& file : files_) {
    data += fmt::format("{}{{\"path\":{},\"dropped\":{},\"events\":[\n{}]}}", &file == &files_.front() ? "" : ",\n", text(file.path), file.dropped, file.lines);
  }
  data += "]}";
  const std::string_view page = html_report_template();
  const std::size_t mark = page.find(html_report_mark());
  // The JSON is written without `<`, so nothing in it ends the element around it.
  return fmt::format("{}{}{}", page.substr(0, mark), data, page.substr(mark + html_report_mark().size()));
}

}  // namespace callwright::verify
