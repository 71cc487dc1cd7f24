#include "audio/fading_source.hpp"

#include <algorithm>
#include <cmath>
#include <utility>

namespace callwright::audio {

FadingSource::FadingSource(std::unique_ptr<Source> first, SampleRate rate)
    : current_(std::move(first)), length_(samples_in(kFade, rate)), position_(length_), old_(length_) {}

void FadingSource::change_to(std::unique_ptr<Source> next) {
  left_ = std::exchange(current_, std::move(next));
  position_ = 0;
}

std::unique_ptr<Source> FadingSource::take_left() noexcept { return fading() ? nullptr : std::move(left_); }

std::size_t FadingSource::read_or_silence(Source* source, std::span<Sample> out) {
  if (source != nullptr) {
    return source->read(out);
  }
  std::fill(out.begin(), out.end(), Sample{0});
  return out.size();
}

std::size_t FadingSource::read(std::span<Sample> out) {
  const std::size_t real = read_or_silence(current_.get(), out);
  const std::size_t count = std::min(out.size(), length_ - position_);
  if (count > 0) {
    const std::span<Sample> old = std::span(old_).first(count);
    read_or_silence(left_.get(), old);
    for (std::size_t i = 0; i < count; ++i) {
      const float gain = (static_cast<float>(position_ + i) + 0.5F) / static_cast<float>(length_);
      // The gains add up to one, so the sum cannot overflow.
      out[i] = static_cast<Sample>(std::lrint(gain * static_cast<float>(out[i]) + (1 - gain) * static_cast<float>(old[i])));
    }
    position_ += count;
  }
  return fading() ? out.size() : std::max(real, count);
}

}  // namespace callwright::audio
