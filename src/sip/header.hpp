#pragma once

#include <cstdint>
#include <string_view>

namespace callwright::sip {

/// Header fields that the engine reads or writes; every other one is `Other` and found by name.
enum class Header : std::uint8_t {
  Other,
  Accept,
  Allow,
  AllowEvents,
  AuthenticationInfo,
  Authorization,
  CallId,
  Contact,
  ContentDisposition,
  ContentEncoding,
  ContentLength,
  ContentType,
  CSeq,
  Date,
  Event,
  Expires,
  From,
  MaxForwards,
  MinExpires,
  MinSe,
  Path,
  PAssertedIdentity,
  Privacy,
  ProxyAuthenticate,
  ProxyAuthorization,
  ProxyRequire,
  RAck,
  Reason,
  RecordRoute,
  ReferredBy,
  ReferSub,
  ReferTo,
  Replaces,
  Require,
  RetryAfter,
  Route,
  RSeq,
  Server,
  ServiceRoute,
  SessionExpires,
  Subject,
  SubscriptionState,
  Supported,
  To,
  Unsupported,
  UserAgent,
  Via,
  Warning,
  WwwAuthenticate,
};

/// Any case; compact forms included (RFC 3261 §7.3.3, RFC 3515 `r`, RFC 3892 `b`, RFC 6665 `o` and `u`, RFC 4028 `x`).
[[nodiscard]] Header header_from(std::string_view name) noexcept;
/// The long name as RFCs print it; "" for Other.
[[nodiscard]] std::string_view to_string(Header header) noexcept;

}  // namespace callwright::sip
