#pragma once

#include "app/config_keys.hpp"

#include <span>

namespace callwright::app {

/// The keys of `[opensips]`, and call_api.connector.
[[nodiscard]] std::span<const ConfigKey> opensips_config_keys() noexcept;

/// A proxy on this machine.
[[nodiscard]] OpenSipsConfig default_opensips();

}  // namespace callwright::app
