#include "app/spoken_files.hpp"

#include <cstdint>
#include <string_view>
#include <vector>

#include <sys/mman.h>
#include <unistd.h>

namespace callwright::app {
namespace {

using base::Errc;
using base::Error;

/// 16 bits, mono.
std::vector<std::uint8_t> wav_of(const speech::SpokenText& spoken) {
  const auto bytes = static_cast<std::uint32_t>(spoken.samples.size() * sizeof(audio::Sample));
  const auto rate = static_cast<std::uint32_t>(spoken.rate);
  std::vector<std::uint8_t> file;
  const auto text = [&](std::string_view tag) { file.insert(file.end(), tag.begin(), tag.end()); };
  const auto number = [&](std::uint32_t value, int width) {
    for (int byte = 0; byte < width; ++byte) {
      file.push_back(static_cast<std::uint8_t>(value >> (8 * byte)));
    }
  };
  text("RIFF");
  number(36 + bytes, 4);
  text("WAVEfmt ");
  number(16, 4);
  number(1, 2);  // Linear,
  number(1, 2);  // mono.
  number(rate, 4);
  number(rate * 2, 4);
  number(2, 2);
  number(16, 2);
  text("data");
  number(bytes, 4);
  for (const audio::Sample sample : spoken.samples) {
    number(static_cast<std::uint16_t>(sample), 2);
  }
  return file;
}

std::filesystem::path path_of(int descriptor) { return "/proc/self/fd/" + std::to_string(descriptor); }

bool write_all(int descriptor, const std::vector<std::uint8_t>& content) {
  for (std::size_t written = 0; written < content.size();) {
    const ssize_t count = ::write(descriptor, content.data() + written, content.size() - written);
    if (count <= 0) {
      return false;
    }
    written += static_cast<std::size_t>(count);
  }
  return true;
}

}  // namespace

SpokenFiles::~SpokenFiles() {
  for (const auto& [spoken, descriptor] : files_) {
    ::close(descriptor);
  }
}

base::Result<std::filesystem::path> SpokenFiles::blocking_file(const std::string& text, speech::Voice voice) {
  const auto known = files_.find({voice, text});
  if (known != files_.end()) {
    return path_of(known->second);
  }
  if (files_.size() >= kMaxFiles) {
    return Error(Errc::LimitReached, "more than " + std::to_string(kMaxFiles) + " different texts cannot be spoken in one run");
  }
  const auto spoken = synthesizer_.blocking_speak(text, voice);
  if (!spoken) {
    return spoken.error();
  }
  const int descriptor = ::memfd_create("speech.wav", MFD_CLOEXEC);
  if (descriptor < 0) {
    return Error(Errc::Io, "there is no memory for what is to be spoken");
  }
  if (!write_all(descriptor, wav_of(*spoken))) {
    ::close(descriptor);
    return Error(Errc::Io, "there is no memory for what is to be spoken");
  }
  files_.emplace(std::pair(voice, text), descriptor);
  return path_of(descriptor);
}

}  // namespace callwright::app
