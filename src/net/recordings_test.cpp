// Recordings of real streams on real disks.
#include "audio/file_source.hpp"
#include "audio/tone_detector.hpp"
#include "net/media_thread.hpp"

#include <gmock/gmock.h>

#include <poll.h>
#include <sys/inotify.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>
#include <csignal>
#include <filesystem>
#include <fstream>
#include <functional>
#include <memory>
#include <optional>
#include <vector>

namespace callwright::net {
namespace {

using namespace std::chrono_literals;
using testing::HasSubstr;

constexpr std::chrono::seconds kGuard{20};
constexpr std::chrono::milliseconds kLevelWindow{20};
/// So much sound is put into a recording in which a tone is to be found. The detector wants three pure blocks of 40 ms out of five, so 160 ms wherever they
/// begin; the rest is for a machine that stalls in between, since a recording keeps the time of a stall.
constexpr std::chrono::milliseconds kEnough{500};

class Observer final : public media::MediaObserver, public media::RecordingObserver {
 public:
  void on_media_event(const media::StreamEvent& event) override { heard.push_back(event); }
  void on_recording_event(const media::RecordingEvent& event) override { recorded.push_back(event); }

  [[nodiscard]] bool hears(double frequency_hz) const {
    return std::ranges::any_of(heard, [frequency_hz](const media::StreamEvent& event) {
      const auto* const tone = std::get_if<media::ToneDetected>(&event.what);
      return tone != nullptr && std::abs(tone->frequency_hz - frequency_hz) < 10;
    });
  }
  /// How long it has heard sound since it was asked for levels.
  [[nodiscard]] std::chrono::milliseconds heard_sound() const {
    return kLevelWindow * std::ranges::count_if(heard, [](const media::StreamEvent& event) {
             const auto* const level = std::get_if<media::LevelMeasured>(&event.what);
             return level != nullptr && level->rms_dbov > -40;
           });
  }
  [[nodiscard]] const media::RecordingEnded* ended() const { return recorded.empty() ? nullptr : std::get_if<media::RecordingEnded>(&recorded.back().what); }
  [[nodiscard]] const media::RecordingFailed* failed() const {
    return recorded.empty() ? nullptr : std::get_if<media::RecordingFailed>(&recorded.front().what);
  }

  std::vector<media::StreamEvent> heard;
  std::vector<media::RecordingEvent> recorded;
};

/// Two streams that talk to each other: alice says 440 Hz, bob 1000 Hz.
class Call {
 public:
  explicit Call(MediaThread& port) : media(port) {
    media::StreamOptions options;
    options.address = base::IpAddress::v4({127, 0, 0, 1});
    alice = media.open(options, at_alice).value();
    bob = media.open(options, at_bob).value();
    media.set_source(alice.id, media::Tone{440, -20});
    media.set_source(bob.id, media::Tone{1000, -15});
    start(alice, bob);
    start(bob, alice);
  }
  void start(const media::OpenedStream& from, const media::OpenedStream& to) {
    media::StreamParameters parameters;
    parameters.remote_rtp = to.rtp;
    parameters.remote_rtcp = to.rtcp;
    media.start(from.id, parameters);
  }

