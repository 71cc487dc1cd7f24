#include "audio/file_source.hpp"

#include "require.hpp"

#include <algorithm>
#include <array>

namespace audio = callwright::audio;

/// libsndfile 1.2 keeps 6 KB of an Ogg file whose Vorbis header is broken.
extern "C" const char* __lsan_default_suppressions() { return "leak:vorbis_info_init\n"; }  // NOLINT(readability-identifier-naming)

/// The first byte says how it is played, the rest is the file. Whatever it is: an error, or samples that come to an end where there is no loop.
extern "C" int LLVMFuzzerTestOneInput(const unsigned char* data, std::size_t size) {
  if (size == 0) {
    return 0;
  }
  constexpr std::array kNames{"a", "a.wav", "a.ulaw", "a.al"};
  constexpr std::array kRates{audio::kNarrowband, audio::kWideband, audio::kFullband, audio::SampleRate{44100}};
  audio::FileOptions options;
  options.repeat = (data[0] & 1) != 0 ? audio::Repeat::Loop : audio::Repeat::Once;
  options.rate = kRates[(data[0] >> 1) & 3];
  if ((data[0] & 8) != 0) {
    options.channel = data[0] >> 6;
  }
  auto source = audio::FileSource::from_memory({data + 1, data + size}, kNames[(data[0] >> 4) & 3], options);
  if (!source) {
    require(!source.error().detail.empty());
    return 0;
  }
  std::array<audio::Sample, 960> frame;
  bool ended = false;
  for (int i = 0; i < 12; ++i) {
    const std::size_t count = (*source)->read(frame);
    require(count <= frame.size());
    require(!ended || count == 0);
    require(std::all_of(frame.begin() + static_cast<std::ptrdiff_t>(count), frame.end(), [](audio::Sample sample) { return sample == 0; }));
    ended = count < frame.size();
  }
  return 0;
}
