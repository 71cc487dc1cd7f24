#pragma once

#include "base/clock.hpp"
#include "base/ip_network.hpp"
#include "base/socket_address.hpp"
#include "base/timers.hpp"
#include "net/log_limit.hpp"

#include <cstddef>
#include <cstdint>
#include <deque>
#include <functional>
#include <optional>
#include <string_view>
#include <vector>

namespace callwright::net {

struct SourceLimits {
  double requests_per_second = 2000;              ///< From one source, in the long run; 0: no limit.
  double burst = 4000;                            ///< At once.
  base::Duration ban = std::chrono::seconds(30);  ///< How long nothing is taken from a source that sent more.
  std::vector<base::IpNetwork> unlimited;         ///< Never limited: trunks, proxies, load generators.
  bool limit_loopback = false;                    ///< This machine is not limited otherwise.
};

/// Bans sources that send too many requests: a token bucket for each, at constant cost and in bounded memory. A source is an IPv4 address, or the /64
/// network of an IPv6 address, since hosts have that many addresses for free. Loop thread.
///
/// The table has room for kSources; of the few that share a place with a new one the longest unheard is forgotten, which takes a flood from that many
/// addresses and gives each of them no more than `burst`.
class SourceGuard {
 public:
  enum class Verdict { Taken, Refused };
  /// Hears of each ban: its length, and zero when it is over.
  using Watcher = std::function<void(const base::IpAddress& source, base::Duration ban)>;

  SourceGuard(const base::Clock& clock, SourceLimits limits);

  /// Counts a message from there, responses aside. Refused when the source is banned, by this message or before: drop it unread.
  [[nodiscard]] Verdict admit(const base::IpAddress& source, std::string_view message);
  [[nodiscard]] bool is_banned(const base::IpAddress& source) const;

  /// Called from within `admit` and from a timer of `timers`.
  void watch(base::Timers& timers, Watcher watcher);

  /// Messages refused so far.
  [[nodiscard]] std::uint64_t refused() const noexcept { return refused_; }
  [[nodiscard]] std::uint64_t bans() const noexcept { return bans_; }

  static constexpr std::size_t kWays = 4;
  static constexpr std::size_t kSources = 8192 * kWays;

 private:
  struct Bucket {
    base::IpAddress source;
    double tokens = 0;
    base::TimePoint heard{};  ///< When `tokens` was right.
    base::TimePoint banned_until{};
  };

  [[nodiscard]] bool is_limited(const base::IpAddress& source) const noexcept;
  [[nodiscard]] std::size_t place_of(const base::IpAddress& source) const noexcept;
  [[nodiscard]] const Bucket* find(const base::IpAddress& source) const noexcept;
  [[nodiscard]] Bucket& bucket_of(const base::IpAddress& source, base::TimePoint now);

  void ban(Bucket& bucket, base::TimePoint now);
  void on_ban_over();

  struct Ban {
    base::IpAddress source;
    base::TimePoint until{};
  };

  const base::Clock& clock_;
  const SourceLimits limits_;
  std::vector<Bucket> buckets_;  ///< Made with the first limited source.
  std::uint64_t refused_ = 0;
  std::uint64_t bans_ = 0;
  LogLimit log_;
  Watcher watcher_;
  std::deque<Ban> watched_;  ///< In the order in which they end, since all are equally long.
  std::optional<base::Timer> over_;
};

}  // namespace callwright::net
