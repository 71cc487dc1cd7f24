// The timing wheel against what one writes without it, an ordered map of deadlines; both with many timers pending.
#include "base/random.hpp"
#include "base/timers.hpp"

#include <benchmark/benchmark.h>

#include <cstdint>
#include <deque>
#include <map>
#include <vector>

namespace callwright::base {
namespace {

/// As the timers of calls are spread: from milliseconds to an hour.
Duration random_delay(Random& random) { return std::chrono::milliseconds(random.between(1, 3600 * 1000)); }

struct Owner {
  explicit Owner(Timers& timers) : timer(timers, Callback::to<&Owner::fire>(*this)) {}
  void fire() { ++fired; }

  Timer timer;
  std::uint64_t fired = 0;
};

struct Wheel {
  explicit Wheel(std::int64_t count) {
    for (std::int64_t index = 0; index < count; ++index) {
      owners.emplace_back(timers).timer.start(random_delay(random));
    }
  }

  DeterministicRandom random{1};
  ManualClock clock;
  Timers timers{clock};
  std::deque<Owner> owners;
};

struct OrderedMap {
  using Map = std::multimap<TimePoint, std::uint64_t*>;

  explicit OrderedMap(std::int64_t count) {
    for (std::int64_t index = 0; index < count; ++index) {
      entries.push_back(map.emplace(clock.now() + random_delay(random), &fired));
    }
  }

  DeterministicRandom random{1};
  ManualClock clock;
  std::uint64_t fired = 0;
  Map map;
  std::vector<Map::iterator> entries;
};

std::vector<Duration> delays() {
  DeterministicRandom random(2);
  std::vector<Duration> values(4096);
  for (Duration& value : values) {
    value = random_delay(random);
  }
  return values;
}

/// A timer that rarely fires, as for a retransmission: started, then cancelled by the answer.
void wheel_start_cancel(benchmark::State& state) {
  Wheel wheel(state.range(0));
  const auto values = delays();
  Owner owner(wheel.timers);
  std::size_t turn = 0;
  for (auto _ : state) {
    owner.timer.start(values[turn++ % values.size()]);
    owner.timer.cancel();
  }
}
BENCHMARK(wheel_start_cancel)->Arg(1000)->Arg(1000000);

void map_start_cancel(benchmark::State& state) {
  OrderedMap ordered(state.range(0));
  const auto values = delays();
  std::size_t turn = 0;
  for (auto _ : state) {
    const auto entry = ordered.map.emplace(ordered.clock.now() + values[turn++ % values.size()], &ordered.fired);
    ordered.map.erase(entry);
  }
}
BENCHMARK(map_start_cancel)->Arg(1000)->Arg(1000000);

/// Restarts any one of the pending timers, as a keep-alive does: its memory is cold.
void wheel_restart_any(benchmark::State& state) {
  Wheel wheel(state.range(0));
  const auto values = delays();
  std::size_t turn = 0;
  for (auto _ : state) {
    wheel.owners[wheel.random.next() % wheel.owners.size()].timer.start(values[turn++ % values.size()]);
  }
}
BENCHMARK(wheel_restart_any)->Arg(1000000);

void map_restart_any(benchmark::State& state) {
  OrderedMap ordered(state.range(0));
  const auto values = delays();
  std::size_t turn = 0;
  for (auto _ : state) {
    auto& entry = ordered.entries[ordered.random.next() % ordered.entries.size()];
    ordered.map.erase(entry);
    entry = ordered.map.emplace(ordered.clock.now() + values[turn++ % values.size()], &ordered.fired);
  }
}
BENCHMARK(map_restart_any)->Arg(1000000);

/// Starts a timer and lets it fire: the whole life of one, cascades included.
void wheel_start_fire(benchmark::State& state) {
  constexpr std::int64_t kBatch = 100000;
  for (auto _ : state) {
    state.PauseTiming();
    Wheel wheel(kBatch);
    state.ResumeTiming();
    for (int second = 0; second < 3600; ++second) {
      wheel.clock.advance(std::chrono::seconds(1));
      wheel.timers.advance();
    }
    if (wheel.timers.pending() != 0) {
      state.SkipWithError("timers are left over");
    }
  }
  state.SetItemsProcessed(state.iterations() * kBatch);
}
BENCHMARK(wheel_start_fire);

}  // namespace
}  // namespace callwright::base
