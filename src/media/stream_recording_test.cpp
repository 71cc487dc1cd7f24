// Whole calls, recorded in simulated time: both directions lie beside each other whatever happens.
#include "audio/g711.hpp"
#include "media/recording.hpp"
#include "media/two_streams.hpp"
#include "rtp/sender.hpp"

#include <cmath>
#include <numbers>

namespace callwright::media {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

constexpr StreamId kCarol{3};
constexpr StreamId kDave{4};
constexpr std::size_t kFrameSamples = 160;

/// What is said in the k-th part of 700 ms: a burst of 80 ms that begins anywhere in its first half, so that no two offsets look alike.
double burst_begin(std::int64_t k) { return static_cast<double>(k) * 0.7 + static_cast<double>(k * 2654435761 % 350) / 1000; }

/// At the time `at`, in seconds.
audio::Sample burst_at(double at) {
  const auto k = static_cast<std::int64_t>(std::floor(at / 0.7));
  const double since = at - burst_begin(k);
  const bool on = since >= 0 && since < 0.08;
  return on ? static_cast<audio::Sample>(std::lrint(8000 * std::sin(2 * std::numbers::pi * 1000 * at))) : audio::Sample{0};
}

/// Energy in pieces of 1 ms.
std::vector<double> envelope(std::span<const audio::Sample> samples) {
  std::vector<double> result(samples.size() / 8);
  for (std::size_t i = 0; i < result.size() * 8; ++i) {
    result[i / 8] += static_cast<double>(samples[i]) * samples[i];
  }
  std::ranges::transform(result, result.begin(), [](double energy) { return std::min(1.0, std::sqrt(energy) / 8000); });
  return result;
}

/// How many milliseconds `second` comes behind `first`, up to 300.
int offset_ms(const std::vector<double>& first, const std::vector<double>& second) {
  constexpr int kMost = 300;
  int best = 0;
  double most = -1;
  for (int offset = -kMost; offset <= kMost; ++offset) {
    double sum = 0;
    for (std::size_t i = kMost; i + kMost < first.size(); ++i) {
      sum += first[i] * second[static_cast<std::size_t>(static_cast<int>(i) + offset)];
    }
    if (sum > most) {
      most = sum;
      best = offset;
    }
  }
  return best;
}

/// A phone far away whose clock is `skew` too fast; it says the bursts of the true time.
struct FarPhone {
  FarPhone(base::Random& random, StreamId of, std::uint16_t from, std::uint16_t to, double too_fast)
      : sender(random), id(of), own(from), towards(to), skew(too_fast) {}

  /// Packet `number` begins so many seconds after the start.
  [[nodiscard]] double begins(std::uint64_t count) const { return static_cast<double>(count) * 0.02 / (1 + skew); }

  rtp::Sender sender;
  StreamId id;
  std::uint16_t own;
  std::uint16_t towards;
  double skew;
  std::uint64_t number = 0;
  bool silent_between = false;  ///< Discontinuous transmission.
  milliseconds jitter{10};
};

class RecordedCall : public TwoStreams, public Recording::Output {
 protected:
  void write(std::vector<audio::Sample> left, std::vector<audio::Sample> right) override {
    left_.insert(left_.end(), left.begin(), left.end());
    right_.insert(right_.end(), right.begin(), right.end());
  }
  /// What streams send goes nowhere, where no stream has its port.
  void speak(FarPhone& phone) {
    while (phone.begins(phone.number + 1) <= elapsed()) {
      const double begin = phone.begins(phone.number++);
      std::array<audio::Sample, kFrameSamples> frame{};
      for (std::size_t i = 0; i < frame.size(); ++i) {
        frame[i] = burst_at(begin + static_cast<double>(i) / 8000);
      }
      if (phone.silent_between && std::ranges::all_of(frame, [](audio::Sample sample) { return sample == 0; })) {
        phone.sender.skip(kFrameSamples);
        continue;
      }
      std::array<std::uint8_t, kFrameSamples> payload{};
      audio::encode(audio::Encoding::Pcmu, frame, payload);
      rtp::Buffer packet;
      phone.sender.send(rtp::PayloadType{0}, payload, kFrameSamples, packet);
      if (random_.chance(loss_)) {
        continue;
      }
      const auto late = std::chrono::microseconds(random_.between(0, static_cast<std::uint64_t>(phone.jitter.count()) * 1000));
      // The packet is complete when its last sample was said.
      const auto sent = start_ + std::chrono::duration_cast<base::Duration>(std::chrono::duration<double>(phone.begins(phone.number)));
      wire_.push_back({sent + milliseconds(25) + late, {base::IpAddress::v4({127, 0, 0, 1}), phone.own}, phone.towards, packet});
    }
  }
  [[nodiscard]] double elapsed() const { return std::chrono::duration<double>(clock_.now() - start_).count(); }

