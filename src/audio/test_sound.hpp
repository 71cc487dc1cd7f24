#pragma once

#include "audio/file_source.hpp"

#include <algorithm>
#include <string>
#include <vector>

/// Sound for the tests of this folder.
namespace callwright::audio {

/// All of a file of tests/fixtures.
inline std::vector<Sample> fixture(const std::string& name, SampleRate rate) {
  auto source = FileSource::blocking_open(std::string(CALLWRIGHT_FIXTURES "/") + name, {.rate = rate}).value();
  std::vector<Sample> all;
  std::vector<Sample> frame(samples_in(std::chrono::milliseconds(20), rate));
  std::size_t count = frame.size();
  while (count == frame.size()) {
    count = source->read(frame);
    all.insert(all.end(), frame.begin(), frame.begin() + static_cast<std::ptrdiff_t>(count));
  }
  return all;
}

inline std::vector<Sample> woman(SampleRate rate) { return fixture("speech_woman.flac", rate); }
inline std::vector<Sample> man(SampleRate rate) { return fixture("speech_man.flac", rate); }

/// So much later and softer.
inline std::vector<Sample> delayed(const std::vector<Sample>& samples, std::size_t count, double gain = 1) {
  std::vector<Sample> out(count + samples.size());
  for (std::size_t i = 0; i < samples.size(); ++i) {
    out[count + i] = static_cast<Sample>(gain * samples[i]);
  }
  return out;
}

/// Both together; the longer one's length.
inline std::vector<Sample> added(std::vector<Sample> left, const std::vector<Sample>& right) {
  left.resize(std::max(left.size(), right.size()));
  for (std::size_t i = 0; i < right.size(); ++i) {
    left[i] = static_cast<Sample>(left[i] + right[i]);
  }
  return left;
}

}  // namespace callwright::audio
