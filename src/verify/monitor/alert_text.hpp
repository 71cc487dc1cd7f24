#pragma once

#include "verify/monitor/alert.hpp"

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

namespace callwright::verify {

/// What an alert tells people, in parts that each form lays out in its way. Texts are cut, but escaped for none.
struct AlertText {
  static constexpr std::size_t kMaxScenarios = 10;
  static constexpr std::size_t kMaxName = 150;
  static constexpr std::size_t kMaxError = 500;

  struct Fact {
    std::string name;
    std::string value;
  };
  struct Scenario {
    std::string name;
    std::string error;
  };

  std::string title;                ///< "office failed".
  std::string reason;               ///< Why the run failed, on one line; "" of a recovery.
  std::vector<Fact> facts;          ///< Of our own making: numbers and times.
  std::vector<Scenario> scenarios;  ///< That failed; none where the reason is the error of the only one.
  std::string more;                 ///< "and 3 more"; "" when these are all.
};

[[nodiscard]] AlertText alert_text(const Alert& alert);

/// Whatever ends a line, or is no character at all, becomes a blank.
[[nodiscard]] std::string one_line(std::string_view text);

}  // namespace callwright::verify
