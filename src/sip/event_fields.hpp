#pragma once

#include "sip/message.hpp"

#include <chrono>
#include <optional>
#include <string>
#include <string_view>

/// Typed values of the header fields of event notification (RFC 6665 §8).
namespace callwright::sip {

/// `Event: dialog;id=7`. Views.
struct EventType {
  std::string_view package;  ///< "dialog", "presence.winfo"
  std::string_view id;       ///< "" when there is none.

  /// Of a SUBSCRIBE, NOTIFY or PUBLISH; nothing when the field is missing or malformed.
  static std::optional<EventType> of(const Message& message);
  /// RFC 6665 §8.2.1: packages compare in any case (tolerantly), ids byte by byte.
  [[nodiscard]] bool matches(const EventType& other) const noexcept;
};

/// `Subscription-State: terminated;reason=probation;retry-after=60`.
struct SubscriptionState {
  enum class Kind : std::uint8_t { Active, Pending, Terminated };
  /// Why it is over, and with that whether to subscribe again (RFC 6665 §4.1.3).
  enum class Reason : std::uint8_t { None, Deactivated, Probation, Rejected, Timeout, GiveUp, NoResource, Invariant };

  Kind kind = Kind::Active;
  Reason reason = Reason::None;
  std::optional<std::chrono::seconds> expires;
  std::optional<std::chrono::seconds> retry_after;

  /// Nothing when the field is missing or empty. An unknown state counts as active, an unknown reason as none (§4.1.3).
  static std::optional<SubscriptionState> of(const Message& message);
  [[nodiscard]] std::string to_string() const;
};

/// "deactivated" …; "" for None.
[[nodiscard]] std::string_view to_string(SubscriptionState::Reason reason) noexcept;

/// Whether a message's Accept lets this media type through; without Accept everything does.
[[nodiscard]] bool accepts(const Message& request, std::string_view content_type);

}  // namespace callwright::sip
