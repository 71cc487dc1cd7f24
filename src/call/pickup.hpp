#pragma once

#include "call/bridge_media.hpp"
#include "call/command_timeouts.hpp"
#include "call/parking_lot.hpp"
#include "call/routing.hpp"
#include "call/running_command.hpp"

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

namespace callwright::call {

/// The command PickUpCall, a user who calls the number of a slot, and the call back to whoever parked a party. Who comes makes an offer, which goes to the
/// parked party as a re-INVITE (RFC 3725 §4.1), or to the caller of a call that rings (`PickedUpCall`); a Bridge takes over. Nothing changes for either of
/// them before that; a parked party that does not agree is parked again.
class Pickup final : public ActiveCall, public RunningCommand, private sip::InviteSessionObserver, private BridgeMedia::Owner, private CallWatcher {
 public:
  enum class Purpose : std::uint8_t {
    Fetch,
    RingBack,  ///< When nobody comes, the parked party is hung up.
  };
  struct Setup {
    Switchboard& switchboard;
    ParkingLot& parking;
    CommandTimeouts timeouts;
    CommandId id = {};
    CommandObserver* observer = nullptr;  ///< Null: nobody wants to know.
    Purpose purpose = Purpose::Fetch;
  };
  /// `waiting` is parked, or the caller of a call that rings.
  Pickup(const Setup& setup, WaitingCaller waiting);
  ~Pickup() override;

  // One of these begins it.
  /// Calls somebody, known as `destination`, a URI.
  void call(const Target& target, const std::string& destination);
  /// Takes this party out of its call, which may release it.
  void bring(ActiveCall& from, const CallParty& party);
  /// Somebody calls, with an offer.
  void receive(sip::ServerTransaction& transaction, const sip::Message& invite, const MediaSide& media);

  [[nodiscard]] Purpose purpose() const noexcept { return purpose_; }
  /// Ends a call back, since somebody else fetches the party.
  void give_way();
  /// Some call has come to its end: it may have been that of whom we wait for.
  void look_again();
  void hang_up() override { cancel("the call was ended"); }

  // RunningCommand
  [[nodiscard]] CommandId id() const noexcept override { return id_; }
  void cancel(std::string_view why) override;

 private:
  enum class State : std::uint8_t {
    Calling,  ///< Somebody rings,
    Asking,   ///< or is asked for an offer.
    Joining,  ///< The parked party has that offer.
    Handed,   ///< The call that rang is about to take the newcomer.
    Over,
  };

  void on_accepted(sip::InviteSession& session, const sip::InviteProgress& progress) override;
  void on_reinvite_result(sip::InviteSession& session, const sip::InviteProgress& result) override;
  void on_ended(sip::InviteSession& session, const sip::SessionEnd& end) override;
  void on_media_failed(const base::Error& error) override { cancel("the media failed: " + error.message()); }
  [[nodiscard]] const std::string& journal_id() const override { return place_.journal; }
  // CallWatcher, of the call that rang.
  void on_answered() override;
  void on_refused(int status, std::string_view reason) override;
  void on_moved(ActiveCall& /*call*/) override {}
  void on_deadline() { cancel("408 Request Timeout: the phones have not agreed"); }
  void on_look();

  void add_newcomer(std::unique_ptr<sip::InviteSession> session, const MediaSide& media);
  void connect(std::string_view offer);
  void join_parked(std::string_view offer);
  void join_caller(std::string_view offer);
  void take_answer(const sip::InviteProgress& result);
  void report_joined();
  void put_back();
  void fail(std::string text);
  void finish();
  void emit(CommandEvent::Kind kind, std::string call_id = {}, std::string extra = {}, std::string destination = {});

  Switchboard& switchboard_;
  ParkingLot& parking_;
  const CommandTimeouts timeouts_;
  const CommandId id_;
  CommandObserver* const observer_;
  Purpose purpose_;
  const WaitingCaller waiting_;
  std::string slot_;  ///< "": it rings.
  State state_ = State::Calling;
  std::unique_ptr<sip::InviteSession> newcomer_;
  MediaSide newcomers_media_;
  std::string newcomers_id_;
  std::string newcomers_journal_;  ///< The Call-ID under which the journal knows the call that the newcomer had; "": none.
  std::unique_ptr<sip::InviteSession> parked_;
  ParkedParty place_;  ///< Where it was.
  std::unique_ptr<BridgeMedia> media_;
  base::Timer deadline_;
  base::Timer look_;
};

}  // namespace callwright::call
