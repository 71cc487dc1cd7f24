#pragma once

#include "base/destroy_later.hpp"
#include "call/agent.hpp"
#include "sip/incoming_subscription.hpp"

#include <boost/json/object.hpp>

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace callwright::app {

/// Who is subscribed to what an agent of a script tells (RFC 6665), and what they are told. Engine thread.
class ScriptSubscribers final : public call::SubscribeTaker, private sip::IncomingSubscription::Observer {
 public:
  using Outcome = base::Result<boost::json::object>;
  using Tell = std::function<void(boost::json::object event)>;

  /// `agent` outlives it.
  ScriptSubscribers(call::Agent& agent, Tell tell);
  ~ScriptSubscribers() override;

  /// {package, state, content_type, body, expires_s}: taken from now on, and told to all who are subscribed.
  Outcome notify_all(const boost::json::object& arguments);
  /// {package, status, reason, headers}: refused from now on.
  Outcome refuse(const boost::json::object& arguments);
  /// {package, reason, retry_after_s}: ends all of that event, and takes no more.
  Outcome stop(const boost::json::object& arguments);
  /// {subscriber, state, content_type, body, headers} to one; `request` is the number of its "response".
  Outcome notify(const boost::json::object& arguments, std::int64_t request);
  /// {subscriber, reason, retry_after_s}
  Outcome end(const boost::json::object& arguments);
  /// Ends all.
  void leave();
  [[nodiscard]] bool empty() const noexcept { return subscribers_.empty(); }

  [[nodiscard]] std::string_view capabilities() const override { return capabilities_; }
  void on_subscribe(sip::ServerTransaction& transaction, const sip::Message& request) override;

 private:
  /// What becomes of subscriptions to one event.
  struct Policy {
    sip::IncomingSubscription::Notification told;
    std::chrono::seconds longest{};
    std::optional<call::Refusal> refusal;
  };
  struct Subscriber {
    std::int64_t id = 0;
    std::string package;
    std::unique_ptr<sip::IncomingSubscription> subscription;
  };

  void on_refreshed(sip::IncomingSubscription& subscription) override;
  void on_answered(sip::IncomingSubscription& subscription, std::uint64_t reference, int status, std::string_view reason) override;
  void on_ended(sip::IncomingSubscription& subscription, const sip::IncomingSubscription::End& end) override;
  void list_events();
  [[nodiscard]] std::vector<Subscriber>::iterator find(std::int64_t id);
  [[nodiscard]] Subscriber& of(const sip::IncomingSubscription& subscription);

  call::Agent& agent_;
  Tell tell_;
  std::map<std::string, Policy> policies_;  ///< By the event's name in small letters.
  std::string allow_events_;                ///< A ready-made line; "": there are none.
  std::string capabilities_;
  std::vector<Subscriber> subscribers_;
  std::int64_t last_id_ = 0;
  base::DestroyLater<sip::IncomingSubscription> ended_;
};

}  // namespace callwright::app
