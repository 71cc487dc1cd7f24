#include "audio/resampler.hpp"

#include <speex/speex_resampler.h>

#include <algorithm>
#include <new>
#include <stdexcept>

namespace callwright::audio {
namespace {

constexpr int kQuality = 5;  // 80 taps: 5 ms of 8 kHz on each side.

std::uint32_t number(SampleRate rate) noexcept { return static_cast<std::uint32_t>(rate); }

bool usable(SampleRate rate) noexcept { return rate >= kLowestRate && rate <= kHighestRate; }

}  // namespace

struct Resampler::State {
  State(SampleRate from, SampleRate to) {
    int error = RESAMPLER_ERR_SUCCESS;
    handle = speex_resampler_init(1, number(from), number(to), kQuality, &error);
    if (handle == nullptr) {
      throw std::bad_alloc();  // The rates were checked before.
    }
  }
  ~State() { speex_resampler_destroy(handle); }
  State(const State&) = delete;
  State& operator=(const State&) = delete;

  SpeexResamplerState* handle;
};

Resampler::Resampler(SampleRate from, SampleRate to) : from_(from), to_(to) {
  if (!usable(from) || !usable(to)) {
    throw std::invalid_argument("a sample rate out of range");
  }
  if (from != to) {
    state_ = std::make_unique<State>(from, to);
  }
}

Resampler::~Resampler() = default;
Resampler::Resampler(Resampler&&) noexcept = default;
Resampler& Resampler::operator=(Resampler&&) noexcept = default;

std::chrono::nanoseconds Resampler::delay() const noexcept {
  return state_ == nullptr ? std::chrono::nanoseconds(0) : duration_of(static_cast<std::uint64_t>(speex_resampler_get_input_latency(state_->handle)), from_);
}

std::size_t Resampler::max_output(std::size_t count) const noexcept { return count * number(to_) / number(from_) + 1; }

Resampler::Step Resampler::step(std::span<const Sample> in, std::span<Sample> out) noexcept {
  if (state_ == nullptr) {
    const std::size_t count = std::min(in.size(), out.size());
    std::copy_n(in.begin(), count, out.begin());
    return {count, count};
  }
  auto taken = static_cast<spx_uint32_t>(in.size());
  auto written = static_cast<spx_uint32_t>(out.size());
  speex_resampler_process_int(state_->handle, 0, in.data(), &taken, out.data(), &written);
  return {taken, written};
}

std::size_t Resampler::process(std::span<const Sample> in, std::span<Sample> out) noexcept {
  std::size_t total = 0;
  while (!in.empty()) {
    const Step done = step(in, out.subspan(total));
    in = in.subspan(done.taken);
    total += done.written;
    if (done.taken == 0 && done.written == 0) {
      break;  // `out` is too short: the rest is lost.
    }
  }
  return total;
}

std::size_t Resampler::process(std::span<const float> in, std::span<float> out) noexcept {
  if (state_ == nullptr) {
    std::ranges::copy(in.first(std::min(in.size(), out.size())), out.begin());
    return std::min(in.size(), out.size());
  }
  std::size_t total = 0;
  while (!in.empty()) {
    auto taken = static_cast<spx_uint32_t>(in.size());
    auto written = static_cast<spx_uint32_t>(out.size() - total);
    speex_resampler_process_float(state_->handle, 0, in.data(), &taken, out.data() + total, &written);
    in = in.subspan(taken);
    total += written;
    if (taken == 0 && written == 0) {
      break;  // `out` is too short: the rest is lost.
    }
  }
  return total;
}

void Resampler::reset() noexcept {
  if (state_ != nullptr) {
    speex_resampler_reset_mem(state_->handle);
  }
}

ResamplingSource::ResamplingSource(std::unique_ptr<Source> source, SampleRate from, SampleRate to)
    : source_(std::move(source)), resampler_(from, to), input_(samples_in(std::chrono::milliseconds(10), from)), used_(input_.size()) {
  tail_ = samples_in(resampler_.delay(), to);
}

void ResamplingSource::refill() {
  // Behind the end there is silence, which pushes out what the filter still holds.
  const std::size_t real = ended_ ? 0 : source_->read(input_);
  std::fill(input_.begin() + static_cast<std::ptrdiff_t>(real), input_.end(), Sample{0});
  if (!ended_ && real < input_.size()) {
    ended_ = true;
    tail_ += resampler_.max_output(real);
  }
  used_ = 0;
}

std::size_t ResamplingSource::read(std::span<Sample> out) {
  std::size_t filled = 0;
  while (filled < out.size()) {
    if (used_ == input_.size()) {
      refill();
    }
    if (ended_ && tail_ == 0) {
      break;
    }
    const std::size_t wanted = ended_ ? std::min(tail_, out.size() - filled) : out.size() - filled;
    const auto [taken, written] = resampler_.step(std::span(input_).subspan(used_), out.subspan(filled, wanted));
    used_ += taken;
    filled += written;
    tail_ -= ended_ ? written : 0;
  }
  std::fill(out.begin() + static_cast<std::ptrdiff_t>(filled), out.end(), Sample{0});
  return filled;
}

}  // namespace callwright::audio
