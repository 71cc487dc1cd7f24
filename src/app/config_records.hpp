#pragma once

#include "app/config_keys.hpp"

#include <span>
#include <string>
#include <string_view>

namespace callwright::app {

/// The keys of `[records]`.
[[nodiscard]] std::span<const ConfigKey> records_config_keys() noexcept;
/// What is wrong with them together, a line each. The URL and the secret are not repeated.
[[nodiscard]] std::string conflicts_in(const RecordsConfig& config, std::string_view file);

}  // namespace callwright::app
