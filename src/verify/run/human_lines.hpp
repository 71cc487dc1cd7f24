#pragma once

#include "verify/run/run_events.hpp"

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace callwright::verify {

enum class Verbosity : std::uint8_t {
  Quiet,   ///< Headers, skips, failures and tallies.
  Normal,  ///< Steps as well.
  Detail,  ///< What passed and what was there, and what happened to the agents.
  Wire,    ///< Each SIP message, in a line.
};

enum class Tone : std::uint8_t { Plain, Good, Bad, Warning, Faint };

/// A step as people read it, without its time.
struct HumanLine {
  std::string text;
  Tone tone = Tone::Plain;
};

/// Nothing for what is not shown at this verbosity, and for the beginnings and ends of scenarios and files.
[[nodiscard]] std::optional<HumanLine> human_line(const RunEvent& event, Verbosity verbosity);

/// "12:34:56.789" of an RFC 3339 time.
[[nodiscard]] std::string clock_of(std::string_view ts);

}  // namespace callwright::verify
