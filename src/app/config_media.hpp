#pragma once

#include "app/config_keys.hpp"
#include "call/media_profile.hpp"

#include <span>

namespace callwright::app {

/// The keys of `[media]`.
[[nodiscard]] std::span<const ConfigKey> media_config_keys() noexcept;

/// The keys that an account or a route may have of its own: media, codecs, security.
inline constexpr std::string_view kProfileKeys[] = {"media", "codecs", "security"};
/// Takes one of them over; what was expected when the value is something else, or "".
[[nodiscard]] std::string_view take_profile_key(call::MediaProfile& profile, std::string_view key, const ConfigValue& value);

}  // namespace callwright::app
