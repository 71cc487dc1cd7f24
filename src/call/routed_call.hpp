#pragma once

#include "call/active_call.hpp"
#include "call/routing.hpp"

#include <functional>
#include <memory>
#include <string>
#include <vector>

namespace callwright::call {

/// A call that came in and rings at one target or several at once; the first to answer gets it, and a Bridge takes over.
class RoutedCall final : public ActiveCall, private sip::InviteSessionObserver {
 public:
  struct Options {
    std::vector<Target> targets;  ///< At least one.
    base::Duration ring_timeout = std::chrono::minutes(2);
    unsigned max_forwards = 69;
    CallerIdentity identity;
    /// Finds whoever watches this call, or null when nobody does (any more).
    std::function<CallWatcher*()> watcher = [] { return nullptr; };
  };

  /// `transaction` and `invite` as the user agent's handler got them.
  RoutedCall(Switchboard& switchboard, sip::ServerTransaction& transaction, const sip::Message& invite, Options options);
  ~RoutedCall() override;

  /// Rings. Separate from construction, so that the call can be adopted and indexed before anything happens to it.
  void start(const sip::Message& invite);
  void hang_up() override;
  /// Directed pickup: of a phone that rings, by whoever knows the dialog.
  void replace(sip::InviteSession& replaced, sip::ServerTransaction& transaction, const sip::Message& invite) override;
  [[nodiscard]] std::optional<sip::DialogName> ringing() const override;
  [[nodiscard]] const std::string& call_id() const { return incoming_->call_id(); }

 private:
  void on_provisional(sip::InviteSession& session, const sip::InviteProgress& progress) override;
  void on_accepted(sip::InviteSession& session, const sip::InviteProgress& progress) override;
  void on_update(sip::InviteSession& session, std::string_view sdp) override;
  void on_update_result(sip::InviteSession& session, const sip::InviteProgress& result) override;
  void on_ended(sip::InviteSession& session, const sip::SessionEnd& end) override;
  void on_ring_timeout();
  /// The other side of an early session; null when several phones ring, or it is over.
  [[nodiscard]] sip::InviteSession* early_peer(const sip::InviteSession& session) const noexcept;
  void drop(sip::InviteSession& attempt);
  void refuse(int status, std::string_view reason);
  void end_attempts(const std::optional<sip::Reason>& cause = {});
  void note_refusal(const sip::SessionEnd& end);

  Switchboard& switchboard_;
  Options options_;
  std::unique_ptr<sip::InviteSession> incoming_;
  std::vector<std::unique_ptr<sip::InviteSession>> attempts_;
  base::Timer ring_timeout_;
  int best_status_ = 0;
  std::string best_reason_;
  bool ringing_ = false;
  bool over_ = false;
};

}  // namespace callwright::call