  void call(base::Duration duration) {
    for (const base::TimePoint end = clock_.now() + duration; clock_.now() < end; clock_.advance(Stream::kFrame)) {
      for (FarPhone& phone : phones_) {
        speak(phone);
      }
      deliver();
      streams_.tick(clock_.now(), clock_.wall_now());
      recording_.tick(clock_.now());
    }
  }
  void stall(base::Duration duration) {
    clock_.advance(duration);
    call(seconds(10));
  }
  void record(Stream& stream, HeardOn heard_on = HeardOn::Left) {
    recording_.begin(clock_.now());
    tap_ = std::make_unique<RecordingTap>(recording_, heard_on);
    stream.add_tap(*tap_);
  }
  /// In the last `last` of the recording: the right channel behind the left one, and both behind what was said, in milliseconds.
  struct Offsets {
    int between = 0;
    int left = 0;
    int right = 0;
  };
  Offsets offsets(base::Duration last) {
    const std::size_t count = audio::samples_in(last);
    const std::size_t begin = left_.size() - count;
    std::vector<audio::Sample> said(count);
    for (std::size_t i = 0; i < count; ++i) {
      said[i] = burst_at(static_cast<double>(begin + i) / 8000);
    }
    const auto left = envelope(std::span(left_).subspan(begin));
    const auto right = envelope(std::span(right_).subspan(begin));
    return {offset_ms(left, right), offset_ms(envelope(said), left), offset_ms(envelope(said), right)};
  }
  Offsets finish(base::Duration last) {
    recording_.finish(clock_.now());
    const Offsets found = offsets(last);
    std::printf("%.1f s recorded, %zu samples; right behind left %d ms, left behind what was said %d ms, right %d ms\n", elapsed(), left_.size(), found.between,
                found.left, found.right);
    return found;
  }

  base::TimePoint start_ = clock_.now();
  std::vector<FarPhone> phones_;
  std::vector<audio::Sample> left_;
  std::vector<audio::Sample> right_;
  Recording recording_{audio::kNarrowband, *this};
  std::unique_ptr<RecordingTap> tap_;
};

/// Says the bursts of the true time, as far as it is asked in time.
class BurstSource final : public audio::Source {
 public:
  explicit BurstSource(std::function<double()> now) : now_(std::move(now)) {}
  std::size_t read(std::span<audio::Sample> out) override {
    const double at = now_();
    for (std::size_t i = 0; i < out.size(); ++i) {
      out[i] = burst_at(at + static_cast<double>(i) / 8000);
    }
    return out.size();
  }

