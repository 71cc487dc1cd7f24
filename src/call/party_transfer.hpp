#pragma once

#include "call/bridge_media.hpp"
#include "call/command_timeouts.hpp"
#include "call/conference.hpp"
#include "call/routing.hpp"
#include "call/running_command.hpp"

#include <functional>
#include <memory>
#include <string>
#include <string_view>

namespace callwright::call {

/// The command TransferCall where a party is alone with the exchange or in a conference, so that there is nobody whose phone could be told by REFER on behalf
/// of the other; or where it is to join somebody, and its phone does not know REFER. The destination is called, or taken out of its call (attended), its offer
/// goes to the party as a re-INVITE (RFC 3725 §4.1), and a Bridge takes over. The party stays where it is until the destination has answered; where the two do
/// not agree then, it is alone with the exchange.
class PartyTransfer final : public ActiveCall, public RunningCommand, private sip::InviteSessionObserver, private BridgeMedia::Owner, private CallWatcher {
 public:
  struct Setup {
    Switchboard& switchboard;
    CommandTimeouts timeouts;
    CommandId id;
    CommandObserver& observer;
    Routing::Found destination;                             ///< Where that is; of a blind transfer.
    std::function<base::Result<Conference*>()> open_alone;  ///< A place for one party.
    bool told_transferring = false;                         ///< Transferring was reported already.
  };
  PartyTransfer(Setup setup, TransferCall command);
  ~PartyTransfer() override;

  void start();
  void hang_up() override { cancel("the call was ended"); }

  // RunningCommand
  [[nodiscard]] CommandId id() const noexcept override { return setup_.id; }
  void cancel(std::string_view why) override;

 private:
  enum class State : std::uint8_t {
    New,
    Calling,  ///< The destination rings,
    Asking,   ///< or is asked for an offer.
    Joining,  ///< The party has that.
    Over,
  };

  void on_provisional(sip::InviteSession& session, const sip::InviteProgress& progress) override;
  void on_accepted(sip::InviteSession& session, const sip::InviteProgress& progress) override;
  void on_confirmed(sip::InviteSession& session, std::string_view sdp) override;
  void on_reinvite_result(sip::InviteSession& session, const sip::InviteProgress& result) override;
  void on_ended(sip::InviteSession& session, const sip::SessionEnd& end) override;
  void on_media_failed(const base::Error& error) override { cancel("the media failed: " + error.message()); }
  [[nodiscard]] const std::string& journal_id() const override { return journal_; }
  // CallWatcher, of the party while the destination rings
  void on_answered() override {}
  void on_refused(int status, std::string_view reason) override;
  void on_moved(ActiveCall& /*call*/) override {}
  void on_deadline();

  /// Why it cannot be, with its status; "" when it can.
  [[nodiscard]] std::string refusal() const;
  [[nodiscard]] bool attended() const noexcept { return command_.joins.has_value(); }
  void call_destination(Conference& conference);
  void bring_destination();
  void reinvite();
  void add(std::unique_ptr<sip::InviteSession> session, const MediaSide& media);
  void connect(std::string_view offer);
  void take_answer(const sip::InviteProgress& result);
  void put_back();
  void fail(std::string text);
  void finish();
  void emit(CommandEvent::Kind kind, std::string extra = {});

  const Setup setup_;
  const TransferCall command_;
  Switchboard& switchboard_;
  ActiveCall* before_ = nullptr;  ///< Where the party is; only to be compared.
  State state_ = State::New;
  std::string offer_;  ///< For the party; the destination is asked for its own.
  bool sent_ = false;  ///< The re-INVITE of this state.
  std::unique_ptr<sip::InviteSession> destination_;
  MediaSide destinations_media_;
  std::string destinations_journal_;  ///< The Call-ID under which the journal knows the call that the destination had; "": none.
  std::unique_ptr<sip::InviteSession> party_;
  std::string journal_;
  Side side_ = Side::Caller;
  std::unique_ptr<BridgeMedia> media_;
  std::string call_id_;  ///< Of the call that is left at the end.
  std::string where_;    ///< The URI of the destination.
  base::Timer deadline_;
  base::Timer again_;
};

}  // namespace callwright::call
