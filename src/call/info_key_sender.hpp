#pragma once

#include "base/timers.hpp"
#include "call/info_keys.hpp"
#include "media/media_port.hpp"
#include "sip/invite_session.hpp"

#include <optional>
#include <string>
#include <string_view>

namespace callwright::call {

/// Presses keys by INFO, one after the other: the next once the last was answered and its time has passed. As application/dtmf-relay, or as
/// application/dtmf where the other side refuses that with 415.
class InfoKeySender {
 public:
  static constexpr std::size_t kMaxWaiting = 64;

  InfoKeySender(sip::InviteSession& session, base::Timers& timers);

  /// Behind those that wait. Errors: those of `media::check_keys`, LimitReached, and those of `InviteSession::send_content`.
  base::Result<void> press(std::string_view keys, const media::KeyTiming& timing);
  /// The answer to an INFO of ours. An error: the key was refused, and those that wait are given up.
  base::Result<void> on_result(int status);

 private:
  base::Result<void> send();
  void on_time();
  void go_on();

  sip::InviteSession& session_;
  base::Timer time_;  ///< Of the press that is under way, and of the gap behind it.
  media::KeyTiming timing_;
  std::string waiting_;  ///< The first one is under way where `pressing_`.
  std::string_view type_ = kDtmfRelay;
  bool pressing_ = false;
  bool answered_ = false;
  bool passed_ = false;
};

}  // namespace callwright::call
