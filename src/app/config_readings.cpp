// Settings from outside the file have no type of their own.
#include "app/config_keys.hpp"

#include <algorithm>
#include <charconv>

namespace callwright::app {

std::vector<ConfigValue> readings_of(std::string_view text) {
  std::vector<ConfigValue> readings;
  if (text == "true" || text == "false") {
    readings.emplace_back(text == "true");
  }
  std::int64_t number = 0;
  const auto [end, failure] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (failure == std::errc() && end == text.data() + text.size()) {
    readings.emplace_back(number);
  }
  if (text.find(',') != std::string_view::npos) {
    std::vector<std::string> list;
    for (std::size_t start = 0; start <= text.size();) {
      const std::size_t comma = std::min(text.find(',', start), text.size());
      list.emplace_back(text.substr(start, comma - start));
      start = comma + 1;
    }
    readings.emplace_back(std::move(list));
  }
  readings.emplace_back(std::string(text));
  return readings;
}

}  // namespace callwright::app
