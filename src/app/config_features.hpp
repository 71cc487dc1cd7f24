#pragma once

#include "app/config_conferences.hpp"

#include <toml++/toml.h>

#include <string_view>

namespace callwright::app {

/// Keys of an [[accounts]] table that tell what the user wants to happen to his calls.
inline constexpr std::string_view kFeatureKeys[] = {"forward", "find_me", "screening", "do_not_disturb"};

/// Those of this table.
[[nodiscard]] call::UserFeatures read_features(const toml::table& account, const Complain& complain);

}  // namespace callwright::app
