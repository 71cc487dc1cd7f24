#pragma once

#include "audio/resampler.hpp"
#include "audio/voice_activity.hpp"
#include "speech/band_extension.hpp"
#include "speech/pocketsphinx_decoder.hpp"
#include "speech/recognizer.hpp"

#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <vector>

namespace callwright::speech {

/// Cuts what is heard into utterances and understands them. The thread of the decoders; `hear` takes as long as they do.
class UtteranceReader {
 public:
  /// `reader` outlives this; `spotter` may be none.
  UtteranceReader(const RecognizerOptions& options, PocketSphinxDecoder& reader, std::unique_ptr<PocketSphinxDecoder> spotter);

  std::vector<Utterance> blocking_hear(std::span<const audio::Sample> samples);
  /// The utterance that was not over.
  std::vector<Utterance> blocking_finish();

 private:
  void begin(std::uint64_t position);
  void spot(std::vector<Utterance>& told);
  void tell_phrase(std::vector<Utterance>& told);
  void end(std::uint64_t position, std::vector<Utterance>& told);
  [[nodiscard]] static std::chrono::milliseconds time_of(std::uint64_t position);

  const std::string phrase_;
  PocketSphinxDecoder& reader_;
  const std::unique_ptr<PocketSphinxDecoder> spotter_;
  audio::Resampler resampler_;
  std::unique_ptr<audio::VoiceActivity> voice_;
  std::vector<audio::Sample> sound_;  ///< What may belong to an utterance, at the decoders' rate.
  std::uint64_t first_ = 0;           ///< The position of its first sample.
  std::uint64_t spotted_to_ = 0;      ///< What lies before was given to the spotter.
  bool speaking_ = false;
  bool found_ = false;   ///< The phrase, in this utterance.
  bool narrow_ = false;  ///< Sounds like a telephone.
  BandExtension extension_;
};

}  // namespace callwright::speech