  MediaThread& media;
  Observer at_alice;
  Observer at_bob;
  media::OpenedStream alice;
  media::OpenedStream bob;
};

/// From here on the call tells how long bob hears sound. What is asked for after a recording began is in that recording too.
void measure_levels(Call& call) {
  media::Listening listening = media::Listening::Always;
  listening.level_window = kLevelWindow;
  call.media.set_listening(call.bob.id, listening);
}

media::RecordingOptions recording_to(const std::string& name) {
  media::RecordingOptions options;
  options.path = std::filesystem::path(testing::TempDir()) / (std::to_string(getpid()) + name);
  return options;
}

/// The first steady tone on a channel; 0: there is none.
double tone_on(const std::filesystem::path& path, unsigned channel) {
  audio::FileOptions options;
  options.channel = channel;
  auto source = audio::FileSource::blocking_open(path, options);
  if (!source) {
    return 0;
  }
  audio::ToneDetector detector(options.rate);
  std::vector<audio::Sample> frame(160);
  while ((*source)->read(frame) == frame.size()) {
    if (const auto tones = detector.process(frame); !tones.empty()) {
      return tones.front().frequency_hz;
    }
  }
  return 0;
}

class RecordingsTest : public testing::Test {
 protected:
  bool until(const std::function<bool()>& done) { return engine.run_until(done, kGuard); }
  bool both_are_heard() {
    return until([this] { return call.at_bob.hears(440) && call.at_alice.hears(1000); });
  }
  /// Both say something from the beginning, so bob has said as much.
  bool enough_is_recorded() {
    measure_levels(call);
    return until([this] { return call.at_bob.heard_sound() >= kEnough; });
  }
  void finish(media::RecordingId id) {
    media.stop_recording(id);
    ASSERT_TRUE(until([this] { return observer.ended() != nullptr; }));
  }
  media::RecordingId record_bob(const media::RecordingOptions& options) {
    const auto id = media.open_recording(options, observer).value();
    media.record(id, call.bob.id, media::HeardOn::Left);
    return id;
  }

