#include "sip/auth_throttle.hpp"

#include "base/log.hpp"

#include <algorithm>
#include <bit>

namespace callwright::sip {
namespace {

constexpr std::string_view kSource = "s";
constexpr std::string_view kUser = "u";

std::string_view bytes_of(const base::IpAddress& address) {
  const auto& bytes = address.v6_bytes();
  // An IPv6 network of 64 bits is one source: its owner has all of its addresses.
  return {reinterpret_cast<const char*>(bytes.data()), address.is_v4() ? bytes.size() : bytes.size() / 2};
}

}  // namespace

AuthThrottle::AuthThrottle(const base::Clock& clock, base::Random& random, Limits limits)
    : clock_(clock), limits_(limits), seed_(random.next()), slots_(std::bit_ceil(std::max(limits.slots, kWays))) {}

std::uint64_t AuthThrottle::key_of(std::string_view kind, std::string_view text) const {
  std::uint64_t hash = seed_ ^ static_cast<std::uint8_t>(kind.front());
  for (const char character : text) {
    hash = (hash ^ static_cast<std::uint8_t>(character)) * 0x9e3779b97f4a7c15ULL;
    hash ^= hash >> 32U;
  }
  return hash | 1U;
}

const AuthThrottle::Slot* AuthThrottle::find(std::uint64_t key) const {
  const std::size_t first = (key >> 1U) & (slots_.size() - kWays);
  const auto begin = slots_.begin() + static_cast<std::ptrdiff_t>(first);
  const auto found = std::find_if(begin, begin + kWays, [key](const Slot& slot) { return slot.key == key; });
  return found == begin + kWays ? nullptr : &*found;
}

AuthThrottle::Slot& AuthThrottle::claim(std::uint64_t key) {
  if (const Slot* const known = find(key)) {
    return slots_[static_cast<std::size_t>(known - slots_.data())];
  }
  const std::size_t first = (key >> 1U) & (slots_.size() - kWays);
  const auto begin = slots_.begin() + static_cast<std::ptrdiff_t>(first);
  Slot& oldest = *std::min_element(begin, begin + kWays,
                                   [](const Slot& left, const Slot& right) { return left.key == 0 || (right.key != 0 && left.since < right.since); });
  oldest = {key, clock_.now(), 0, false};
  return oldest;
}

bool AuthThrottle::is_banned(std::uint64_t key) const {
  const Slot* const slot = find(key);
  return slot != nullptr && slot->banned && clock_.now() < slot->since + limits_.ban;
}

bool AuthThrottle::banned(const base::IpAddress& source, std::string_view user) const {
  return is_banned(key_of(kSource, bytes_of(source))) || is_banned(key_of(kUser, user));
}

bool AuthThrottle::count(std::uint64_t key, unsigned limit) {
  Slot& slot = claim(key);
  const base::TimePoint now = clock_.now();
  if (now >= slot.since + (slot.banned ? limits_.ban : limits_.window)) {
    slot = {key, now, 0, false};
  }
  ++slot.failures;
  if (slot.banned || limit == 0 || slot.failures < limit) {
    return false;
  }
  slot.banned = true;
  slot.since = now;
  return true;
}

void AuthThrottle::failed(const base::IpAddress& source, std::string_view user) {
  const auto seconds = std::chrono::duration_cast<std::chrono::seconds>(limits_.ban).count();
  if (count(key_of(kSource, bytes_of(source)), limits_.failures_per_source)) {
    base::log::warn("too many wrong passwords or tokens from one address: they are refused for a while", {{"from", source.to_string()}, {"seconds", seconds}});
  }
  if (count(key_of(kUser, user), limits_.failures_per_user)) {
    base::log::warn("too many wrong passwords for one account: its credentials are refused for a while", {{"user", user}, {"seconds", seconds}});
  }
}

}  // namespace callwright::sip
