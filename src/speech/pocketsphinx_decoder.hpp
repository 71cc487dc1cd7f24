#pragma once

#include "audio/audio.hpp"
#include "base/result.hpp"
#include "speech/recognizer.hpp"

#include <chrono>
#include <filesystem>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

namespace callwright::speech {

/// One decoder of PocketSphinx: of free English speech, or of one phrase. Sound of 16 kHz. One thread; what is called may take as long as the sound lasts.
class PocketSphinxDecoder {
 public:
  ~PocketSphinxDecoder();
  PocketSphinxDecoder(const PocketSphinxDecoder&) = delete;
  PocketSphinxDecoder& operator=(const PocketSphinxDecoder&) = delete;

  static constexpr audio::SampleRate kRate = audio::kWideband;

  /// The folder "en-us" of a model: acoustic model, dictionary and language model. Errors: NotFound, with the package that brings it.
  static base::Result<void> blocking_check(const std::filesystem::path& model);
  /// Errors: Io.
  static base::Result<std::unique_ptr<PocketSphinxDecoder>> blocking_make_reader(const std::filesystem::path& model);
  /// Words of the dictionary with blanks between them. Errors: Io.
  static base::Result<std::unique_ptr<PocketSphinxDecoder>> blocking_make_spotter(const std::filesystem::path& model, const std::string& phrase,
                                                                                  double threshold);

  /// How many sounds of speech a word has, in lower case; none: it is not in the dictionary.
  [[nodiscard]] std::optional<std::size_t> phones_of(const std::string& word) const;

  /// What is said in all of this; times from its begin.
  [[nodiscard]] std::vector<SpokenWord> recognize(std::span<const audio::Sample> sound);

  /// The same piece by piece, which is a little worse: it does not know yet how the voice sounds on the whole.
  void begin();
  void hear(std::span<const audio::Sample> sound);
  /// Of a spotter: the phrase was heard since the begin.
  [[nodiscard]] bool spotted();
  void end();

 private:
  struct Handle;
  explicit PocketSphinxDecoder(std::unique_ptr<Handle> handle) noexcept;

  std::unique_ptr<Handle> handle_;
};

}  // namespace callwright::speech
