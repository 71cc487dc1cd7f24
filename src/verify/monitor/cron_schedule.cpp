#include "verify/monitor/cron_schedule.hpp"

#include "verify/run/duration_text.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <string>
#include <utility>
#include <vector>

namespace callwright::verify {
namespace {

using base::Errc;
using base::Error;
using base::Result;

/// From one 29 February to the next there may be eight years: 2096 and 2104.
constexpr int kYearsAhead = 8;
constexpr std::chrono::hours kLongestInterval{24 * 366};
constexpr std::string_view kBlanks = " \t";

constexpr std::array<std::string_view, 12> kMonthNames{"jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"};
constexpr std::array<std::string_view, 7> kWeekdayNames{"sun", "mon", "tue", "wed", "thu", "fri", "sat"};

/// What a field takes.
struct Field {
  std::string_view name;
  std::size_t low = 0;
  std::size_t high = 0;
  std::string_view range;  ///< As errors tell it.
  const std::string_view* names = nullptr;
  std::size_t names_count = 0;  ///< The first one is `low`.
};

constexpr std::array<Field, 6> kFields{{
    {"second", 0, 59, "0 to 59"},
    {"minute", 0, 59, "0 to 59"},
    {"hour", 0, 23, "0 to 23"},
    {"day of the month", 1, 31, "1 to 31"},
    {"month", 1, 12, "1 to 12 or jan to dec", kMonthNames.data(), kMonthNames.size()},
    {"day of the week", 0, 7, "0 to 7 or sun to sat", kWeekdayNames.data(), kWeekdayNames.size()},
}};
constexpr std::size_t kWeekdayField = 5;
constexpr std::size_t kSunday = 7;

/// Wide enough for each field; the day of the week has Sunday at both ends.
using Values = std::bitset<60>;

constexpr std::array<std::pair<std::string_view, std::string_view>, 7> kNicknames{{
    {"@hourly", "0 * * * *"},
    {"@daily", "0 0 * * *"},
    {"@midnight", "0 0 * * *"},
    {"@weekly", "0 0 * * 0"},
    {"@monthly", "0 0 1 * *"},
    {"@yearly", "0 0 1 1 *"},
    {"@annually", "0 0 1 1 *"},
}};

Error wrong(std::string detail) { return {Errc::InvalidArgument, std::move(detail)}; }

std::string lower(std::string_view text) {
  std::string out(text);
  std::transform(out.begin(), out.end(), out.begin(),
                 [](char letter) { return letter >= 'A' && letter <= 'Z' ? static_cast<char>(letter - 'A' + 'a') : letter; });
  return out;
}

std::vector<std::string_view> words_of(std::string_view text) {
  std::vector<std::string_view> words;
  for (std::size_t start = text.find_first_not_of(kBlanks); start != std::string_view::npos; start = text.find_first_not_of(kBlanks)) {
    text.remove_prefix(start);
    words.push_back(text.substr(0, text.find_first_of(kBlanks)));
    text.remove_prefix(words.back().size());
  }
  return words;
}

std::optional<std::size_t> number_of(std::string_view text) {
  std::size_t number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  return error == std::errc() && end == text.data() + text.size() ? std::optional(number) : std::nullopt;
}

Result<std::size_t> parse_value(const Field& field, std::string_view text) {
  auto number = number_of(text);
  if (field.names != nullptr) {
    const auto* const end = field.names + field.names_count;
    const auto* const found = std::find(field.names, end, lower(text));
    number = found == end ? number : field.low + static_cast<std::size_t>(found - field.names);
  }
  if (!number || *number < field.low || *number > field.high) {
    return wrong(fmt::format("the {} \"{}\" is not from {}", field.name, text, field.range));
  }
  return *number;
}

/// `*`, `5` or `1-5`.
Result<std::pair<std::size_t, std::size_t>> parse_range(const Field& field, std::string_view text) {
  if (text == "*") {
    return std::pair(field.low, field.high);
  }
  const std::size_t dash = text.find('-');
  const auto first = parse_value(field, text.substr(0, dash));
  if (!first) {
    return first.error();
  }
  if (dash == std::string_view::npos) {
    return std::pair(*first, *first);
  }
  auto last = parse_value(field, text.substr(dash + 1));
  if (!last) {
    return last.error();
  }
  // "fri-sun" ends with the week.
  if (field.high == kSunday && *last == 0 && *first > 0) {
    last = kSunday;
  }
  if (*last < *first) {
    return wrong(fmt::format("the range \"{}\" of the {} ends before it begins", text, field.name));
  }
  return std::pair(*first, *last);
}

/// One part of a list.
Result<void> add_part(Values& values, const Field& field, std::string_view text) {
  const std::size_t slash = text.find('/');
  const auto range = parse_range(field, text.substr(0, slash));
  if (!range) {
    return range.error();
  }
  std::size_t step = 1;
  if (slash != std::string_view::npos) {
    if (text.find_first_of("*-") > slash) {
      return wrong(fmt::format("the {} \"{}\" has a step and no range; write */{} or {}-{}/{}", field.name, text, text.substr(slash + 1), text.substr(0, slash),
                               field.high, text.substr(slash + 1)));
    }
    const std::size_t most = field.high - field.low + (field.high == kSunday ? 0 : 1);
    step = number_of(text.substr(slash + 1)).value_or(0);
    if (step < 1 || step > most) {
      return wrong(fmt::format("the step \"{}\" of the {} is not from 1 to {}", text.substr(slash + 1), field.name, most));
    }
  }
  // Else `*/2` would have Sunday twice, once out of step.
  const std::size_t last = field.high == kSunday && text.starts_with('*') ? kSunday - 1 : range->second;
  for (std::size_t value = range->first; value <= last; value += step) {
    values.set(value);
  }
  return base::ok();
}

Result<Values> parse_field(const Field& field, std::string_view text) {
  Values values;
  while (true) {
    const std::size_t comma = text.find(',');
    if (const auto added = add_part(values, field, text.substr(0, comma)); !added) {
      return added.error();
    }
    if (comma == std::string_view::npos) {
      return values;
    }
    text.remove_prefix(comma + 1);
  }
}

template <std::size_t kSize>
void take(std::bitset<kSize>& bits, const Values& values) {
  for (std::size_t value = 0; value < kSize; ++value) {
    bits[value] = values[value];
  }
}

Result<std::chrono::milliseconds> parse_interval(std::string_view text) {
  auto interval = parse_duration(text);
  if (!interval) {
    return wrong(fmt::format("@every: {}", interval.error().message()));
  }
  if (*interval <= std::chrono::milliseconds(0) || *interval > kLongestInterval) {
    return wrong(fmt::format("@every {} is not above 0 and at most 366 days", text));
  }
  return interval;
}

/// The calendar that such a name stands for.
Result<std::string_view> calendar_of(std::string_view nickname) {
  const std::string name = lower(nickname);
  const auto* const found = std::find_if(kNicknames.begin(), kNicknames.end(), [&](const auto& entry) { return entry.first == name; });
  if (found != kNicknames.end()) {
    return found->second;
  }
  std::string known;
  for (const auto& entry : kNicknames) {
    known += fmt::format("{}, ", entry.first);
  }
  return wrong(fmt::format("\"{}\" is not known; write one of {}or @every with a duration, such as @every 90s", nickname, known));
}

template <std::size_t kSize>
std::optional<int> next_of(const std::bitset<kSize>& bits, int from) {
  for (auto value = static_cast<std::size_t>(std::max(from, 0)); value < kSize; ++value) {
    if (bits[value]) {
      return static_cast<int>(value);
    }
  }
  return std::nullopt;
}

int days_of(int year, int month) {
  const std::chrono::year_month_day_last last{std::chrono::year(year), std::chrono::month_day_last(std::chrono::month(static_cast<unsigned>(month)))};
  return static_cast<int>(static_cast<unsigned>(last.day()));
}

}  // namespace

Result<CronSchedule> CronSchedule::parse(std::string_view text) {
  auto words = words_of(text);
  CronSchedule schedule;
  if (!words.empty() && (words.front().starts_with("TZ=") || words.front().starts_with("CRON_TZ="))) {
    schedule.zone_ = words.front().substr(words.front().find('=') + 1);
    if (schedule.zone_.empty()) {
      return wrong(fmt::format("\"{}\" names no time zone; write TZ=Europe/Berlin, or leave it out", text));
    }
    words.erase(words.begin());
  }
  if (!words.empty() && lower(words.front()) == "@every" && words.size() == 2) {
    const auto interval = parse_interval(words.back());
    if (!interval) {
      return interval.error();
    }
    schedule.interval_ = *interval;
    return schedule;
  }
  if (!words.empty() && words.front().starts_with('@')) {
    const std::string_view trimmed(words.front().data(), static_cast<std::size_t>(words.back().data() + words.back().size() - words.front().data()));
    const auto calendar = calendar_of(trimmed);
    if (!calendar) {
      return calendar.error();
    }
    words = words_of(*calendar);
  }
  if (words.size() + 1 == kFields.size()) {
    words.insert(words.begin(), "0");
  }
  if (words.size() != kFields.size()) {
    return wrong(fmt::format("\"{}\" has {}; write 5 (minute, hour, day of the month, month, day of the week), or 6 with seconds in front", text,
                             counted(words.size(), "field")));
  }
  std::array<Values, kFields.size()> values;
  for (std::size_t field = 0; field < kFields.size(); ++field) {
    const auto parsed = parse_field(kFields[field], words[field]);
    if (!parsed) {
      return parsed.error();
    }
    values[field] = *parsed;
  }
  const auto& [seconds, minutes, hours, days, months, weekdays] = values;
  take(schedule.seconds_, seconds);
  take(schedule.minutes_, minutes);
  take(schedule.hours_, hours);
  take(schedule.days_, days);
  take(schedule.months_, months);
  take(schedule.weekdays_, weekdays);
  schedule.weekdays_[0] = weekdays[0] || weekdays[kSunday];
  schedule.any_day_ = words[kWeekdayField - 2].starts_with('*');
  schedule.any_weekday_ = words[kWeekdayField].starts_with('*');
  return schedule;
}

bool CronSchedule::has_day(int year, int month, int day) const {
  const std::chrono::year_month_day date{std::chrono::year(year), std::chrono::month(static_cast<unsigned>(month)),
                                         std::chrono::day(static_cast<unsigned>(day))};
  const bool by_day = days_[static_cast<std::size_t>(day)];
  const bool by_weekday = weekdays_[std::chrono::weekday(std::chrono::sys_days(date)).c_encoding()];
  return any_day_ || any_weekday_ ? by_day && by_weekday : by_day || by_weekday;
}

std::optional<LocalTime> CronSchedule::next_time(const LocalTime& at) const {
  for (auto hour = next_of(hours_, at.hour); hour; hour = next_of(hours_, *hour + 1)) {
    const bool same_hour = *hour == at.hour;
    for (auto minute = next_of(minutes_, same_hour ? at.minute : 0); minute; minute = next_of(minutes_, *minute + 1)) {
      if (const auto second = next_of(seconds_, same_hour && *minute == at.minute ? at.second : 0)) {
        return LocalTime{at.year, at.month, at.day, *hour, *minute, *second};
      }
    }
  }
  return std::nullopt;
}

std::optional<LocalTime> CronSchedule::next(const LocalTime& after) const {
  LocalTime at = after;
  ++at.second;
  for (; at.year <= after.year + kYearsAhead; ++at.year) {
    for (; at.month <= 12; ++at.month) {
      const int days = months_[static_cast<std::size_t>(at.month)] ? days_of(at.year, at.month) : 0;
      for (; at.day <= days; ++at.day) {
        if (!has_day(at.year, at.month, at.day)) {
          at.hour = at.minute = at.second = 0;
          continue;
        }
        if (const auto found = next_time(at)) {
          return found;
        }
        at.hour = at.minute = at.second = 0;
      }
      at.day = 1;
      at.hour = at.minute = at.second = 0;
    }
    at.month = 1;
  }
  return std::nullopt;
}

}  // namespace callwright::verify
