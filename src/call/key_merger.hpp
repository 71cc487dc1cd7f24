#pragma once

#include "base/clock.hpp"

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <vector>

namespace callwright::call {

/// Phones may tell each press twice, in the media and by INFO. It counts once, whichever comes first; the same key pressed twice counts twice.
class KeyMerger {
 public:
  enum class Way : std::uint8_t { Media, Info };
  /// An INFO that was lost is repeated a second and a half later.
  static constexpr std::chrono::seconds kApart{2};
  static constexpr std::size_t kMaxWaiting = 32;

  /// False: the other way has told it before.
  [[nodiscard]] bool is_new(char key, Way way, base::TimePoint at) {
    std::erase_if(waiting_, [at](const Press& press) { return at - press.at > kApart; });
    const auto same = std::find_if(waiting_.begin(), waiting_.end(), [&](const Press& press) { return press.key == key && press.way != way; });
    if (same != waiting_.end()) {
      waiting_.erase(same);
      return false;
    }
    if (waiting_.size() < kMaxWaiting) {
      waiting_.push_back({key, way, at});
    }
    return true;
  }

 private:
  struct Press {
    char key;
    Way way;
    base::TimePoint at;
  };
  std::vector<Press> waiting_;  ///< Told by one way only, so far; oldest first.
};

}  // namespace callwright::call