  EngineLoop engine;
  MediaThread media{engine};
  Call call{media};
  Observer observer;
};

TEST_F(RecordingsTest, have_each_side_on_a_channel) {
  const auto options = recording_to("stereo.wav");
  const auto id = record_bob(options);
  ASSERT_TRUE(enough_is_recorded());
  finish(id);
  EXPECT_EQ(observer.recorded.size(), 1U);
  EXPECT_EQ(observer.ended()->reason, media::RecordingEnded::Reason::Stopped);
  EXPECT_EQ(observer.ended()->paths, std::vector{options.path});
  EXPECT_GT(observer.ended()->duration, 40ms);
  EXPECT_EQ(observer.ended()->missing, 0ms);
  EXPECT_NEAR(tone_on(options.path, 0), 440, 10);
  EXPECT_NEAR(tone_on(options.path, 1), 1000, 10);
  EXPECT_EQ(std::filesystem::file_size(options.path), 44 + 4 * observer.ended()->frames);
  std::filesystem::remove(options.path);
}

TEST_F(RecordingsTest, are_two_files_of_ogg_when_that_is_wanted) {
  auto options = recording_to("apart.ogg");
  options.format = audio::FileFormat::OggOpus;
  options.layout = media::RecordingLayout::Separate;
  options.rate = audio::kWideband;
  const auto id = record_bob(options);
  ASSERT_TRUE(enough_is_recorded());
  finish(id);
  ASSERT_EQ(observer.ended()->paths.size(), 2U);
  EXPECT_NEAR(tone_on(observer.ended()->paths[0], 0), 440, 10);
  EXPECT_NEAR(tone_on(observer.ended()->paths[1], 0), 1000, 10);
  for (const auto& path : observer.ended()->paths) {
    std::filesystem::remove(path);
  }
}

TEST_F(RecordingsTest, mix_both_sides_for_mono) {
  auto options = recording_to("mono.wav");
  options.layout = media::RecordingLayout::Mono;
  const auto id = record_bob(options);
  ASSERT_TRUE(enough_is_recorded());
  finish(id);
  EXPECT_EQ(std::filesystem::file_size(options.path), 44 + 2 * observer.ended()->frames);
  EXPECT_NEAR(tone_on(options.path, 0), 1000, 10) << "the louder one";
  std::filesystem::remove(options.path);
}

TEST_F(RecordingsTest, go_on_after_the_stream_and_with_another_one) {
  const auto options = recording_to("moved.wav");
  const auto id = record_bob(options);
  ASSERT_TRUE(enough_is_recorded());
  media.close(call.bob.id);
  media.set_source(call.alice.id, media::Tone{1500, -20});
  media.record(id, call.alice.id, media::HeardOn::Right);
  EXPECT_FALSE(engine.run_until([] { return false; }, 300ms)) << "which is what is recorded of it";
  finish(id);
  EXPECT_NEAR(tone_on(options.path, 0), 440, 10);
  EXPECT_NEAR(tone_on(options.path, 1), 1000, 10);
  EXPECT_GT(observer.ended()->duration, 300ms);
  std::filesystem::remove(options.path);
}

TEST_F(RecordingsTest, hold_what_a_whole_conference_hears) {
  auto options = recording_to("conference.wav");
  options.layout = media::RecordingLayout::Mono;
  const auto room = media.open_conference({}, call.at_bob).value();
  media.confer(room, call.bob.id, {});
  const auto id = media.open_recording(options, observer).value();
  media.record(id, room, media::HeardOn::Left);
  ASSERT_TRUE(enough_is_recorded());
  media.close(room);
  finish(id);
  EXPECT_NEAR(tone_on(options.path, 0), 440, 10);
  std::filesystem::remove(options.path);
}

TEST_F(RecordingsTest, leave_out_what_is_paused) {
  const auto options = recording_to("paused.wav");
  const auto id = media.open_recording(options, observer).value();
  media.pause_recording(id);
  media.record(id, call.bob.id, media::HeardOn::Left);
  ASSERT_TRUE(enough_is_recorded());
  finish(id);
  EXPECT_EQ(observer.ended()->duration, 0ms);
  EXPECT_EQ(tone_on(options.path, 0), 0);
  std::filesystem::remove(options.path);
}

TEST_F(RecordingsTest, fail_without_harm_where_there_is_no_folder) {
  auto options = recording_to("");
  options.path = "/nonexistent/out.wav";
  record_bob(options);
  ASSERT_TRUE(until([this] { return observer.ended() != nullptr; }));
  ASSERT_NE(observer.failed(), nullptr);
  EXPECT_THAT(observer.failed()->error.detail, HasSubstr("No such file or directory"));
  EXPECT_EQ(observer.ended()->reason, media::RecordingEnded::Reason::Failed);
  EXPECT_TRUE(both_are_heard());
}

TEST_F(RecordingsTest, end_with_an_event_when_the_disk_is_full_and_the_call_goes_on) {
  const auto options = recording_to("full.wav");
  ASSERT_TRUE(both_are_heard()) << "the file has room for 311 ms, which are to be sound";
  const auto handler = std::signal(SIGXFSZ, SIG_IGN);
  rlimit before{};
  getrlimit(RLIMIT_FSIZE, &before);
  const rlimit limited{10'000, before.rlim_max};
  setrlimit(RLIMIT_FSIZE, &limited);
  record_bob(options);
  const bool ended = until([this] { return observer.ended() != nullptr; });
  setrlimit(RLIMIT_FSIZE, &before);
  std::signal(SIGXFSZ, handler);
  ASSERT_TRUE(ended);
  ASSERT_NE(observer.failed(), nullptr);
  EXPECT_THAT(observer.failed()->error.detail, HasSubstr("Free space or record elsewhere"));
  EXPECT_EQ(observer.ended()->reason, media::RecordingEnded::Reason::Failed);
  EXPECT_EQ(std::filesystem::file_size(options.path), 10'000U);
  EXPECT_EQ(observer.ended()->frames, (10'000U - 44) / 4);
  EXPECT_NEAR(tone_on(options.path, 0), 440, 10) << "what there was room for can be read";
  media.set_source(call.alice.id, media::Tone{1500, -20});
  EXPECT_TRUE(until([this] { return call.at_bob.hears(1500); }));
  std::filesystem::remove(options.path);
}

TEST_F(RecordingsTest, fail_on_a_full_device_at_once) {
  auto options = recording_to("");
  options.path = "/dev/full";
  record_bob(options);
  ASSERT_TRUE(until([this] { return observer.ended() != nullptr; }));
  ASSERT_NE(observer.failed(), nullptr);
  EXPECT_THAT(observer.failed()->error.detail, HasSubstr("No space left on device"));
}

TEST_F(RecordingsTest, refuse_what_cannot_be) {
  auto options = recording_to("wrong.ogg");
  options.format = audio::FileFormat::OggOpus;
  options.rate = audio::SampleRate{44100};
  const auto refused = media.open_recording(options, observer);
  ASSERT_FALSE(refused.has_value());
  EXPECT_EQ(refused.error().code, base::make_error_code(base::Errc::InvalidArgument));
  media.stop_recording(media::RecordingId{99});
  media.pause_recording(media::RecordingId{99});
  media.resume_recording(media::RecordingId{99});
  media.record(media::RecordingId{99}, call.bob.id, media::HeardOn::Left);
  EXPECT_TRUE(both_are_heard());
}

TEST(Recordings, are_complete_when_all_ends) {
  const auto abandoned = recording_to("abandoned.wav");
  const auto open = recording_to("open.wav");
  EngineLoop engine;
  Observer observer;
  {
    MediaThread media(engine);
    Call call(media);
    const auto first = media.open_recording(abandoned, observer).value();
    media.record(media.open_recording(open, observer).value(), call.bob.id, media::HeardOn::Left);
    media.record(first, call.bob.id, media::HeardOn::Left);
    measure_levels(call);
    ASSERT_TRUE(engine.run_until([&] { return call.at_bob.heard_sound() >= kEnough; }, kGuard));
    media.abandon_recording(first);
  }
  EXPECT_NEAR(tone_on(open.path, 0), 440, 10);
  EXPECT_NEAR(tone_on(abandoned.path, 0), 440, 10);
  EXPECT_FALSE(engine.run_until([&observer] { return !observer.recorded.empty(); }, 10ms));
  std::filesystem::remove(open.path);
  std::filesystem::remove(abandoned.path);
}

/// Waits for the file to have so many bytes.
bool grows_to(const std::filesystem::path& path, std::uintmax_t bytes) {
  const int watch = inotify_init1(IN_CLOEXEC);
  inotify_add_watch(watch, path.parent_path().c_str(), IN_MODIFY | IN_CREATE);
  std::error_code error;
  const auto size = [&] { return std::filesystem::exists(path) ? std::filesystem::file_size(path, error) : 0; };
  bool large = size() >= bytes;
  pollfd ready{watch, POLLIN, 0};
  while (!large && poll(&ready, 1, static_cast<int>(std::chrono::milliseconds(kGuard).count())) == 1) {
    std::array<char, 4096> events{};
    large = read(watch, events.data(), events.size()) <= 0 || size() >= bytes;
  }
  close(watch);
  return large;
}

TEST(Recordings, can_be_read_when_the_process_is_killed) {
  const auto options = recording_to("killed.wav");
  std::filesystem::remove(options.path);
  const pid_t child = fork();
  ASSERT_GE(child, 0);
  if (child == 0) {
    EngineLoop engine;
    MediaThread media(engine);
    Call call(media);
    Observer observer;
    media.record(media.open_recording(options, observer).value(), call.bob.id, media::HeardOn::Left);
    (void)engine.run_until([] { return false; }, kGuard);
    _exit(1);
  }
  EXPECT_TRUE(grows_to(options.path, 44 + 2 * 32'000));
  kill(child, SIGKILL);
  int status = 0;
  waitpid(child, &status, 0);
  EXPECT_TRUE(WIFSIGNALED(status));
  EXPECT_NEAR(tone_on(options.path, 0), 440, 10);
  EXPECT_NEAR(tone_on(options.path, 1), 1000, 10);
  // Read without libsndfile: what the header says is what there is.
  std::ifstream file(options.path, std::ios::binary);
  std::vector<unsigned char> header(44);
  file.read(reinterpret_cast<char*>(header.data()), 44);
  const std::uint32_t said = std::uint32_t{header[40]} | std::uint32_t{header[41]} << 8U | std::uint32_t{header[42]} << 16U | std::uint32_t{header[43]} << 24U;
  EXPECT_GE(said, 32'000U);
  EXPECT_LE(said + 44, std::filesystem::file_size(options.path));
  std::filesystem::remove(options.path);
}

}  // namespace
}  // namespace callwright::net
