#pragma once

#include "base/json_values.hpp"
#include "server/call_api/json.hpp"

namespace callwright::server::call_api {

using base::json_number;
using base::json_text;

}  // namespace callwright::server::call_api
