#pragma once

#include "app/config.hpp"

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

namespace callwright::app {

/// What a key may hold; lists are of strings.
using ConfigValue = std::variant<std::string, std::int64_t, bool, std::vector<std::string>>;

struct ConfigKey {
  std::string_view name;      ///< "sip.listen"
  std::string_view expected;  ///< For messages: "an address such as …".
  /// Takes the value over; false when it is not what was expected.
  bool (*apply)(Config& config, const ConfigValue& value);
};

/// Of the keys that stand once; `[[accounts]]` and `[[routes]]` are tables of their own. Null when there is none of that name.
[[nodiscard]] const ConfigKey* find_config_key(std::string_view name) noexcept;
/// A list, or one text as a list of one; false for anything else.
[[nodiscard]] bool take_strings(std::vector<std::string>& out, const ConfigValue& value);
[[nodiscard]] bool take_text(std::string& out, const ConfigValue& value);
/// For `routes.follow_redirects`: "no", "domain" or "all"; false for anything else.
[[nodiscard]] bool take_redirects(sip::RedirectPolicy& out, const ConfigValue& value);
/// The key with the most similar name, for "did you mean"; empty when none is near.
[[nodiscard]] std::string_view nearest_config_key(std::string_view name);
/// Text from the environment or a flag: a number where it looks like one, true or false, a comma-separated list where there is a comma.
[[nodiscard]] std::vector<ConfigValue> readings_of(std::string_view text);

}  // namespace callwright::app
