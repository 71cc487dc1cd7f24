#pragma once

#include "call/active_call.hpp"
#include "call/media_desk.hpp"

#include <memory>
#include <string>
#include <string_view>
#include <utility>

namespace callwright::call {

/// A call that came in for an API to decide about: it rings, is answered by the exchange, is refused, or goes on to somebody. Refused with 480 when nobody
/// decides in time.
class OfferedCall final : public ActiveCall, private sip::InviteSessionObserver {
 public:
  /// `transaction` and `invite` as the user agent's handler got them.
  struct Options {
    MediaSide side;            ///< Of the caller.
    base::Duration patience;   ///< How long it waits.
    FindWatcher watcher = {};  ///< Finds whoever has brought the call about, or null.
  };
  OfferedCall(Switchboard& switchboard, sip::ServerTransaction& transaction, const sip::Message& invite, Options options);
  /// With a session that is up already, since a program has called the caller, and that the journal has been told of.
  OfferedCall(Switchboard& switchboard, std::unique_ptr<sip::InviteSession> established, Options options);
  ~OfferedCall() override;

  void hang_up() override { reject(480, "Call ended"); }

  /// Whether the session is up: there is no INVITE that waits for an answer.
  [[nodiscard]] bool established() const noexcept { return text_.empty(); }
  /// 180 to the caller, once.
  void ring();
  /// 300 … 699
  void reject(int status, std::string_view reason);
  /// It goes on as something else, which has the session from now on; this is over.
  [[nodiscard]] std::unique_ptr<sip::InviteSession> take();
  /// Who wants to know how it goes on; "nobody" from then on.
  [[nodiscard]] FindWatcher take_watcher() { return std::exchange(watcher_, nullptr); }
  /// The INVITE.
  [[nodiscard]] const sip::Message& invite() const noexcept { return invite_; }
  [[nodiscard]] const MediaSide& side() const noexcept { return side_; }

 private:
  void on_reinvite(sip::InviteSession& session, std::string_view sdp) override;
  void on_ended(sip::InviteSession& session, const sip::SessionEnd& end) override;
  void on_patience_end() { reject(480, "Nobody Answers"); }

  Switchboard& switchboard_;
  const std::string text_;
  sip::Message invite_;  ///< Of that text.
  const MediaSide side_;
  FindWatcher watcher_;
  std::unique_ptr<sip::InviteSession> session_;
  base::Timer patience_;
  bool ringing_ = false;
  bool over_ = false;
};

}  // namespace callwright::call
