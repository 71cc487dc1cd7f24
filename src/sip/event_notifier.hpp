#pragma once

#include "base/destroy_later.hpp"
#include "sip/event_fields.hpp"
#include "sip/user_agent.hpp"

#include <chrono>
#include <map>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

namespace callwright::sip {

/// What a NOTIFY is to tell. Views, valid during the call.
struct EventView {
  std::string_view resource;
  std::string_view entity;    ///< The resource as the subscriber called it, "sip:bob@example.com".
  std::uint32_t version = 0;  ///< Counts the NOTIFYs of the subscription, from 0.
  /// The parts that changed since the last NOTIFY; empty: all of the state.
  std::span<const std::string> changed;
};

/// A kind of state that can be subscribed to (RFC 6665 §5): the state itself belongs to whoever implements this. Engine thread.
class EventPackage {
 public:
  virtual ~EventPackage() = default;
  [[nodiscard]] virtual std::string_view name() const noexcept = 0;
  [[nodiscard]] virtual std::string_view content_type() const noexcept = 0;
  /// May be empty: the NOTIFY then has no body (RFC 6665 §4.2.2).
  [[nodiscard]] virtual std::string body(const EventView& view) = 0;
};

/// The notifier's side of RFC 6665 (§4.2): takes subscriptions and tells them what changes. A NOTIFY waits for the answer to the one before, and
/// what changes meanwhile is told in one. It trusts its caller to have checked who asks. Engine thread.
class Notifier {
 public:
  struct Limits {
    std::size_t subscriptions = 50'000;            ///< Beyond it new ones get 503 with Retry-After.
    std::size_t subscriptions_per_source = 1'000;  ///< From one IP address; likewise.
    std::size_t subscriptions_per_user = 500;      ///< Of one subscriber, as `handle` is told; likewise.
    std::chrono::seconds default_expires{3600};
    std::chrono::seconds minimum_expires{60};  ///< Shorter ones get 423.
    std::chrono::seconds maximum_expires{7200};
    int retry_after_s = 30;
  };

  Notifier(UserAgent& user_agent, Limits limits);
  ~Notifier();
  Notifier(const Notifier&) = delete;
  Notifier& operator=(const Notifier&) = delete;

  /// `package` outlives the notifier.
  void add(EventPackage& package);
  /// The package that a request's Event field names, or null: then the request has been refused with 489.
  [[nodiscard]] EventPackage* package_of(ServerTransaction& transaction, const Message& request);
  /// A SUBSCRIBE outside a dialog to the state of `resource`. `headers` are ready-made lines for the 200; `subscriber` is who asks, for the limit of each,
  /// "" for nobody in particular.
  void handle(ServerTransaction& transaction, const Message& request, std::string_view resource, std::string_view headers = {},
              std::string_view subscriber = {});
  /// Tells all who are subscribed. `part` names what changed, for packages that can tell parts; "" tells all.
  void changed(const EventPackage& package, std::string_view resource, std::string_view part = {});
  /// Ends the subscriptions of a resource with a last NOTIFY.
  void end(const EventPackage& package, std::string_view resource, SubscriptionState::Reason reason);
  /// Ends all.
  void end_all(SubscriptionState::Reason reason, std::optional<std::chrono::seconds> retry_after = {});

  [[nodiscard]] std::size_t subscriptions() const noexcept { return subscriptions_.size(); }
  /// "dialog, presence": the value of Allow-Events.
  [[nodiscard]] const std::string& allow_events() const noexcept { return allow_events_; }

 private:
  class Subscription;
  struct Terms;
  using Key = std::pair<std::string, std::string>;  ///< Package and resource.

  [[nodiscard]] bool read_terms(ServerTransaction& transaction, const Message& request, const EventPackage& package, Terms& terms) const;
  [[nodiscard]] bool admit(ServerTransaction& transaction, std::string_view subscriber) const;
  [[nodiscard]] std::vector<Subscription*> of(const EventPackage& package, std::string_view resource) const;
  void drop(Subscription& subscription);

  UserAgent& user_agent_;
  Limits limits_;
  std::string allow_events_;
  std::vector<EventPackage*> packages_;
  std::unordered_map<Subscription*, std::unique_ptr<Subscription>> subscriptions_;
  std::multimap<Key, Subscription*, std::less<>> by_resource_;
  std::map<base::IpAddress, std::size_t> by_source_;
  std::map<std::string, std::size_t, std::less<>> by_subscriber_;
  base::DestroyLater<Subscription> dropped_;
};

}  // namespace callwright::sip
