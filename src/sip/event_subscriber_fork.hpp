#pragma once

#include "sip/event_subscriber.hpp"

/// Shared by the source files of the subscriber. Not for others.
namespace callwright::sip {

/// The subscription with another answerer of the same SUBSCRIBE (RFC 6665 §4.4.1): a dialog of its own, refreshed and ended by itself. It is never made
/// anew: that is for the subscriber, once none is left.
class Subscriber::Fork final : private ClientRequest::User {
 public:
  /// `notify` is the first NOTIFY of its dialog.
  Fork(Subscriber& owner, const Message& notify);

  [[nodiscard]] const Dialog& dialog() const noexcept { return dialog_; }
  [[nodiscard]] base::TimePoint expires_at() const noexcept { return expires_at_; }
  /// What a NOTIFY of its dialog is answered with.
  [[nodiscard]] int check(const Message& notify) const;
  void take(const Message& notify, const SubscriptionState& state);
  /// Ends it, or asks for it to go on for so long.
  void send(std::chrono::seconds expires);

 private:
  void on_response(ClientRequest& request, const Message& response) override;
  void on_failure(ClientRequest& request, int status, std::string_view reason) override;
  void on_refused(int status);
  void on_refresh_time();
  void last_until(std::chrono::seconds expires);

  Subscriber& owner_;
  Dialog dialog_;
  base::TimePoint expires_at_;
  base::Timer refresh_;
  std::unique_ptr<ClientRequest> request_;
};

/// RFC 6665 §4.1.2.2 with RFC 5057 §5.1: refusals of a refresh that end the subscription; after others it stays as it was until it expires.
[[nodiscard]] bool ends_subscription(int status);

}  // namespace callwright::sip
