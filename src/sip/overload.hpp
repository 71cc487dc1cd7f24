#pragma once

#include "base/timers.hpp"

#include <cstdint>
#include <string_view>

namespace callwright::sip {

/// Tells when the engine does not keep up, by how late its timers fire, and logs refusals without a line for each. While requests come it looks ten times a
/// second; without any it sleeps. Owner thread only.
class Overload {
 public:
  /// `max_lag` zero: never.
  Overload(base::Timers& timers, base::Duration max_lag);

  /// To be called for each new request.
  void on_request();
  /// For a second after a timer was later than `max_lag`.
  [[nodiscard]] bool lagging() const;
  /// Counts a refusal and logs it, at most every ten seconds, with how many there were. `reason` is constant text.
  void on_refused(std::string_view reason);

 private:
  void on_probe();

  base::Timers& timers_;
  base::Duration max_lag_;
  base::Timer probe_;
  base::TimePoint expected_;
  base::TimePoint lagging_until_;
  base::TimePoint next_line_;
  std::uint64_t refused_ = 0;  ///< Since the last line.
};

}  // namespace callwright::sip
