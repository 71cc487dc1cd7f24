#pragma once

#include "verify/run/run_summary.hpp"

#include <gtest/gtest.h>

#include <string>
#include <string_view>
#include <vector>

/// Runs for tests, as lines of JSON.
namespace callwright::verify {

inline std::vector<RunEvent> events_of(std::string_view lines) {
  std::vector<RunEvent> events;
  while (!lines.empty()) {
    const std::size_t end = lines.find('\n');
    const std::string_view line = lines.substr(0, end);
    lines.remove_prefix(end == std::string_view::npos ? lines.size() : end + 1);
    if (line.empty()) {
      continue;
    }
    auto event = RunEvent::parse(line);
    EXPECT_TRUE(event) << line;
    if (event) {
      events.push_back(*event);
    }
  }
  return events;
}

inline RunSummary summary_of(std::string_view lines) {
  RunSummary summary;
  for (const RunEvent& event : events_of(lines)) {
    summary.add(event);
  }
  return summary;
}

/// A suite with one of each: passed, failed with a state, flaky, skipped; a single file; and a file that crashed.
inline constexpr std::string_view kMixedRun = R"json(
{"event":"run_started","ts":"2026-03-01T12:00:00.000+01:00","run":"r-1","version":"0.1.0","files":3,"seed":7}
{"event":"file_started","ts":"2026-03-01T12:00:00.001+01:00","path":"t/suite.js"}
{"event":"file_loaded","ts":"2026-03-01T12:00:00.002+01:00","path":"t/suite.js","kind":"suite","scenarios":[{"name":"answers","tags":["smoke"],"at":"t/suite.js:3:1"},{"name":"later","tags":[],"at":"t/suite.js:30:1","skip":"not yet"}]}
{"event":"scenario_started","ts":"2026-03-01T12:00:01.000+01:00","path":"t/suite.js","name":"answers","tags":["smoke"],"at":"t/suite.js:3:1","attempt":1}
{"event":"agent_started","ts":"2026-03-01T12:00:01.010+01:00","path":"t/suite.js","name":"A","aor":"alice@example.com"}
{"event":"action","ts":"2026-03-01T12:00:01.020+01:00","path":"t/suite.js","agent":"A","kind":"dial","detail":"sip:b@example.com"}
{"event":"assertion","ts":"2026-03-01T12:00:01.030+01:00","path":"t/suite.js","label":"A state","expect":"equals Ringing","actual":"Ringing","ok":true}
{"event":"scenario_finished","ts":"2026-03-01T12:00:02.200+01:00","path":"t/suite.js","name":"answers","attempt":1,"passed":true,"duration_ms":1200.5,"artifacts":[{"kind":"pcap","path":"out/a.pcap"}]}
{"event":"scenario_started","ts":"2026-03-01T12:00:03.000+01:00","path":"t/suite.js","name":"is <busy> & gone","tags":[],"at":"t/suite.js:10:1","attempt":1}
{"event":"assertion","ts":"2026-03-01T12:00:03.100+01:00","path":"t/suite.js","label":"B state","expect":"equals Established","actual":"Idle","ok":false,"at":"t/suite.js:14:5"}
{"event":"scenario_finished","ts":"2026-03-01T12:00:03.500+01:00","path":"t/suite.js","name":"is <busy> & gone","attempt":1,"passed":false,"duration_ms":500,"error":"B state: expected equals Established, but was Idle","at":"t/suite.js:14:5","failure":{"label":"B state","expect":"equals Established","actual":"Idle","agents":[{"agent":"A","registered":true,"state":"ringing","calls":1},{"agent":"B","registered":false,"state":"idle","calls":0,"reason":"486 Busy Here","status":486}]}}
{"event":"scenario_started","ts":"2026-03-01T12:00:04.000+01:00","path":"t/suite.js","name":"sometimes","tags":[],"attempt":1}
{"event":"scenario_finished","ts":"2026-03-01T12:00:04.100+01:00","path":"t/suite.js","name":"sometimes","attempt":1,"passed":false,"duration_ms":100,"error":"no tone","retried":true}
{"event":"scenario_started","ts":"2026-03-01T12:00:04.200+01:00","path":"t/suite.js","name":"sometimes","tags":[],"attempt":2}
{"event":"scenario_finished","ts":"2026-03-01T12:00:04.300+01:00","path":"t/suite.js","name":"sometimes","attempt":2,"passed":true,"duration_ms":100}
{"event":"scenario_skipped","ts":"2026-03-01T12:00:04.400+01:00","path":"t/suite.js","name":"later","reason":"not yet","tags":[]}
{"event":"suite_finished","ts":"2026-03-01T12:00:04.500+01:00","path":"t/suite.js","total":4,"passed":2,"skipped":1}
{"event":"file_finished","ts":"2026-03-01T12:00:04.600+01:00","path":"t/suite.js","passed":false,"duration_ms":4600}
{"event":"file_started","ts":"2026-03-01T12:00:05.000+01:00","path":"t/one.test"}
{"event":"file_loaded","ts":"2026-03-01T12:00:05.001+01:00","path":"t/one.test","kind":"single","scenarios":[]}
{"event":"finished","ts":"2026-03-01T12:00:05.500+01:00","path":"t/one.test","passed":true,"duration_ms":500}
{"event":"file_finished","ts":"2026-03-01T12:00:05.600+01:00","path":"t/one.test","passed":true,"duration_ms":600}
{"event":"file_started","ts":"2026-03-01T12:00:06.000+01:00","path":"t/crash.js"}
{"event":"file_loaded","ts":"2026-03-01T12:00:06.001+01:00","path":"t/crash.js","kind":"suite","scenarios":[]}
{"event":"scenario_started","ts":"2026-03-01T12:00:06.002+01:00","path":"t/crash.js","name":"dies","tags":[],"attempt":1}
{"event":"file_finished","ts":"2026-03-01T12:00:06.300+01:00","path":"t/crash.js","passed":false,"duration_ms":300,"error":"crashed: SIGSEGV (Segmentation fault)"}
{"event":"run_finished","ts":"2026-03-01T12:00:06.400+01:00","run":"r-1","files":3,"passed_files":1,"scenarios":6,"passed_scenarios":3,"failed_scenarios":2,"skipped_scenarios":1,"flaky_scenarios":1,"duration_ms":6400,"interrupted":false}
)json";

}  // namespace callwright::verify
