#pragma once

#include "base/timers.hpp"
#include "opensips/mi_client.hpp"
#include "opensips/settings.hpp"

#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace callwright::opensips {

/// Parameters of event_subscribe; the same again is a renewal.
[[nodiscard]] base::Json::Object subscription(std::string_view event, const Settings& settings);
/// Why there is none, for people.
[[nodiscard]] std::string subscription_failure(std::string_view event, const MiOutcome& outcome);

/// Keeps the proxy's events coming: one socket for all of them, renewed long before they end, and made again after the proxy was away.
/// Says in the log when the proxy goes and comes. A command that must have its event subscribes besides, since the proxy may have been restarted just now.
class Subscriptions {
 public:
  /// `up` is called when the proxy answers for the first time, and again whenever it was away.
  Subscriptions(MiClient& client, base::Timers& timers, const Settings& settings, std::vector<std::string> events, base::Callback up);

  void start();
  /// Renews them now, unless that was a moment ago: something is about to begin of which the events are wanted.
  void refresh();
  /// Takes them back: nobody listens any more.
  void cancel();
  /// The proxy answered when it was asked last.
  [[nodiscard]] bool is_up() const noexcept { return up_; }

 private:
  struct One {
    std::string event;
    bool refused = false;  ///< The proxy does not have it; told once.
    std::unique_ptr<MiRequest> request;
  };

  void renew();
  MiRequest::Next on_outcome(One& one, const MiOutcome& outcome);

  MiClient& client_;
  base::Timers& timers_;
  const Settings& settings_;
  const base::Callback up_callback_;
  std::vector<One> all_;
  base::TimePoint renewed_{};
  bool up_ = false;
  bool told_down_ = false;
  base::Timer renewal_;
};

}  // namespace callwright::opensips
