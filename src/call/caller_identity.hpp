#pragma once

#include "sip/invite_session.hpp"
#include "sip/session_fields.hpp"

#include <cstdint>
#include <string>
#include <string_view>

namespace callwright::call {

/// Where a call goes, as far as it matters who may know who calls.
enum class Peer : std::uint8_t {
  User,      ///< A phone of one of our users: it learns who calls, unless the caller does not want that.
  Trusted,   ///< A member of the trust domain (RFC 3325 §3): it learns all, and what the caller wants to be kept from others.
  Stranger,  ///< Learns who calls when the caller says that this is no secret (`Privacy: none`).
};

/// Who calls, as the exchange knows it (RFC 3325), and how much of that the caller wants to be told (RFC 3323).
class CallerIdentity {
 public:
  CallerIdentity() = default;
  /// Of a user who has been authenticated: "sip:alice@example.com". What the phone itself asserts counts for nothing.
  CallerIdentity(std::string_view uri, const sip::Message& invite);
  /// As a trusted network asserts it in `invite`, which may be nobody.
  static CallerIdentity vouched_for(const sip::Message& invite);

  /// True when the caller insists on privacy that is not to be had here: that of the session, whose media would have to pass a relay.
  [[nodiscard]] bool wants_too_much() const noexcept { return privacy_.session && privacy_.critical; }
  /// True when the caller wants to be unknown to whom he calls.
  [[nodiscard]] bool hides_caller() const noexcept { return (privacy_.id || privacy_.user) && !privacy_.none; }
  /// True when the way of the call is not for others to know (RFC 7044 §10.1).
  [[nodiscard]] bool hides_history() const noexcept { return (privacy_.history || privacy_.header) && !privacy_.none; }
  /// Puts P-Asserted-Identity and Privacy into a call to that peer, or takes the caller's name out of it.
  void apply(Peer peer, sip::InviteSession::CallerOptions& call) const;

 private:
  std::string asserted_;  ///< Ready-made lines, or "".
  sip::Privacy privacy_;
};

}  // namespace callwright::call
