#pragma once

#include "audio/audio.hpp"

#include <memory>

namespace callwright::audio {

/// Fills holes for codecs that know nothing of loss: goes on with the last pitch period of what was heard and fades to silence within 400 samples
/// (50 ms at 8 kHz), in the manner of ITU-T G.711 Appendix I. Through SpanDSP.
class Concealer {
 public:
  Concealer();
  ~Concealer();
  Concealer(Concealer&&) noexcept;
  Concealer& operator=(Concealer&&) noexcept;

  /// What was received. After a hole its beginning is changed a little, so that it joins smoothly.
  void received(std::span<Sample> samples) noexcept;
  void conceal(std::span<Sample> out) noexcept;

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace callwright::audio
