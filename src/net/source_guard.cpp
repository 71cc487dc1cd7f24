#include "net/source_guard.hpp"

#include "base/log.hpp"

#include <algorithm>
#include <charconv>
#include <functional>
#include <utility>

namespace callwright::net {
namespace {

constexpr int kV6SourceBytes = 8;

/// What is counted as one source.
base::IpAddress source_of(const base::IpAddress& ip) noexcept {
  if (ip.is_v4()) {
    return ip;
  }
  auto bytes = ip.v6_bytes();
  std::fill(bytes.begin() + kV6SourceBytes, bytes.end(), std::uint8_t{0});
  return base::IpAddress::v6(bytes);
}

}  // namespace

SourceGuard::SourceGuard(const base::Clock& clock, SourceLimits limits) : clock_(clock), limits_(std::move(limits)), log_(clock) {}

bool SourceGuard::is_limited(const base::IpAddress& source) const noexcept {
  if (limits_.requests_per_second <= 0 || (source.is_loopback() && !limits_.limit_loopback)) {
    return false;
  }
  return std::none_of(limits_.unlimited.begin(), limits_.unlimited.end(), [&source](const base::IpNetwork& network) { return network.contains(source); });
}

std::size_t SourceGuard::place_of(const base::IpAddress& source) const noexcept {
  return std::hash<base::SocketAddress>{}({source, 0}) % (kSources / kWays) * kWays;
}

const SourceGuard::Bucket* SourceGuard::find(const base::IpAddress& source) const noexcept {
  if (buckets_.empty()) {
    return nullptr;
  }
  const std::size_t place = place_of(source);
  for (std::size_t way = place; way < place + kWays; ++way) {
    if (buckets_[way].source == source) {
      return &buckets_[way];
    }
  }
  return nullptr;
}

SourceGuard::Bucket& SourceGuard::bucket_of(const base::IpAddress& source, base::TimePoint now) {
  buckets_.resize(kSources);
  const std::size_t place = place_of(source);
  Bucket* oldest = &buckets_[place];
  for (std::size_t way = place; way < place + kWays; ++way) {
    if (buckets_[way].source == source) {
      return buckets_[way];
    }
    // A ban is not forgotten before others are.
    if (std::max(buckets_[way].heard, buckets_[way].banned_until) < std::max(oldest->heard, oldest->banned_until)) {
      oldest = &buckets_[way];
    }
  }
  *oldest = Bucket{source, limits_.burst, now, {}};
  return *oldest;
}

SourceGuard::Verdict SourceGuard::admit(const base::IpAddress& ip, std::string_view message) {
  if (!is_limited(ip)) {
    return Verdict::Taken;
  }
  const base::TimePoint now = clock_.now();
  const base::IpAddress source = source_of(ip);
  Bucket& bucket = bucket_of(source, now);
  if (bucket.banned_until > now) {
    ++refused_;
    return Verdict::Refused;
  }
  const double seconds = std::chrono::duration<double>(now - bucket.heard).count();
  bucket.tokens = std::min(limits_.burst, bucket.tokens + seconds * limits_.requests_per_second);
  bucket.heard = now;
  if (message.starts_with("SIP/2.0 ")) {
    return Verdict::Taken;
  }
  bucket.tokens -= 1;
  if (bucket.tokens >= 0) {
    return Verdict::Taken;
  }
  ban(bucket, now);
  ++refused_;
  return Verdict::Refused;
}

void SourceGuard::watch(base::Timers& timers, Watcher watcher) {
  watcher_ = std::move(watcher);
  over_.emplace(timers, base::Callback::to<&SourceGuard::on_ban_over>(*this));
}

void SourceGuard::on_ban_over() {
  while (!watched_.empty() && watched_.front().until <= clock_.now()) {
    const base::IpAddress source = watched_.front().source;
    watched_.pop_front();
    watcher_(source, base::Duration::zero());
  }
  if (!watched_.empty()) {
    over_->start(watched_.front().until - clock_.now());
  }
}

void SourceGuard::ban(Bucket& bucket, base::TimePoint now) {
  bucket.banned_until = now + limits_.ban;
  bucket.tokens = limits_.burst;
  ++bans_;
  // Beyond so many at a time, which a flood from as many addresses takes, they are not told one by one.
  if (watcher_ && watched_.size() < kSources) {
    watched_.push_back({bucket.source, bucket.banned_until});
    if (!over_->pending()) {
      over_->start(limits_.ban);
    }
    watcher_(bucket.source, limits_.ban);
  }
  if (const auto times = log_.due()) {
    base::log::warn("A source sends too many SIP requests and is banned for a time; list it in sip.unlimited_sources if it may",
                    {{"source", bucket.source.to_string()},
                     {"seconds", std::chrono::duration_cast<std::chrono::seconds>(limits_.ban).count()},
                     {"limit_per_second", limits_.requests_per_second},
                     {"times", *times}});
  }
}

bool SourceGuard::is_banned(const base::IpAddress& ip) const {
  const Bucket* const bucket = is_limited(ip) ? find(source_of(ip)) : nullptr;
  return bucket != nullptr && bucket->banned_until > clock_.now();
}

}  // namespace callwright::net
