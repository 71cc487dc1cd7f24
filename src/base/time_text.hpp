#pragma once

#include "base/clock.hpp"

#include <string>

namespace callwright::base {

/// "2026-03-01T12:00:00.000000Z" (RFC 3339), UTC: texts of this form sort by time.
[[nodiscard]] std::string to_text(WallTime time);

}  // namespace callwright::base
