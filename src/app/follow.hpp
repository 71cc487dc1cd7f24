#pragma once

#include "app/call_view.hpp"
#include "app/commands.hpp"

#include <vector>

namespace callwright::app {

/// `callwright call METHOD --follow`; the exit status of the process. Blocks until a signal, or until what is followed is over.
int follow(const CallOptions& options, const std::vector<CallParameter>& params);

}  // namespace callwright::app
