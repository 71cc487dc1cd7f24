#pragma once

#include "base/clock.hpp"
#include "base/json_values.hpp"
#include "base/time_text.hpp"
#include "server/call_api/json.hpp"

namespace callwright::server::call_api {

using base::json_number;
using base::json_text;

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
