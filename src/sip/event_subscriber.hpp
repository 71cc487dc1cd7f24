#pragma once

#include "sip/client_request.hpp"
#include "sip/dialog.hpp"
#include "sip/event_fields.hpp"
#include "sip/user_agent.hpp"

#include <chrono>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace callwright::sip {

/// A subscription of ours to the state of something elsewhere (RFC 6665 §4.1): subscribes, refreshes in time, and subscribes again by itself where
/// the rules allow it. Its dialog is made by the first NOTIFY (§4.4.1). Those of others that the SUBSCRIBE was forked to make subscriptions of their own, which
/// are kept up beside it: one of them takes the place of the first when that ends. Engine thread.
class Subscriber final : private DialogUsage, private ClientRequest::User {
 public:
  struct Options {
    std::string uri;                  ///< Request-URI: whose state.
    std::optional<Flow> flow;         ///< Where to send, when not where the URI points.
    std::vector<std::string> routes;  ///< Pre-loaded Route set.
    std::string from;                 ///< name-addr or URI in angle brackets, no tag.
    std::string to;
    std::string contact_user;
    std::string package;                 ///< "dialog", "message-summary" …
    std::string id;                      ///< Of the Event field; "" for none.
    std::string accept;                  ///< Media types that are understood, for Accept; "" leaves it out.
    std::chrono::seconds expires{3600};  ///< Zero fetches the state once (§4.4.3).
    std::optional<Credentials> credentials;
    std::chrono::seconds retry_after{30};      ///< The first wait after a failure; it doubles each time,
    std::chrono::seconds longest_retry{1800};  ///< up to this.
    std::size_t max_forks = 8;                 ///< Subscriptions besides the first; NOTIFYs of more are refused with 481.
  };

  /// A NOTIFY. Views, valid during the callback.
  struct Notification {
    SubscriptionState state;
    std::string_view content_type;
    std::string_view body;
    const Message* message = nullptr;
    std::string_view notifier = {};  ///< Which of those that the SUBSCRIBE was forked to: the tag of its dialog.
  };

  /// How a subscription ended, or could not be made.
  struct End {
    int status = 0;  ///< Of the SUBSCRIBE; 200 when a NOTIFY ended it, 408 when none came.
    SubscriptionState::Reason reason = SubscriptionState::Reason::None;
    std::optional<base::Duration> again_in;  ///< It is tried again by itself after that.
  };

  class Observer {
   public:
    virtual ~Observer() = default;
    /// Must not destroy the subscriber.
    virtual void on_notify(Subscriber& subscriber, const Notification& notification) = 0;
    /// May destroy it.
    virtual void on_subscription_ended(Subscriber& subscriber, const End& end) = 0;
  };

  enum class State : std::uint8_t {
    Idle,         ///< Not started, or ended for good.
    Subscribing,  ///< No NOTIFY has come yet.
    Subscribed,
    Waiting,  ///< To try again.
    Ending,   ///< For the last NOTIFY.
  };

  Subscriber(UserAgent& user_agent, Options options, Observer& observer);
  ~Subscriber() override;
  Subscriber(const Subscriber&) = delete;
  Subscriber& operator=(const Subscriber&) = delete;

  void start();
  /// Unsubscribes. `on_subscription_ended` follows once the other side has confirmed it or is silent; at once where there is nothing to end.
  void stop();
  [[nodiscard]] State state() const noexcept { return state_; }
  /// Subscriptions besides the first.
  [[nodiscard]] std::size_t forks() const noexcept { return forks_.size(); }

 private:
  class Fork;

  void on_request(ServerTransaction& transaction, const Message& request) override;
  void on_response(ClientRequest& request, const Message& response) override;
  void on_failure(ClientRequest& request, int status, std::string_view reason) override;

  void subscribe();
  void send(std::chrono::seconds expires);
  void on_granted(const Message& response);
  void on_refused(int status, std::optional<std::uint32_t> retry_after);
  [[nodiscard]] std::unique_ptr<ClientRequest> make_subscribe(Dialog& dialog, std::chrono::seconds expires, ClientRequest::User& user);
  [[nodiscard]] Fork* fork_of(const Message& notify);
  void answer(ServerTransaction& transaction, int status);
  void take_for(Fork& fork, const Message& notify);
  void drop_fork(Fork& fork);
  [[nodiscard]] bool promote_fork();
  [[nodiscard]] bool take_minimum(const Message& response);
  [[nodiscard]] int check(const Message& notify) const;
  void take(const Message& notify, const SubscriptionState& state);
  void last_until(std::chrono::seconds expires);
  void on_refresh_time();
  void on_silence();
  void over(End end);
  void end_terminated(const SubscriptionState& state);
  [[nodiscard]] base::Duration back_off();
  [[nodiscard]] bool established() const noexcept { return !dialog_.remote_tag.empty(); }

  UserAgent& user_agent_;
  Options options_;
  Observer& observer_;
  State state_ = State::Idle;
  bool stopping_ = false;
  unsigned failures_ = 0;
  Dialog dialog_;
  std::optional<Flow> websocket_;  ///< Over which NOTIFYs come: no Contact says whether it is one with TLS (RFC 7118 §5.2).
  std::optional<DigestClient> digest_;
  base::TimePoint established_at_;
  base::TimePoint expires_at_;
  base::Timer refresh_;  ///< To refresh, or to try again.
  base::Timer silence_;  ///< Timer N: for the NOTIFY that must follow (RFC 6665 §4.1.2.4).
  std::unique_ptr<ClientRequest> request_;
  base::TimePoint forking_until_;  ///< RFC 6665 §4.1.2.4: later NOTIFYs of new dialogs belong to nothing.
  std::vector<std::unique_ptr<Fork>> forks_;
};

}  // namespace callwright::sip
