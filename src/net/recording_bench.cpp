// Calls that are decoded, searched for voices and keys, and recorded: what one direction of G.711 takes of a core, the writing to disk included.
#include "audio/comfort_noise.hpp"
#include "audio/dtmf.hpp"
#include "audio/g711.hpp"
#include "audio/voice_activity.hpp"
#include "media/receive_path.hpp"
#include "media/recording.hpp"
#include "net/engine_loop.hpp"
#include "net/file_recording.hpp"
#include "rtp/sender.hpp"

#include <benchmark/benchmark.h>

#include <sys/resource.h>
#include <unistd.h>
#include <array>
#include <cstdint>
#include <filesystem>
#include <memory>
#include <string>
#include <vector>

namespace callwright::net {
namespace {

using namespace std::chrono_literals;

constexpr std::size_t kCalls = 50;
constexpr std::chrono::seconds kSeconds{60};
constexpr base::Duration kFrame = 20ms;

double cpu_seconds() {
  rusage usage{};
  getrusage(RUSAGE_SELF, &usage);
  const auto seconds = [](const timeval& time) { return static_cast<double>(time.tv_sec) + static_cast<double>(time.tv_usec) / 1e6; };
  return seconds(usage.ru_utime) + seconds(usage.ru_stime);
}

/// Two seconds of bursts that sound a little like speech, as payloads.
std::vector<std::array<std::uint8_t, 160>> speech() {
  audio::ComfortNoiseSource loud(-25);
  audio::ComfortNoiseSource soft(-60);
  std::vector<std::array<std::uint8_t, 160>> payloads(100);
  std::array<audio::Sample, 160> samples{};
  for (std::size_t i = 0; i < payloads.size(); ++i) {
    (i % 20 < 12 ? loud : soft).read(samples);
    audio::encode(audio::Encoding::Pcmu, samples, payloads[i]);
  }
  return payloads;
}

/// What one side of a call hears.
struct Direction {
  explicit Direction(base::Random& random) : sender(random) {}

  void frame(rtp::Bytes payload, base::TimePoint now, media::Recording& recording, media::Recording::Side side) {
    packet.clear();
    sender.send(rtp::PayloadType{0}, payload, 160, packet);
    hearing.insert(rtp::Packet::parse(packet).value(), now);
    const auto samples = hearing.frame(now);
    benchmark::DoNotOptimize(voice->process(samples));
    benchmark::DoNotOptimize(keys.process(samples));
    recording.write(side, samples, hearing.rate(), hearing.heard_until() - kFrame);
  }

  rtp::Sender sender;
  rtp::Buffer packet;
  media::ReceivePath hearing;
  std::unique_ptr<audio::VoiceActivity> voice = audio::make_voice_activity(audio::kNarrowband);
  audio::DtmfDetector keys;
};

struct Call {
  Call(EngineLoop& media, EngineLoop& files, const media::RecordingOptions& options, base::Random& random)
      : file(media, files, options, [](const base::Error&) {}), recording(options.rate, file), left(random), right(random) {
    for (Direction* const direction : {&left, &right}) {
      (void)direction->hearing.configure({});
    }
  }

  FileRecording file;
  media::Recording recording;
  Direction left;
  Direction right;
};

std::vector<std::unique_ptr<Call>> make_calls(EngineLoop& media, EngineLoop& files, const std::filesystem::path& folder, base::Random& random) {
  std::vector<std::unique_ptr<Call>> calls;
  for (std::size_t i = 0; i < kCalls; ++i) {
    media::RecordingOptions options;
    options.path = folder / (std::to_string(i) + ".wav");
    calls.push_back(std::make_unique<Call>(media, files, options, random));
  }
  return calls;
}

/// Ends all recordings; the sound that the disk was too slow for.
base::Duration finish(std::vector<std::unique_ptr<Call>>& calls, EngineLoop& media, base::TimePoint now) {
  std::size_t done = 0;
  base::Duration missing{};
  for (const auto& call : calls) {
    call->recording.finish(now);
    call->file.finish([&done, &missing](const media::RecordingEnded& ended) {
      ++done;
      missing += ended.missing + (ended.reason == media::RecordingEnded::Reason::Failed ? kSeconds : 0s);
    });
  }
  return media.run_until([&done] { return done == kCalls; }, 60s) ? missing : kSeconds;
}

void record_direction(benchmark::State& state) {
  const auto folder = std::filesystem::temp_directory_path() / ("callwright-recording-bench-" + std::to_string(getpid()));
  std::filesystem::create_directories(folder);
  const auto payloads = speech();
  for (auto _ : state) {
    EngineLoop media;
    EngineLoop files;
    files.start();
    base::DeterministicRandom random(1);
    auto calls = make_calls(media, files, folder, random);
    const double before = cpu_seconds();
    base::TimePoint now{1h};
    for (std::size_t frame = 0; frame < static_cast<std::size_t>(kSeconds / kFrame); ++frame, now += kFrame) {
      for (std::size_t i = 0; i < calls.size(); ++i) {
        Call& call = *calls[i];
        call.recording.begin(now);
        call.left.frame(payloads[(frame + i) % payloads.size()], now, call.recording, media::Recording::Side::Left);
        call.right.frame(payloads[(frame + i + 50) % payloads.size()], now, call.recording, media::Recording::Side::Right);
        call.recording.tick(now);
      }
    }
    if (finish(calls, media, now) != 0s) {
      state.SkipWithError("the disk was too slow, or full");
    }
    const double cpu = cpu_seconds() - before;
    state.counters["percent_of_core"] = 100 * cpu / static_cast<double>(2 * kCalls) / static_cast<double>(kSeconds.count());
    files.stop();
    files.join();
  }
  std::filesystem::remove_all(folder);
}
BENCHMARK(record_direction)->Iterations(1)->UseRealTime();

}  // namespace
}  // namespace callwright::net
