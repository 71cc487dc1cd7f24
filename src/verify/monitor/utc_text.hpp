#pragma once

#include "base/time_text.hpp"

#include <chrono>
#include <string>

namespace callwright::verify {

/// "2026-03-01T12:00:00.000Z" (RFC 3339).
[[nodiscard]] inline std::string utc_text(std::chrono::system_clock::time_point time) {
  constexpr std::size_t kToMilliseconds = sizeof("2026-03-01T12:00:00.000") - 1;
  return base::to_text(base::WallTime(time)).substr(0, kToMilliseconds) + "Z";
}

}  // namespace callwright::verify
