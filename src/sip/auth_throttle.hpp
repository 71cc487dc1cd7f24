#pragma once

#include "base/clock.hpp"
#include "base/random.hpp"
#include "base/socket_address.hpp"

#include <cstddef>
#include <cstdint>
#include <string_view>
#include <vector>

namespace callwright::sip {

/// Slows down those who guess passwords: after too many failures in a while a source address, or an account, gets no answer from the hash for a time.
/// A table of fixed size; each question costs constant time. When the table is full, the oldest count is forgotten. Owner thread only.
class AuthThrottle {
 public:
  struct Limits {
    unsigned failures_per_source = 30;  ///< In one `window`; 0: no limit.
    unsigned failures_per_user = 300;   ///< From wherever; higher, since a stranger can lock an account's owner out by it.
    base::Duration window = std::chrono::minutes(1);
    base::Duration ban = std::chrono::minutes(1);
    std::size_t slots = 8'192;  ///< Rounded up to a power of two.
  };

  AuthThrottle(const base::Clock& clock, base::Random& random, Limits limits);

  [[nodiscard]] bool banned(const base::IpAddress& source, std::string_view user) const;
  /// Counts a wrong password; logs once when it leads to a ban.
  void failed(const base::IpAddress& source, std::string_view user);

 private:
  struct Slot {
    std::uint64_t key = 0;  ///< 0: empty.
    base::TimePoint since;  ///< Of the window, or of the ban.
    std::uint32_t failures = 0;
    bool banned = false;
  };
  static constexpr std::size_t kWays = 4;

  [[nodiscard]] std::uint64_t key_of(std::string_view kind, std::string_view text) const;
  [[nodiscard]] const Slot* find(std::uint64_t key) const;
  [[nodiscard]] Slot& claim(std::uint64_t key);
  [[nodiscard]] bool is_banned(std::uint64_t key) const;
  /// True when this failure is the one that leads to a ban.
  [[nodiscard]] bool count(std::uint64_t key, unsigned limit);

  const base::Clock& clock_;
  Limits limits_;
  std::uint64_t seed_;  ///< Nobody can choose names that fall together.
  std::vector<Slot> slots_;
};

}  // namespace callwright::sip
