#pragma once

#include "app/config_keys.hpp"

#include <span>

namespace callwright::app {

/// The keys of `[call_api]` and `[http]` that say where clients come in, and which.
[[nodiscard]] std::span<const ConfigKey> web_config_keys() noexcept;

/// Whether one of the listeners speaks TLS.
[[nodiscard]] bool serves_web_securely(const Config& config) noexcept;

}  // namespace callwright::app
