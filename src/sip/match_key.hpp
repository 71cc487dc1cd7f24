#pragma once

#include "base/random.hpp"

#include <boost/unordered/unordered_flat_map.hpp>
#include <boost/unordered/unordered_flat_set.hpp>

#include <cstdint>
#include <string_view>

namespace callwright::sip {

/// What a transaction or dialog is found by: 128 bits of a keyed hash over the text that identifies it. Two texts that differ have the same key with
/// a probability of 2^-128, so the text itself is not kept; docs/adr/0007 has the reasons.
struct MatchKey {
  std::uint64_t low = 0;
  std::uint64_t high = 0;
  friend bool operator==(const MatchKey&, const MatchKey&) = default;
};

struct MatchKeyHash {
  using is_avalanching = void;  ///< Every bit of `low` is as good as another: Boost need not mix it again.
  std::size_t operator()(const MatchKey& key) const noexcept { return key.low; }
};

/// Makes keys that nobody outside can predict: the hash is seeded at random, so peers cannot choose texts that collide. A value.
class MatchKeyMaker {
 public:
  explicit MatchKeyMaker(base::Random& random) : seed_(random.next()) {}
  [[nodiscard]] MatchKey operator()(std::string_view text) const noexcept;

 private:
  std::uint64_t seed_;
};

/// Pointers to values are not stable: a growing table moves them.
template <class Value>
using MatchTable = boost::unordered_flat_map<MatchKey, Value, MatchKeyHash>;
using MatchSet = boost::unordered_flat_set<MatchKey, MatchKeyHash>;

}  // namespace callwright::sip
