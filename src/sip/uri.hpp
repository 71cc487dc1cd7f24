#pragma once

#include "base/result.hpp"

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace callwright::sip {

/// A `sip:` or `sips:` URI (RFC 3261 §19.1), or a `tel:` URI (RFC 3966) whose number is `user`. Views into the text that was parsed;
/// percent-escapes are left as they are.
struct UriView {
  enum class Scheme : std::uint8_t { Sip, Sips, Tel };

  Scheme scheme = Scheme::Sip;
  std::string_view user;        ///< "" when there is none.
  std::string_view password;    ///< After ':' in the userinfo; never logged.
  std::string_view host;        ///< IPv6 with its brackets.
  std::uint16_t port = 0;       ///< 0: none given.
  std::string_view parameters;  ///< ";lr;transport=tcp" with the leading ';', or "".
  std::string_view headers;     ///< "?Replaces=…" with the '?', or "".

  /// The whole of `text` must be the URI, of at most 2048 bytes. The error names the byte position; it is Unsupported for another scheme
  /// (answered with 416) and InvalidArgument for the rest.
  static base::Result<UriView> parse(std::string_view text);

  /// Value of a URI parameter (name in any case); "" for one without value; nothing when absent.
  [[nodiscard]] std::optional<std::string_view> parameter(std::string_view name) const noexcept;
  [[nodiscard]] bool has_parameter(std::string_view name) const noexcept { return parameter(name).has_value(); }
  /// Value of a URI header such as Replaces, still percent-escaped.
  [[nodiscard]] std::optional<std::string_view> header(std::string_view name) const noexcept;
  [[nodiscard]] std::string to_string() const;
  /// "user@host" in lower-case host, percent-escapes of unreserved characters resolved, no port, no parameters: the key of a registrar (RFC 3261 §10.3).
  [[nodiscard]] std::string address_of_record() const;
};

/// The user part of a URI; "" when there is none or the text is no URI.
[[nodiscard]] std::string_view user_of(std::string_view uri) noexcept;

/// RFC 3261 §19.1.4.
[[nodiscard]] bool equivalent(const UriView& left, const UriView& right);

/// Percent-decodes; a malformed escape stays as it is.
[[nodiscard]] std::string unescape(std::string_view text);
/// Escapes all that may not stand in the value of a URI header (RFC 3261 §25.1 `hvalue`).
[[nodiscard]] std::string escape_header_value(std::string_view text);

}  // namespace callwright::sip
