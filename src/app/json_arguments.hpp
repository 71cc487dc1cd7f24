#pragma once

#include <boost/json/object.hpp>
#include <boost/json/value.hpp>

#include <string>
#include <string_view>

/// What the script library passes along with an operation.
namespace callwright::app {

/// "" for a member that is not there, or no string.
[[nodiscard]] inline std::string text_of(const boost::json::object& arguments, std::string_view name) {
  const boost::json::value* const found = arguments.if_contains(name);
  return found != nullptr && found->is_string() ? std::string(found->get_string()) : std::string();
}

/// `otherwise` for a member that is not there, or no number. A number that does not fit throws, which the script hears of.
template <class Number>
[[nodiscard]] Number number_of(const boost::json::object& arguments, std::string_view name, Number otherwise = {}) {
  const boost::json::value* const found = arguments.if_contains(name);
  return found != nullptr && found->is_number() ? found->to_number<Number>() : otherwise;
}

}  // namespace callwright::app
