#pragma once

#include "audio/audio.hpp"

#include <memory>
#include <vector>

namespace callwright::audio {

/// Plays one source and goes over to another without a click: for 10 ms the old one gets softer and the new one louder.
class FadingSource final : public Source {
 public:
  static constexpr std::chrono::milliseconds kFade{10};

  /// `first` may be null: silence.
  FadingSource(std::unique_ptr<Source> first, SampleRate rate);

  /// From the next read on; null: silence. The source of an unfinished change is cut off.
  void change_to(std::unique_ptr<Source> next);
  /// The source that was left, once it is silent; null: none. For whoever closes its file on another thread; else the next change destroys it.
  [[nodiscard]] std::unique_ptr<Source> take_left() noexcept;
  [[nodiscard]] bool fading() const noexcept { return position_ < length_; }

  /// As the present source does; silence (null) never ends.
  std::size_t read(std::span<Sample> out) override;

 private:
  static std::size_t read_or_silence(Source* source, std::span<Sample> out);

  std::unique_ptr<Source> current_;
  std::unique_ptr<Source> left_;
  std::size_t length_;       ///< Of the fade, in samples.
  std::size_t position_;     ///< In it; `length_`: none is under way.
  std::vector<Sample> old_;  ///< What the left source adds.
};

}  // namespace callwright::audio
