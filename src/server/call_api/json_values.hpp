#pragma once

#include "base/clock.hpp"
#include "base/time_text.hpp"
#include "server/call_api/json.hpp"

#include <string>
#include <string_view>
#include <type_traits>

/// JSON values made here, as `json.hpp` writes them.
namespace callwright::server::call_api {

[[nodiscard]] inline Json json_text(std::string_view value) { return Json{std::string(value)}; }
/// A whole number.
template <class Number>
[[nodiscard]] Json json_number(Number value) {
  static_assert(std::is_integral_v<Number>);
  return Json{Json::Number{std::to_string(value)}};
}

/// A member, unless that time never was.
inline void add_time(Json::Object& members, const char* name, base::WallTime time) {
  if (time != base::WallTime{}) {
    members.push_back({name, json_text(base::to_text(time))});
  }
}
/// A member, unless it is "".
inline void add_text(Json::Object& members, const char* name, const std::string& value) {
  if (!value.empty()) {
    members.push_back({name, json_text(value)});
  }
}

}  // namespace callwright::server::call_api
