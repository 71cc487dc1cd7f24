#pragma once

#include "base/json.hpp"

/// JSON as the Call API reads and writes it: that of `base`.
namespace callwright::server::call_api {

using base::append_json;
using base::append_json_string;
using base::Json;
using base::MemberOrder;
using base::parse_json;

}  // namespace callwright::server::call_api
