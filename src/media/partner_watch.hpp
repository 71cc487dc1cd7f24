#pragma once

#include "base/clock.hpp"

#include <optional>

namespace callwright::media {

/// Whether the other side is still there: tells once that nothing came for too long, and once that it is back.
class PartnerWatch {
 public:
  /// Zero: nothing is missed. Where watching begins, its time begins.
  void configure(base::Duration limit, base::TimePoint now) noexcept;
  /// Something valid came. The silence that it ends, where that was told.
  std::optional<base::Duration> heard(base::TimePoint at) noexcept;
  /// To be asked on every tick. How long nothing came, once that is too long.
  std::optional<base::Duration> check(base::TimePoint now) noexcept;

 private:
  base::Duration limit_{};
  base::TimePoint last_{};
  bool told_ = false;
};

}  // namespace callwright::media
