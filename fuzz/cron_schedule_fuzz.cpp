// Any text is a schedule or an error; the next moment of one lies ahead.
#include "require.hpp"
#include "verify/monitor/cron_schedule.hpp"

#include <cstddef>
#include <cstdint>
#include <string_view>

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const auto schedule = callwright::verify::CronSchedule::parse({reinterpret_cast<const char*>(data), size});
  if (!schedule) {
    return 0;
  }
  constexpr callwright::verify::LocalTime kAfter{2026, 2, 28, 23, 59, 59};
  const auto next = schedule->next(kAfter);
  require(!next || *next > kAfter);
  return 0;
}
