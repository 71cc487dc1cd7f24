#pragma once

#include "base/result.hpp"
#include "sip/method.hpp"
#include "sip/uri.hpp"

#include <cstdint>
#include <optional>
#include <string_view>

/// Typed values of structured header fields. All are views into the text that was parsed and live as long as it does.
namespace callwright::sip {

/// ";name=value;flag": looks up by name in any case. Values of quoted strings come without the quotes.
class Parameters {
 public:
  Parameters() = default;
  explicit Parameters(std::string_view text) noexcept : text_(text) {}
  [[nodiscard]] std::optional<std::string_view> find(std::string_view name) const noexcept;
  [[nodiscard]] bool has(std::string_view name) const noexcept { return find(name).has_value(); }
  [[nodiscard]] std::string_view text() const noexcept { return text_; }

 private:
  std::string_view text_;
};

/// From, To, Contact, Route, Record-Route, Refer-To, Referred-By, P-Asserted-Identity (RFC 3261 §20.10).
struct NameAddr {
  std::string_view display_name;  ///< Without quotes, escapes left as they are.
  std::string_view uri;           ///< Without angle brackets.
  Parameters parameters;          ///< Of the header, not of the URI.
  std::string_view tag_value;     ///< Of the first `tag` parameter: every message is matched by it, so it is looked up once.
  bool wildcard = false;          ///< `Contact: *`

  static base::Result<NameAddr> parse(std::string_view value);
  [[nodiscard]] std::string_view tag() const noexcept { return tag_value; }
};

/// RFC 3261 §20.42, RFC 3581.
struct Via {
  std::string_view transport;  ///< "UDP", "TCP" … as sent.
  std::string_view host;       ///< sent-by host, IPv6 with brackets.
  std::uint16_t port = 0;      ///< 0: none given.
  Parameters parameters;
  std::string_view branch_value;  ///< Of the first `branch` parameter, and
  bool has_rport = false;         ///< whether there is an `rport`: both looked up once, since every message needs them.

  static base::Result<Via> parse(std::string_view value);
  [[nodiscard]] std::string_view branch() const noexcept { return branch_value; }
};

struct CSeq {
  std::uint32_t number = 0;
  Method method = Method::Unknown;
  std::string_view method_text;

  static base::Result<CSeq> parse(std::string_view value);
};

/// Subscription-State, Event, Content-Type and the like: "value;parameters".
struct TokenWithParameters {
  std::string_view token;
  Parameters parameters;

  static TokenWithParameters parse(std::string_view value) noexcept;
};

/// Digits only, up to 2^32 - 1; blanks around are ignored. For Expires, Content-Length, Max-Forwards, Retry-After (up to its comment or parameter).
[[nodiscard]] std::optional<std::uint32_t> parse_number(std::string_view value) noexcept;

/// RFC 3261 §7.3.1: token comparison ignores case.
[[nodiscard]] bool equals_ignoring_case(std::string_view left, std::string_view right) noexcept;

}  // namespace callwright::sip
