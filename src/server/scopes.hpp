#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace callwright::server {

/// What a client may do. Whoever may control calls may read, and an admin may do everything.
enum class Scope : std::uint8_t { CallRead, CallControl, Admin };

/// "call:read", "call:control", "admin"
[[nodiscard]] std::string_view to_string(Scope scope) noexcept;
/// Nothing for a name that there is not.
[[nodiscard]] std::optional<Scope> find_scope(std::string_view name) noexcept;
/// All of them, for messages: "call:read, call:control, admin".
[[nodiscard]] std::string names_of_scopes();

/// What a client has been granted; a value. None at first.
class Scopes {
 public:
  constexpr Scopes() noexcept = default;
  [[nodiscard]] static constexpr Scopes all() noexcept { return Scopes().with(Scope::Admin); }
  /// "call:read,call:control"; nothing when one of them does not exist, or there is none.
  [[nodiscard]] static std::optional<Scopes> parse(std::string_view list);

  [[nodiscard]] constexpr Scopes with(Scope scope) const noexcept {
    Scopes more = *this;
    more.granted_ = static_cast<std::uint8_t>(granted_ | bit(scope));
    return more;
  }
  /// Also by what another scope implies.
  [[nodiscard]] bool allow(Scope scope) const noexcept;
  /// As granted, "call:read,call:control".
  [[nodiscard]] std::string to_string() const;
  friend bool operator==(const Scopes&, const Scopes&) = default;

 private:
  [[nodiscard]] static constexpr unsigned bit(Scope scope) noexcept { return 1U << static_cast<unsigned>(scope); }

  std::uint8_t granted_ = 0;
};

}  // namespace callwright::server
