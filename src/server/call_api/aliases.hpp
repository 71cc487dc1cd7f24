#pragma once

#include "server/call_api/json.hpp"

#include <string_view>

/// Older and mistaken spellings that clients use, in either dialect.
namespace callwright::server::call_api {

/// The name of the method that a client means: "CallUnhold" for "CallUnHold". Any other name is its own.
[[nodiscard]] std::string_view method_meant(std::string_view name) noexcept;

/// The parameter of that name, or under its older name ("callid_a" for "callidA"); nothing when there is neither. The newer name counts when there are both.
[[nodiscard]] const Json* find_parameter(const Json& params, std::string_view name) noexcept;

}  // namespace callwright::server::call_api
