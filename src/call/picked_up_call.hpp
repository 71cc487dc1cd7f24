#pragma once

#include "call/active_call.hpp"

#include <functional>
#include <memory>
#include <string>

namespace callwright::call {

/// A call that rang when somebody else took it (RFC 3891 §3 for an early dialog, RFC 5359 §2.17). Both parties have made offers, so the caller gets an
/// answer without sound first, and with its ACK the newcomer's offer as a re-INVITE; its answer to that goes to the newcomer, and a Bridge takes over.
class PickedUpCall final : public ActiveCall, private sip::InviteSessionObserver {
 public:
  using Watcher = std::function<CallWatcher*()>;

  /// 0, or what the newcomer's INVITE is to be refused with: both sides want the other to make an offer, or have nothing in common.
  [[nodiscard]] static int refusal(std::string_view callers_offer, std::string_view newcomers_offer);

  /// Makes a call that the switchboard owns. `caller` has not been answered; `transaction` and `invite` are the newcomer's, whose `refusal` is 0.
  static void begin(Switchboard& switchboard, std::unique_ptr<sip::InviteSession> caller, std::string_view callers_offer, sip::ServerTransaction& transaction,
                    const sip::Message& invite, Watcher watcher);

  PickedUpCall(Switchboard& switchboard, std::unique_ptr<sip::InviteSession> caller, std::unique_ptr<sip::InviteSession> newcomer, Watcher watcher);
  ~PickedUpCall() override;

  void hang_up() override;

 private:
  void start(std::string_view callers_offer, std::string_view newcomers_offer);
  void on_confirmed(sip::InviteSession& session, std::string_view sdp) override;
  void on_reinvite_result(sip::InviteSession& session, const sip::InviteProgress& result) override;
  void on_ended(sip::InviteSession& session, const sip::SessionEnd& end) override;
  void connect(std::string_view sdp);

  Switchboard& switchboard_;
  std::unique_ptr<sip::InviteSession> caller_;
  std::unique_ptr<sip::InviteSession> newcomer_;
  Watcher watcher_;
  enum class Offer { OfCaller, InOurAnswer } offer_ = Offer::OfCaller;
  std::string newcomers_offer_;
  bool over_ = false;
};

}  // namespace callwright::call
