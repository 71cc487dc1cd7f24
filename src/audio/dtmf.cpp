#include "audio/dtmf.hpp"

#include "audio/resampler.hpp"

#include <fmt/format.h>
#include <spandsp/telephony.h>

#include <spandsp/logging.h>

#include <spandsp/super_tone_rx.h>

#include <spandsp/dtmf.h>

#include <algorithm>
#include <cmath>
#include <new>
#include <optional>
#include <string>
#include <utility>

namespace callwright::audio {
namespace {

/// 0 dBm0 is 3.14 dB below the loudest sine of G.711, which has −3.01 dBov.
constexpr double kDbm0InDbov = -6.15;
/// The detector's block, and how many it needs to be sure.
constexpr std::uint64_t kBlock = 102;
constexpr std::uint64_t kLag = 2 * kBlock;
/// Changes are seen at the ends of blocks: half of one too late on average when a tone begins, half of one too early when it ends.
constexpr std::uint64_t kHalfBlock = kBlock / 2;
/// A pause of 50 ms spoils four blocks at least, a lost packet three at most.
constexpr std::uint64_t kHole = 3 * kBlock;

struct Free {
  void operator()(dtmf_rx_state_t* state) const noexcept { dtmf_rx_free(state); }
  void operator()(dtmf_tx_state_t* state) const noexcept { dtmf_tx_free(state); }
};

}  // namespace

class DtmfDetector::State {
 public:
  explicit State(SampleRate rate) : rate_(rate), resampler_(rate, kNarrowband), receiver_(dtmf_rx_init(nullptr, nullptr, nullptr)) {
    if (receiver_ == nullptr) {
      throw std::bad_alloc();
    }
    dtmf_rx_set_realtime_callback(receiver_.get(), &State::on_change, this);
  }

  std::vector<DtmfEvent> process(std::span<const Sample> samples) {
    constexpr std::size_t kPiece = 2048;
    while (!samples.empty()) {
      const auto piece = samples.first(std::min(samples.size(), kPiece));
      samples = samples.subspan(piece.size());
      narrow_.resize(resampler_.max_output(piece.size()));
      listen(std::span(narrow_).first(resampler_.process(piece, narrow_)));
    }
    return std::exchange(events_, {});
  }

  std::vector<DtmfEvent> finish() {
    if (pressed_ && !ended_) {
      ended_ = position_ + kLag - kHalfBlock;  // That is where the tone itself ends.
    }
    end_press();
    return std::exchange(events_, {});
  }

 private:
  struct Press {
    char key;
    std::uint64_t start;
    double level_dbov;
  };

  static void on_change(void* self, int code, int level, int /*delay*/) noexcept { static_cast<State*>(self)->change(static_cast<char>(code), level); }

  /// In pieces that end where its blocks do, so that a change is known to belong to the block that ended.
  void listen(std::span<const Sample> samples) {
    while (!samples.empty()) {
      const std::size_t count = std::min<std::size_t>(samples.size(), kBlock - position_ % kBlock);
      position_ += count;
      if (ended_ && position_ > *ended_ + kHole) {
        end_press();
      }
      dtmf_rx(receiver_.get(), samples.data(), static_cast<int>(count));
      // Its own list of digits is not used; it would be full after a while.
      char digits[MAX_DTMF_DIGITS + 1];
      (void)dtmf_rx_get(receiver_.get(), digits, MAX_DTMF_DIGITS);
      samples = samples.subspan(count);
    }
  }

  void change(char key, int level_dbm0) {
    if (pressed_ && key == pressed_->key) {
      ended_.reset();  // It goes on after a hole.
      return;
    }
    if (key == 0) {
      ended_ = position_;
      return;
    }
    if (pressed_ && !ended_) {
      ended_ = position_;
    }
    end_press();
    pressed_ = Press{key, position_ - std::min(position_, kLag + kHalfBlock), level_dbm0 + kDbm0InDbov};
    events_.push_back({DtmfEvent::Kind::Begin, key, at_rate(pressed_->start), {}, pressed_->level_dbov});
  }

  void end_press() {
    if (pressed_) {
      const std::uint64_t end = std::max(pressed_->start, *ended_ - std::min(*ended_, kLag - kHalfBlock));
      const auto duration = std::chrono::duration_cast<std::chrono::milliseconds>(duration_of(end - pressed_->start));
      events_.push_back({DtmfEvent::Kind::End, pressed_->key, at_rate(end), duration, pressed_->level_dbov});
    }
    pressed_.reset();
    ended_.reset();
  }

