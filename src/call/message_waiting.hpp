#pragma once

#include "sip/event_notifier.hpp"

#include <string>
#include <string_view>

namespace callwright::call {

/// What waits in a mailbox (RFC 3842 §5.2).
struct WaitingMessages {
  unsigned fresh = 0;
  unsigned old = 0;
  unsigned urgent_fresh = 0;
  unsigned urgent_old = 0;
  friend bool operator==(const WaitingMessages&, const WaitingMessages&) = default;
};

/// "Messages-Waiting: yes …". `account` is the URI of the mailbox.
[[nodiscard]] std::string message_summary(const WaitingMessages& waiting, std::string_view account);

/// The package `message-summary`: the lamp of a phone.
class MessageSummary final : public sip::EventPackage {
 public:
  [[nodiscard]] std::string_view name() const noexcept override { return "message-summary"; }
  [[nodiscard]] std::string_view content_type() const noexcept override { return "application/simple-message-summary"; }
  [[nodiscard]] std::string body(const sip::EventView& view) override;
  /// True when that is new.
  [[nodiscard]] bool set(const std::string& user, const WaitingMessages& waiting);

 private:
  sip::StringMap<WaitingMessages> waiting_;
};

}  // namespace callwright::call
