#pragma once

#include "call/active_call.hpp"
#include "call/call_control.hpp"
#include "call/routing.hpp"

#include <memory>
#include <string>
#include <string_view>
#include <vector>

/// What commands that tell a phone to call somebody (RFC 3515) have in common.
namespace callwright::call {

/// A call that a phone is told to make: how it is known when it comes here, and what is heard of it before.
class Referral {
 public:
  /// What to put into Refer-To, so that the call comes through here whatever domain `destination`, a SIP URI, is in, with a new token: the command's id and a
  /// secret, "27-k3…". `party` is our session with the phone. "" when the phone is reached in a way that does not tell how it reaches us.
  [[nodiscard]] std::string begin(Switchboard& switchboard, CommandId id, const sip::InviteSession& party, std::string_view destination);
  /// True for the token, and for "": the phone lost it.
  [[nodiscard]] bool is_named(std::string_view token) const noexcept { return token.empty() || token == token_; }

  /// A NOTIFY came before the call that it tells about; of many, the first are kept.
  void keep(std::string_view status_line);
  [[nodiscard]] std::vector<std::string> take_kept();

  /// The call has come, and rings.
  void on_call(ActiveCall& call) noexcept { ringing_ = &call; }
  void on_moved(ActiveCall& call) noexcept;
  /// It is answered or refused.
  void settle() noexcept { ringing_ = nullptr; }
  void hang_up();

 private:
  std::string token_;
  std::vector<std::string> kept_;
  ActiveCall* ringing_ = nullptr;
};

/// True for the status line of a failure, "486 Busy Here"; an empty one tells nothing.
[[nodiscard]] bool tells_failure(std::string_view status_line) noexcept;

/// `"Alice" <sip:alice@example.com>`, without the name where there is none.
[[nodiscard]] std::string name_addr(std::string_view name, std::string_view uri);

/// A session that calls `target`, known as `to`, on behalf of `from`, both URIs; nothing is sent yet.
[[nodiscard]] std::unique_ptr<sip::InviteSession> call_on_behalf(sip::UserAgent& user_agent, const Target& target, const std::string& from,
                                                                 const std::string& to, sip::InviteSessionObserver& observer, const CallLook& look = {});
/// `target` as it is called in a call that is to look like that.
void apply(const CallLook& look, const MediaProfile& usual, Target& target);

/// "486 Busy Here", with the reason phrase of the status when there is none.
[[nodiscard]] std::string status_text(int status, std::string_view reason);

}  // namespace callwright::call
