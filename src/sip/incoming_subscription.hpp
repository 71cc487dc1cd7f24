#pragma once

#include "sip/client_request.hpp"
#include "sip/dialog.hpp"
#include "sip/event_fields.hpp"
#include "sip/user_agent.hpp"

#include <chrono>
#include <cstdint>
#include <deque>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

namespace callwright::sip {

/// A subscription that somebody has with us (RFC 6665 §4.2) and whose NOTIFYs its owner words one by one; `Notifier` has those to a state that is told by
/// itself. One NOTIFY at a time, the others wait for its answer. Engine thread.
class IncomingSubscription final : private DialogUsage, private ClientRequest::User {
 public:
  /// What a NOTIFY tells.
  struct Notification {
    SubscriptionState::Kind state = SubscriptionState::Kind::Active;
    std::string content_type;
    std::string body;
    std::string headers = {};     ///< Ready-made lines.
    std::uint64_t reference = 0;  ///< Comes back with the answer.
  };
  struct Options {
    std::string contact_user;
    std::optional<Credentials> credentials;
    std::chrono::seconds longest{7200};  ///< Longer ones are cut to this.
    Notification first;
  };
  struct End {
    enum class By : std::uint8_t { Subscriber, Expiry, Owner, Refusal };
    By by = By::Owner;
    int status = 0;  ///< Of the NOTIFY that was refused, with `Refusal`.
  };

  class Observer {
   public:
    virtual ~Observer() = default;
    virtual void on_refreshed(IncomingSubscription& subscription) = 0;
    /// The final status of a NOTIFY; 481 for one that was never sent since the subscription has ended.
    virtual void on_answered(IncomingSubscription& subscription, std::uint64_t reference, int status, std::string_view reason) = 0;
    /// The last callback, for which it may not be destroyed at once.
    virtual void on_ended(IncomingSubscription& subscription, const End& end) = 0;
  };

  /// `subscribe` is the request of `transaction`, outside of dialogs, with a Contact and an Event that can be read.
  IncomingSubscription(UserAgent& user_agent, ServerTransaction& transaction, const Message& subscribe, Options options, Observer& observer);
  ~IncomingSubscription() override;
  IncomingSubscription(const IncomingSubscription&) = delete;
  IncomingSubscription& operator=(const IncomingSubscription&) = delete;

  /// Answers the SUBSCRIBE with 200, and tells `Options::first`.
  void start(ServerTransaction& transaction, const Message& subscribe) { accept(transaction, subscribe); }
  /// What is told from now on, also to a refresh. Errors: WrongState (it ends), LimitReached.
  base::Result<void> notify(Notification notification);
  /// Ends it with a last NOTIFY. Errors: WrongState (it ends).
  base::Result<void> terminate(SubscriptionState::Reason reason, std::optional<std::chrono::seconds> retry_after = {});

  [[nodiscard]] SubscriptionState::Kind state() const noexcept { return current_.state; }
  /// For how long it was granted the last time.
  [[nodiscard]] std::chrono::seconds expires() const noexcept { return granted_; }
  [[nodiscard]] const std::string& event_id() const noexcept { return id_; }
  [[nodiscard]] const std::string& call_id() const noexcept { return dialog_.call_id; }

 private:
  struct Waiting {
    Notification notification;
    std::optional<SubscriptionState> last;
  };

  void on_request(ServerTransaction& transaction, const Message& request) override;
  void on_response(ClientRequest& request, const Message& response) override;
  void on_failure(ClientRequest& request, int status, std::string_view reason) override;
  void accept(ServerTransaction& transaction, const Message& subscribe);
  void end(End::By by, SubscriptionState::Reason reason, std::optional<std::chrono::seconds> retry_after);
  void on_expiry() { end(End::By::Expiry, SubscriptionState::Reason::Timeout, {}); }
  void send_next();
  void on_answer(int status, std::string_view reason, bool again_later);
  void finish(const End& end);

  UserAgent& user_agent_;
  Options options_;
  Observer& observer_;
  std::string package_;
  std::string id_;
  Dialog dialog_;
  std::optional<DigestClient> digest_;
  std::optional<Flow> flow_;
  std::chrono::seconds granted_{};
  base::TimePoint expires_at_;
  base::Timer expiry_;
  Notification current_;
  std::deque<Waiting> waiting_;  ///< The first is under way while there is a request.
  std::unique_ptr<ClientRequest> request_;
  std::optional<End> ending_;  ///< Its last NOTIFY is under way, or waits.
  bool over_ = false;
};

}  // namespace callwright::sip