  [[nodiscard]] std::uint64_t at_rate(std::uint64_t narrow) const noexcept {
    const auto delay = static_cast<std::uint64_t>(samples_in(resampler_.delay()));
    return (narrow - std::min(narrow, delay)) * static_cast<std::uint64_t>(rate_) / static_cast<std::uint64_t>(kNarrowband);
  }

  SampleRate rate_;
  Resampler resampler_;
  std::unique_ptr<dtmf_rx_state_t, Free> receiver_;
  std::vector<Sample> narrow_;
  std::uint64_t position_ = 0;  ///< At 8 kHz.
  std::optional<Press> pressed_;
  std::optional<std::uint64_t> ended_;  ///< Where it was seen that the present key is no longer pressed.
  std::vector<DtmfEvent> events_;
};

DtmfDetector::DtmfDetector(SampleRate rate) : state_(std::make_unique<State>(rate)) {}
DtmfDetector::~DtmfDetector() = default;
DtmfDetector::DtmfDetector(DtmfDetector&&) noexcept = default;
DtmfDetector& DtmfDetector::operator=(DtmfDetector&&) noexcept = default;

std::vector<DtmfEvent> DtmfDetector::process(std::span<const Sample> samples) { return state_->process(samples); }
std::vector<DtmfEvent> DtmfDetector::finish() { return state_->finish(); }

namespace {

using base::Errc;
using base::Error;

/// At 8 kHz.
class KeySource final : public Source {
 public:
  KeySource(const std::string& keys, const DtmfOptions& options) : generator_(dtmf_tx_init(nullptr)) {
    if (generator_ == nullptr) {
      throw std::bad_alloc();
    }
    constexpr int kTwist = 2;
    dtmf_tx_set_level(generator_.get(), static_cast<int>(std::lround(options.level_dbov - kDbm0InDbov)), kTwist);
    dtmf_tx_set_timing(generator_.get(), static_cast<int>(options.press.count()), static_cast<int>(options.pause.count()));
    dtmf_tx_put(generator_.get(), keys.data(), static_cast<int>(keys.size()));
  }

  std::size_t read(std::span<Sample> out) override {
    const auto count = static_cast<std::size_t>(std::max(0, dtmf_tx(generator_.get(), out.data(), static_cast<int>(out.size()))));
    std::fill(out.begin() + static_cast<std::ptrdiff_t>(count), out.end(), Sample{0});
    return count;
  }

 private:
  std::unique_ptr<dtmf_tx_state_t, Free> generator_;
};

/// Null when they can be played.
std::optional<Error> check(std::string_view keys, const DtmfOptions& options) {
  if (keys.empty() || keys.size() > DtmfSource::kMaxKeys || keys.find_first_not_of("0123456789ABCDabcd*#") != std::string_view::npos) {
    return Error(Errc::InvalidArgument, fmt::format("These keys cannot be pressed; give 1 to {} of 0 to 9, A to D, * and #", DtmfSource::kMaxKeys));
  }
  for (const auto time : {options.press, options.pause}) {
    if (time < std::chrono::milliseconds(40) || time > std::chrono::milliseconds(5000)) {
      return Error(Errc::InvalidArgument, fmt::format("A key cannot be pressed, or let go, for {} ms; choose 40 to 5000", time.count()));
    }
  }
  if (!(options.level_dbov >= -40 && options.level_dbov <= -11)) {
    return Error(Errc::InvalidArgument, fmt::format("Keys cannot have a level of {} dBov; choose -40 to -11", options.level_dbov));
  }
  return std::nullopt;
}

}  // namespace

base::Result<std::unique_ptr<DtmfSource>> DtmfSource::make(std::string_view keys, const DtmfOptions& options, SampleRate rate) {
  if (const auto error = check(keys, options)) {
    return *error;
  }
  std::string upper(keys);
  std::ranges::transform(upper, upper.begin(), [](char key) { return key >= 'a' && key <= 'd' ? static_cast<char>(key - 'a' + 'A') : key; });
  std::unique_ptr<Source> samples = std::make_unique<KeySource>(upper, options);
  if (rate != kNarrowband) {
    samples = std::make_unique<ResamplingSource>(std::move(samples), kNarrowband, rate);
  }
  return std::unique_ptr<DtmfSource>(new DtmfSource(std::move(samples)));
}

}  // namespace callwright::audio
