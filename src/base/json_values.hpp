#pragma once

#include "base/json.hpp"

#include <string>
#include <string_view>
#include <type_traits>

/// JSON values made here, as `json.hpp` writes them.
namespace callwright::base {

[[nodiscard]] inline Json json_text(std::string_view value) { return Json{std::string(value)}; }
/// A whole number.
template <class Number>
[[nodiscard]] Json json_number(Number value) {
  static_assert(std::is_integral_v<Number>);
  return Json{Json::Number{std::to_string(value)}};
}

}  // namespace callwright::base
