#include "verify/run/duration_text.hpp"

#include <fmt/format.h>

#include <charconv>
#include <cmath>
#include <cstdint>
#include <limits>

namespace callwright::verify {
namespace {

constexpr std::int64_t kMillisecondsInSecond = 1000;
constexpr std::int64_t kMillisecondsInMinute = 60'000;

std::string_view without_blanks(std::string_view text) {
  constexpr std::string_view kBlanks = " \t";
  const std::size_t first = text.find_first_not_of(kBlanks);
  return first == std::string_view::npos ? std::string_view() : text.substr(first, text.find_last_not_of(kBlanks) - first + 1);
}

base::Error wrong(std::string_view text) {
  return {base::Errc::InvalidArgument, fmt::format("\"{}\" is no duration; write a whole number and ms, s or m, such as 500ms, 10s or 2m", text)};
}

}  // namespace

base::Result<std::chrono::milliseconds> parse_duration(std::string_view text) {
  const std::string_view trimmed = without_blanks(text);
  std::int64_t count = 0;
  const auto [end, error] = std::from_chars(trimmed.data(), trimmed.data() + trimmed.size(), count);
  const std::string_view unit = trimmed.substr(static_cast<std::size_t>(end - trimmed.data()));
  const std::int64_t factor = unit == "ms" ? 1 : unit == "s" ? kMillisecondsInSecond : unit == "m" ? kMillisecondsInMinute : 0;
  if (error == std::errc::invalid_argument || trimmed.starts_with('-') || factor == 0) {
    return wrong(text);
  }
  if (error != std::errc() || count > std::numeric_limits<std::int64_t>::max() / factor) {
    return base::Error(base::Errc::InvalidArgument, fmt::format("\"{}\" is too long a duration", text));
  }
  return std::chrono::milliseconds(count * factor);
}

std::string duration_text(double milliseconds) {
  if (milliseconds < kMillisecondsInSecond) {
    return fmt::format("{:.0f} ms", milliseconds);
  }
  if (milliseconds < kMillisecondsInMinute) {
    return fmt::format("{:.2f} s", milliseconds / kMillisecondsInSecond);
  }
  const auto seconds = static_cast<std::int64_t>(std::llround(milliseconds / kMillisecondsInSecond));
  return fmt::format("{} m {:02} s", seconds / 60, seconds % 60);
}

std::string counted(std::size_t count, std::string_view thing) { return fmt::format("{} {}{}", count, thing, count == 1 ? "" : "s"); }

}  // namespace callwright::verify
