#pragma once

#include "base/result.hpp"
#include "speech/flite_synthesizer.hpp"

#include <filesystem>
#include <map>
#include <string>
#include <utility>

namespace callwright::app {

/// What scripts have spoken, as sound files that exist in memory alone and go with this object. One thread.
class SpokenFiles {
 public:
  /// Different texts; each takes 32 KB a second.
  static constexpr std::size_t kMaxFiles = 500;

  SpokenFiles() = default;
  ~SpokenFiles();
  SpokenFiles(const SpokenFiles&) = delete;
  SpokenFiles& operator=(const SpokenFiles&) = delete;

  /// A WAV file; the same one for the same text. Errors: those of speech::Synthesizer, LimitReached, Io.
  base::Result<std::filesystem::path> blocking_file(const std::string& text, speech::Voice voice);

 private:
  speech::FliteSynthesizer synthesizer_;
  std::map<std::pair<speech::Voice, std::string>, int> files_;  ///< Their descriptors.
};

}  // namespace callwright::app
