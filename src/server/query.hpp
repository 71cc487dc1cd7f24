#pragma once

#include <optional>
#include <string>
#include <string_view>

/// The part of a URL after the '?'. Pure.
namespace callwright::server {

/// The value of `name` in "a=1&b=2", of several the last; "" for a name without one. Percent-escapes stay as they are.
[[nodiscard]] std::optional<std::string_view> query_value(std::string_view query, std::string_view name);
/// A path without its percent-escapes (RFC 3986 §2.1); nothing when one is broken or stands for a control character.
[[nodiscard]] std::optional<std::string> unescaped(std::string_view path);
/// A URL or a request target for a log or a message: the value of each `token` is replaced by "***".
[[nodiscard]] std::string without_token_values(std::string_view url);

}  // namespace callwright::server
