#pragma once

#include "server/call_api/dialect.hpp"
#include "server/call_api/error_style.hpp"

namespace callwright::server::call_api {

/// How the server talks on one connection; both are constants.
struct Protocol {
  const Dialect* dialect = &current_dialect();
  const ErrorStyle* errors = &json_rpc_errors();
};

}  // namespace callwright::server::call_api
