#pragma once

#include "call/bridge_media.hpp"
#include "call/command_timeouts.hpp"
#include "call/referral.hpp"
#include "call/routing.hpp"
#include "call/running_command.hpp"

#include <functional>
#include <memory>
#include <string>
#include <string_view>

namespace callwright::call {

/// The command TransferCall: tells a party of a call to call the destination (REFER, RFC 3515), or to call here and take the place of whoever a party of
/// another call talks to, and ends its present call when that is answered. Where the phone does not know REFER, calls the destination itself and puts it in the
/// place of the other party; or, if that has a call already, leaves the connecting to whoever made this. Whatever fails leaves the calls as they were.
class Transfer final : public ActiveCall, public ReferringCommand, private ReferWatcher, private sip::InviteSessionObserver {
 public:
  /// `connect_without_refer` is called once at most, as the last thing, in place of the end of the command: the party and the one that it joins are to be
  /// connected, and the phone cannot be told to.
  Transfer(Switchboard& switchboard, const Routing& routing, CommandTimeouts timeouts, CommandId id, TransferCall command, CommandObserver& observer,
           std::function<void()> connect_without_refer);
  ~Transfer() override;

  void start();
  void hang_up() override { cancel("the call was ended"); }

  // ReferringCommand
  [[nodiscard]] CommandId id() const noexcept override { return id_; }
  void cancel(std::string_view why) override;
  [[nodiscard]] const std::string& caller() const noexcept override { return party_; }
  [[nodiscard]] const std::string& callee() const noexcept override { return command_.destination; }
  [[nodiscard]] std::string referring_call() const override;
  [[nodiscard]] bool expects(std::string_view token) const noexcept override;
  void on_referred_call(ActiveCall& call, const std::string& call_id, const std::string& destination) override;
  [[nodiscard]] const CallParty* partner() const noexcept override { return attended() ? &*command_.joins : nullptr; }
  void on_replacing(const std::string& call_id) override;
  void on_unroutable(int status) override;

  // CallWatcher, for the call of the party, and for the place of the destination in the call.
  void on_answered() override;
  void on_refused(int status, std::string_view reason) override;
  void on_moved(ActiveCall& call) override;

 private:
  enum class State { New, Referring, AwaitingCall, Calling, CallingDirectly, Replacing, Over };

  // ReferWatcher
  void on_referral_answered(int status, std::string_view reason) override;
  void on_referral_progress(std::string_view status_line) override;
  void on_referring_call_ended() override;
  // InviteSessionObserver, of the destination when the exchange calls it
  void on_provisional(sip::InviteSession& session, const sip::InviteProgress& progress) override;
  void on_accepted(sip::InviteSession& session, const sip::InviteProgress& progress) override;
  void on_ended(sip::InviteSession& session, const sip::SessionEnd& end) override;
  void on_deadline();

  [[nodiscard]] Side other_side() const noexcept { return opposite(command_.party.side); }
  [[nodiscard]] bool attended() const noexcept { return command_.joins.has_value(); }
  /// With whom the transferred party is to talk; false, and the command has failed, where such a call is not up.
  [[nodiscard]] bool find_partner();
  void on_progress(std::string_view status_line);
  void tell_kept();
  void go_without_refer();
  void call_directly();
  void fail(std::string text);
  void finish();
  void emit(CommandEvent::Kind kind, std::string extra = {});

  Switchboard& switchboard_;
  const Routing& routing_;
  const CommandTimeouts timeouts_;
  const CommandId id_;
  const TransferCall command_;
  CommandObserver& observer_;
  const std::function<void()> connect_without_refer_;
  State state_ = State::New;
  std::string party_;                        ///< Who is transferred, a URI; "" when the call is not up.
  Referral referral_;                        ///< The call of the party.
  std::unique_ptr<sip::InviteSession> leg_;  ///< To the destination, while the exchange calls it,
  sip::InviteSession* newcomer_ = nullptr;   ///< and then, while it gets its place in the call.
  MediaSide destination_side_;               ///< Of that.
  std::string call_id_;                      ///< Of the call that is left at the end.
  std::string destination_;                  ///< Where it leads.
  base::Timer deadline_;
};

}  // namespace callwright::call
