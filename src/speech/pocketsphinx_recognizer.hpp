#pragma once

#include "speech/recognizer.hpp"

#include <filesystem>
#include <memory>

namespace callwright::speech {

class RecognitionWorker;

/// English speech, offline, by PocketSphinx and its model en-us. One thread does the work of all recognisers, in turns; it begins with the first of them.
///
/// A phrase of five and more sounds of speech is looked for by itself while somebody speaks, which is far surer through a telephone than to understand
/// everything; shorter ones would be found in anything, and those with numbers where another number was said. All that is said is understood when the speaker
/// pauses (400 ms), or after 8 s.
class PocketSphinxFactory final : public RecognizerFactory {
 public:
  /// At once; `start` refuses more.
  static constexpr std::size_t kMaxRecognizers = 8;
  static constexpr const char* kUsualModel = CALLWRIGHT_SPEECH_MODEL;

  /// The folder of the model, in which "cmudict-en-us.dict" lies.
  explicit PocketSphinxFactory(std::filesystem::path model = kUsualModel);
  /// Waits for what is being recognised just now: a second or so.
  ~PocketSphinxFactory() override;
  PocketSphinxFactory(const PocketSphinxFactory&) = delete;
  PocketSphinxFactory& operator=(const PocketSphinxFactory&) = delete;

  [[nodiscard]] base::Result<void> blocking_check() const override;
  base::Result<std::unique_ptr<Recognizer>> start(const RecognizerOptions& options) override;

 private:
  const std::filesystem::path model_;
  std::unique_ptr<RecognitionWorker> worker_;  ///< None before the first recogniser.
};

}  // namespace callwright::speech
