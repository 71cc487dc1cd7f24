#pragma once

#include "base/clock.hpp"
#include "base/socket_address.hpp"

#include <cstddef>
#include <optional>
#include <unordered_map>

namespace callwright::net {

/// Which of this machine's addresses packets to a peer leave from, as the routing table says now. Remembered for a minute. One owner thread.
class SourceAddresses {
 public:
  explicit SourceAddresses(const base::Clock& clock) : clock_(clock) {}

  /// Nothing when there is no route.
  [[nodiscard]] std::optional<base::IpAddress> toward(const base::IpAddress& remote);
  [[nodiscard]] std::size_t remembered() const noexcept { return known_.size(); }

  static constexpr std::size_t kMaxRemembered = 10'000;

 private:
  struct Known {
    std::optional<base::IpAddress> source;
    base::TimePoint expires;
  };

  const base::Clock& clock_;
  std::unordered_map<base::SocketAddress, Known> known_;  ///< Port 0.
};

}  // namespace callwright::net
