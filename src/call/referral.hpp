#pragma once

#include "call/active_call.hpp"
#include "call/call_control.hpp"

#include <cstddef>
#include <string>
#include <string_view>

/// What commands that tell a phone to call somebody (RFC 3515) have in common.
namespace callwright::call {

/// NOTIFYs that may come before the call that they tell about.
inline constexpr std::size_t kMaxEarlyNotifies = 16;

/// What names the call that the phone is to make, "27-k3…": the command's id and a secret.
[[nodiscard]] std::string make_token(sip::UserAgent& user_agent, CommandId id);

/// What to put into Refer-To, so that the call comes through here whatever domain `destination`, a SIP URI, is in. `party` is our session with the phone. ""
/// when the phone is reached in a way that does not tell how it reaches us.
[[nodiscard]] std::string refer_target(Switchboard& switchboard, const sip::InviteSession& party, std::string_view destination, std::string_view token);

/// "486 Busy Here", with the reason phrase of the status when there is none.
[[nodiscard]] std::string status_text(int status, std::string_view reason);

}  // namespace callwright::call
