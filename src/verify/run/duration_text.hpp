#pragma once

#include "base/result.hpp"

#include <chrono>
#include <string>
#include <string_view>

namespace callwright::verify {

/// `500ms`, `10s`, `2m`: a whole number and a unit, blanks around them allowed. Errors: InvalidArgument, naming the text.
base::Result<std::chrono::milliseconds> parse_duration(std::string_view text);

/// For people: "7 ms", "1.24 s", "2 m 05 s".
[[nodiscard]] std::string duration_text(double milliseconds);

/// "1 file", "2 files"; `thing` in the singular.
[[nodiscard]] std::string counted(std::size_t count, std::string_view thing);

}  // namespace callwright::verify
