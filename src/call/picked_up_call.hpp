#pragma once

#include "call/active_call.hpp"
#include "call/bridge_media.hpp"

#include <array>
#include <functional>
#include <memory>
#include <string>
#include <string_view>

namespace callwright::call {

/// A call that rang when somebody else took it (RFC 3891 §3 for an early dialog, RFC 5359 §2.16). Both parties have made offers, so the caller gets an
/// answer without sound first, and with its ACK the newcomer's offer as a re-INVITE; its answer to that goes to the newcomer, and a Bridge takes over.
class PickedUpCall final : public ActiveCall, private sip::InviteSessionObserver, private BridgeMedia::Owner {
 public:
  using Watcher = std::function<CallWatcher*()>;

  /// 0, or what the newcomer's INVITE is to be refused with: both sides want the other to make an offer, or have nothing in common.
  [[nodiscard]] static int refusal(std::string_view callers_offer, std::string_view newcomers_offer);

  /// The caller, who has not been answered.
  struct Caller {
    std::unique_ptr<sip::InviteSession> session;
    std::string offer;
    std::unique_ptr<BridgeMedia> media;  ///< Knows the session; null: media bypass the exchange.
  };
  /// Makes a call that the switchboard owns. `transaction` and `invite` are the newcomer's, whose `refusal` is 0 where media bypass the exchange.
  static void begin(Switchboard& switchboard, Caller caller, sip::ServerTransaction& transaction, const sip::Message& invite, Watcher watcher);

  /// The same for a newcomer who has answered a call of ours, or our re-INVITE, with an offer.
  static void begin(Switchboard& switchboard, Caller caller, Newcomer& newcomer, const MediaSide& media, Watcher watcher);

  PickedUpCall(Switchboard& switchboard, std::unique_ptr<sip::InviteSession> caller, std::unique_ptr<BridgeMedia> media, Watcher watcher);
  ~PickedUpCall() override;

  void hang_up() override;

 private:
  /// Makes the call, which the switchboard owns; the newcomer is still to come.
  static PickedUpCall& make(Switchboard& switchboard, Caller caller, Watcher watcher);
  void enter(std::unique_ptr<sip::InviteSession> newcomer, const MediaSide& media, const std::string& party);
  void turn_away(int status);
  void start(std::string_view callers_offer, std::string_view newcomers_offer);
  void on_confirmed(sip::InviteSession& session, std::string_view sdp) override;
  void on_reinvite_result(sip::InviteSession& session, const sip::InviteProgress& result) override;
  void on_ended(sip::InviteSession& session, const sip::SessionEnd& end) override;
  void connect(std::string_view sdp);
  /// The description of `from` as `to` is to get it.
  [[nodiscard]] base::Result<std::string> translated(const sip::InviteSession& from, const sip::InviteSession& to, std::string_view sdp);
  [[nodiscard]] base::Result<std::string> answer_held(std::string_view offer);
  void on_media_failed(const base::Error& error) override;
  [[nodiscard]] const std::string& journal_id() const override { return caller_->call_id(); }

  Switchboard& switchboard_;
  std::unique_ptr<sip::InviteSession> caller_;
  std::unique_ptr<sip::InviteSession> newcomer_;
  std::unique_ptr<BridgeMedia> media_;
  Watcher watcher_;
  FindWatcher newcomers_watcher_;
  enum class Offer { OfCaller, InOurAnswer } offer_ = Offer::OfCaller;
  std::string newcomers_offer_;
  bool over_ = false;
};

}  // namespace callwright::call
