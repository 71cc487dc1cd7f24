#include "app/commands.hpp"
#include "store/call_database.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdio>
#include <iterator>
#include <string>
#include <vector>

namespace callwright::app {
namespace {

constexpr std::size_t kColumns = 6;
using Line = std::array<std::string, kColumns>;

/// Whoever called chose these texts; they are not to steer a terminal.
std::string plain(std::string text) {
  std::replace_if(
      text.begin(), text.end(), [](char each) { return static_cast<unsigned char>(each) < ' ' || each == '\x7F'; }, '?');
  return text;
}

/// "2026-03-01T12:00:00.000512Z" as "2026-03-01 12:00:00"
std::string short_time(std::string text) {
  constexpr std::size_t kSeconds = 19;
  text.resize(std::min(text.size(), kSeconds));
  std::replace(text.begin(), text.end(), 'T', ' ');
  return text;
}

std::string talk_time(double seconds) {
  const long whole = std::lround(seconds);
  return seconds == 0 ? "-" : fmt::format("{}:{:02}", whole / 60, whole % 60);
}

Line line_of(const store::FoundCall& call) {
  return {short_time(plain(call.started)),
          plain(call.caller),
          plain(call.callee),
          talk_time(call.talk_s),
          fmt::format("{}", call.status),
          plain(call.reason) + " (" + plain(call.ended_by) + ")"};
}

void print_table(const std::vector<store::FoundCall>& calls) {
  std::vector<Line> lines{{"STARTED (UTC)", "CALLER", "CALLEE", "TALK", "STATUS", "REASON (ENDED BY)"}};
  std::transform(calls.begin(), calls.end(), std::back_inserter(lines), line_of);
  std::array<std::size_t, kColumns> widths{};
  for (const Line& line : lines) {
    for (std::size_t column = 0; column < kColumns; ++column) {
      widths[column] = std::max(widths[column], line[column].size());
    }
  }
  for (const Line& line : lines) {
    std::string text;
    for (std::size_t column = 0; column + 1 < kColumns; ++column) {
      text += fmt::format("{:<{}}  ", line[column], widths[column]);
    }
    std::printf("%s%s\n", text.c_str(), line.back().c_str());
  }
}

}  // namespace

int records(const RecordsOptions& options) {
  const auto found = store::blocking_find_calls(options.file, {.since = options.since, .limit = options.limit});
  if (!found) {
    std::fprintf(stderr, "callwright records: %s\n", found.error().message().c_str());
    return 1;
  }
  if (options.output == RecordsOptions::Output::Text) {
    print_table(*found);
    return 0;
  }
  for (const store::FoundCall& call : *found) {
    std::printf("%s\n", call.json.c_str());
  }
  return 0;
}

}  // namespace callwright::app
