#pragma once

#include "call/active_call.hpp"
#include "call/bridge_media.hpp"
#include "call/call_course.hpp"
#include "call/picked_up_call.hpp"
#include "call/routing.hpp"

#include <functional>
#include <memory>
#include <string>
#include <vector>

namespace callwright::call {

/// A call that came in and rings at one target or several at once, and then at others, as its course says; the first to answer gets it, and a Bridge takes
/// over.
class RoutedCall final : public ActiveCall, private sip::InviteSessionObserver, private BridgeMedia::Owner {
 public:
  struct Options {
    std::vector<Target> targets;  ///< At least one, which ring first.
    base::Duration ring_timeout = std::chrono::minutes(2);
    unsigned max_forwards = 69;
    unsigned hops = 0;  ///< How often the call has been forwarded here already.
    CallerIdentity identity;
    std::string to = {};                      ///< To of the calls to the targets; "": that of the caller.
    std::string from = {};                    ///< From; "": that of the caller.
    std::string headers = {};                 ///< Ready-made lines for them.
    MediaSide caller = {};                    ///< Where `Switchboard::media` is not null.
    std::string forwarded_to = {};            ///< A URI, when these are not the targets of whom the caller called.
    std::unique_ptr<CallCourse> course = {};  ///< What follows; null: nothing.
    /// Finds whoever watches this call, or null when nobody does (any more).
    FindWatcher watcher = [] { return nullptr; };
  };

  /// `transaction` and `invite` as the user agent's handler got them.
  RoutedCall(Switchboard& switchboard, sip::ServerTransaction& transaction, const sip::Message& invite, Options options);
  /// With a session that the journal has been told of already.
  RoutedCall(Switchboard& switchboard, std::unique_ptr<sip::InviteSession> incoming, Options options);
  ~RoutedCall() override;

  /// Rings. Separate from construction, so that the call can be adopted and indexed before anything happens to it.
  void start(const sip::Message& invite);
  void hang_up() override;
  /// Directed pickup: of a phone that rings, by whoever knows the dialog.
  void replace(sip::InviteSession& replaced, sip::ServerTransaction& transaction, const sip::Message& invite, const FindWatcher& watcher) override;
  [[nodiscard]] std::optional<WaitingCaller> waiting_caller() const override;
  base::Result<void> give_caller_to(Newcomer& newcomer, const MediaSide& media) override;
  [[nodiscard]] std::optional<sip::DialogName> ringing() const override;
  [[nodiscard]] const std::string& call_id() const { return incoming_->call_id(); }

 private:
  void on_provisional(sip::InviteSession& session, const sip::InviteProgress& progress) override;
  void on_accepted(sip::InviteSession& session, const sip::InviteProgress& progress) override;
  void on_update(sip::InviteSession& session, std::string_view sdp) override;
  void on_update_result(sip::InviteSession& session, const sip::InviteProgress& result) override;
  void on_ended(sip::InviteSession& session, const sip::SessionEnd& end) override;
  void on_ring_timeout();
  // Picked up by somebody (routed_call_pickup.cpp)
  /// The caller, when the call is given up for a newcomer with that offer. Errors: Unsupported.
  [[nodiscard]] base::Result<PickedUpCall::Caller> take_caller(const sip::InviteSession& attempt, std::string_view newcomers_offer);
  // One step after the other (routed_call_steps.cpp)
  /// Calls the targets of the options.
  void ring();
  /// Nobody has answered: others are called, or the caller is refused.
  void go_on(CallCourse::Outcome outcome);
  void tell_of_forwarding();
  void give_up_attempts();
  [[nodiscard]] bool may_go_on() const { return options_.course != nullptr && options_.course->may_go_on(); }
  /// A session with the target, which has sent nothing yet; `options` as they are for all targets.
  sip::InviteSession& add_attempt(const Target& target, sip::InviteSession::CallerOptions options);

  // Media through the exchange (routed_call_media.cpp)
  struct Media;
  void plan_media();
  void choose_media(const sip::InviteSession& attempt, const Target& target);
  void relay(const sip::InviteSession& attempt, MediaSide side, MediaMode mode);
  [[nodiscard]] bool relays(const sip::InviteSession& session) const noexcept;
  void invite_all_with_media();
  [[nodiscard]] bool is_automatic(const sip::InviteSession& attempt) const noexcept;
  [[nodiscard]] base::Result<std::string> offer_for(const sip::InviteSession& attempt);
  [[nodiscard]] base::Result<std::string> answer_from(const sip::InviteSession& attempt, const sip::InviteProgress& progress);
  void update_with_media(sip::InviteSession& session, sip::InviteSession& peer, std::string_view sdp);
  void answer_update_with_media(sip::InviteSession& session, sip::InviteSession& asking, const sip::InviteProgress& result);
  /// A phone that does not like the caller's description may like ours. True when it is called once more.
  [[nodiscard]] bool try_with_media(sip::InviteSession& refused, const sip::SessionEnd& end);
  /// The attempt is over, since its media cannot be.
  void give_up(sip::InviteSession& attempt, const base::Error& error);
  [[nodiscard]] const std::string& offer_of_caller() const noexcept;
  /// For the call with this one; null: its media bypass the exchange for good.
  [[nodiscard]] std::unique_ptr<BridgeMedia> media_for(const sip::InviteSession& callee);
  /// For somebody else who talks to the caller.
  [[nodiscard]] std::unique_ptr<BridgeMedia> take_media();
  void on_media_failed(const base::Error& error) override;
  [[nodiscard]] const std::string& journal_id() const override { return incoming_->call_id(); }

  /// The other side of an early session; null when several phones ring, or it is over.
  [[nodiscard]] sip::InviteSession* early_peer(const sip::InviteSession& session) const noexcept;
  void drop(sip::InviteSession& attempt);
  void refuse(int status, std::string_view reason);
  [[nodiscard]] static std::string passed_on(const sip::Message& invite);
  [[nodiscard]] std::string callee_of(const sip::Message& invite) const;
  void end_attempts(const std::optional<sip::Reason>& cause = {});
  void note_refusal(const sip::SessionEnd& end);

  Switchboard& switchboard_;
  Options options_;
  std::unique_ptr<sip::InviteSession> incoming_;
  std::vector<std::unique_ptr<sip::InviteSession>> attempts_;
  base::Timer ring_timeout_;
  std::string offer_;                               ///< Of the caller; "" when it wants the callee to make one.
  sip::InviteSession::CallerOptions call_options_;  ///< As they are for all targets.
  std::unique_ptr<Media> media_;                    ///< Null where all media bypass the exchange.
  std::string settled_with_;                        ///< Tag of the phone whose answer came reliably before the call was answered; "" while there is none.
  std::string moved_to_;                            ///< Where one of the phones has sent the call; the latest.
  int best_status_ = 0;
  bool phone_refused_ = false;                                   ///< That status came from a phone.
  CallCourse::Outcome outcome_ = CallCourse::Outcome::Declined;  ///< Of the present step, so far.
  std::string best_reason_;
  bool told_ = false;  ///< That it has come.
  bool ringing_ = false;
  bool over_ = false;
};

}  // namespace callwright::call
