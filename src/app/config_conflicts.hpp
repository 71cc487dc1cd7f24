#pragma once

#include "app/config.hpp"

#include <string>
#include <string_view>

namespace callwright::app {

/// What cannot be seen in one key alone, a line for each problem. A configuration without accounts that is open to nobody else gets those of the demo.
std::string conflicts_in(Config& config, std::string_view file);

}  // namespace callwright::app
