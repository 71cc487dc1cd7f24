#pragma once

#include "audio/audio.hpp"
#include "base/result.hpp"

#include <chrono>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

/// Speech to text and text to speech: ports, and the engines behind them.
namespace callwright::speech {

struct SpokenWord {
  std::string text;                   ///< Lower case.
  std::chrono::milliseconds begin{};  ///< Since the recogniser was started, of sound that it was given; as is `end`.
  std::chrono::milliseconds end{};
};

/// What was understood of one utterance.
struct Utterance {
  enum class Kind {
    Partial,  ///< May change still: of somebody who goes on speaking.
    Final,    ///< Of an utterance that is over.
  };
  Kind kind = Kind::Final;
  std::string text;               ///< Words with single blanks between them, lower case, without punctuation.
  std::vector<SpokenWord> words;  ///< Those of `text`.
};

struct RecognizerOptions {
  audio::SampleRate rate = audio::kWideband;  ///< Of what is heard: 8 to 48 kHz.
  /// Words that are waited for: told of as a Partial as soon as they are heard, where the engine can do so.
  std::string phrase{};
};

/// Listens to one voice. One owner thread; never blocks: the work is done on another thread.
class Recognizer {
 public:
  /// What there was to tell since the last time.
  struct Heard {
    std::vector<Utterance> utterances;   ///< The oldest first.
    bool ended = false;                  ///< Everything was heard: nothing follows.
    std::optional<base::Error> error{};  ///< Why nothing can be recognised; `ended` then.
  };

  /// What was not recognised yet is left alone.
  virtual ~Recognizer() = default;
  /// Any number of samples. What there is no time for is dropped when a minute of it waits.
  virtual void write(std::span<const audio::Sample> samples) = 0;
  /// Nothing more is said: what was heard up to now is recognised, then it ends.
  virtual void finish() = 0;
  [[nodiscard]] virtual Heard read() = 0;
};

/// Makes recognisers. One owner thread; outlives what it made.
class RecognizerFactory {
 public:
  virtual ~RecognizerFactory() = default;
  /// Whether it can work at all: what is missing, and which package brings it. Looks at the disk.
  [[nodiscard]] virtual base::Result<void> blocking_check() const = 0;
  /// Never blocks. Errors: LimitReached. Whatever else is wrong, such as words that it does not know (InvalidArgument), is told by `read`.
  virtual base::Result<std::unique_ptr<Recognizer>> start(const RecognizerOptions& options) = 0;
};

}  // namespace callwright::speech