 private:
  std::function<double()> now_;
};

TEST_F(RecordedCall, has_both_sides_beside_each_other_after_ten_minutes_of_a_joined_call) {
  Stream& carol = streams_.add(kCarol, "", *this);
  bob_.start(parameters_towards(1000), clock_.now());
  carol.start(parameters_towards(4000), clock_.now());
  streams_.join(kBob, kCarol);
  streams_.remove(kAlice);
  phones_.emplace_back(random_, kAlice, std::uint16_t{1000}, std::uint16_t{2000}, 200e-6);
  phones_.emplace_back(random_, kDave, std::uint16_t{4000}, std::uint16_t{3000}, -200e-6);
  record(bob_);
  loss_ = 0.01;
  call(seconds(120));
  phones_[1].jitter = milliseconds(150);  // Dave is heard through a deep jitter buffer from here on.
  call(seconds(100));
  phones_[0].silent_between = true;
  call(seconds(60));
  StreamParameters hold = parameters_towards(1000);
  hold.direction = sdp::Direction::Inactive;
  bob_.start(hold, clock_.now());
  call(seconds(20));
  bob_.start(parameters_towards(1000), clock_.now());
  stall(milliseconds(90));
  stall(milliseconds(700));
  stall(seconds(4));
  call(start_ + seconds(600) - clock_.now());
  const Offsets found = finish(seconds(60));
  EXPECT_NEAR(static_cast<double>(left_.size()), 600 * 8000, 160);
  EXPECT_LE(std::abs(found.between), 20);
  // Packets are complete 20 ms after they begin, and take 25 ms.
  EXPECT_NEAR(found.left, 45, 15);
  EXPECT_NEAR(found.right, 45, 15);
}

TEST_F(RecordedCall, has_what_an_agent_says_beside_what_it_hears) {
  bob_.start(parameters_towards(1000), clock_.now());
  bob_.set_source(std::make_unique<BurstSource>([this] { return elapsed() - 0.045; }), audio::kNarrowband);
  streams_.remove(kAlice);
  phones_.emplace_back(random_, kAlice, std::uint16_t{1000}, std::uint16_t{2000}, 200e-6);
  phones_[0].jitter = milliseconds(60);
  loss_ = 0.02;
  record(bob_);
  call(seconds(600));
  const Offsets found = finish(seconds(60));
  EXPECT_LE(std::abs(found.between), 20);
}

TEST_F(RecordedCall, goes_on_with_another_partner_and_another_stream) {
  Stream& carol = streams_.add(kCarol, "", *this);
  Stream& other = streams_.add(kDave, "", *this);
  phones_.emplace_back(random_, kAlice, std::uint16_t{1000}, std::uint16_t{2000}, 0.0);
  phones_.emplace_back(random_, kCarol, std::uint16_t{5000}, std::uint16_t{3000}, 0.0);
  bob_.start(parameters_towards(1000), clock_.now());
  carol.start(parameters_towards(5000), clock_.now());
  streams_.remove(kAlice);
  streams_.join(kBob, kCarol);
  record(bob_);
  call(seconds(20));
  // Carol's phone is replaced: bob's stream stays, with another partner.
  phones_[1].towards = 4000;
  streams_.remove(kCarol);
  other.start(parameters_towards(5000), clock_.now());
  streams_.join(kBob, kDave);
  call(seconds(20));
  const auto first = [this](double from, double until) {
    const auto part = [&](const std::vector<audio::Sample>& channel) {
      return audio::level_dbov(std::span(channel).subspan(static_cast<std::size_t>(from * 8000), static_cast<std::size_t>((until - from) * 8000)));
    };
    return std::pair{part(left_), part(right_)};
  };
  // Bob is replaced: the recording goes to the stream that stays, and each side keeps its channel.
  bob_.remove_tap(*tap_);
  record(other, HeardOn::Right);
  streams_.remove(kBob);
  call(seconds(20));
  recording_.finish(clock_.now());
  EXPECT_EQ(left_.size(), 60U * 8000U);
  const auto [left_both, right_both] = first(22, 38);
  EXPECT_NEAR(left_both, right_both, 1);
  const auto [left_gone, right_goes_on] = first(42, 58);
  EXPECT_LT(left_gone, -90);
  EXPECT_NEAR(right_goes_on, right_both, 1);
}

TEST_F(RecordedCall, is_decoded_only_as_long_as_it_is_recorded) {
  Stream& carol = streams_.add(kCarol, "", *this);
  StreamParameters at_alice = parameters_towards(2000);
  at_alice.ptime = milliseconds(60);
  alice_.start(at_alice, clock_.now());
  bob_.start(parameters_towards(1000), clock_.now());
  carol.start(parameters_towards(4000), clock_.now());
  play(alice_, 440);
  streams_.join(kBob, kCarol);
  call(seconds(2));
  EXPECT_EQ(sizes_[kCarol].back(), 480U) << "packets as alice makes them";
  record(carol);
  call(seconds(2));
  EXPECT_EQ(sizes_[kCarol].back(), 160U) << "made anew";
  carol.remove_tap(*tap_);
  call(seconds(3));
  EXPECT_EQ(sizes_[kCarol].back(), 480U);
  recording_.finish(clock_.now());
  EXPECT_GT(audio::level_dbov(std::span(right_).subspan(4000, 8000)), -21) << "what carol said";
  EXPECT_LT(audio::level_dbov(left_), -90) << "what carol heard";
}

}  // namespace
}  // namespace callwright::media
