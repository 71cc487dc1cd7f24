#pragma once

#include <chrono>
#include <cstdint>

namespace callwright::sip {

/// What sessions offer to a peer and insist on. A user agent has one for all; a call may have its own.
struct SessionPolicy {
  using Seconds = std::chrono::duration<std::uint32_t>;

  /// Session timers (RFC 4028).
  enum class Timers : std::uint8_t {
    Off,
    On,      ///< With peers that know them, or when something on the way asks for one.
    Always,  ///< With every peer whose call we answer: the session is refreshed from here.
  };
  /// Reliable provisional responses (RFC 3262).
  enum class Reliable : std::uint8_t {
    Off,
    Supported,  ///< Where the peer requires them, and where it supports them and the response carries a description.
    Required,   ///< Calls are made with Require: 100rel, and those that do not support it are refused with 421.
  };
  /// Whether INVITEs that name another dialog are heeded (Replaces, RFC 3891; Join, RFC 3911). When not, those fields mean nothing.
  enum class NamedDialogs : std::uint8_t {
    Ignored,
    ReplacesOnly,  ///< As Heeded, but Join is not announced.
    Heeded,
  };

  Timers timers = Timers::On;
  Reliable reliable = Reliable::Supported;
  NamedDialogs named_dialogs = NamedDialogs::Ignored;
  Seconds session_interval{1800};
  Seconds min_interval{90};  ///< Min-SE; RFC 4028 §4 allows no less than 90 s.
};

}  // namespace callwright::sip
