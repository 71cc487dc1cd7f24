#include "audio/codec.hpp"

#include "audio/comfort_noise.hpp"
#include "require.hpp"

#include <algorithm>
#include <array>
#include <vector>

namespace audio = callwright::audio;

namespace {

/// The input as a row of payloads of up to 63 bytes or, marked by a bit, all that is left; each after a byte that says what is done with it.
void check_decoder(const audio::Codec& codec, const audio::CodecOptions& options, audio::Payload bytes) {
  auto decoder = audio::make_decoder(codec, options).value();
  const std::size_t longest = audio::samples_in(audio::kLongestPacket, decoder->rate());
  std::vector<audio::Sample> out(longest);
  for (int packets = 0; !bytes.empty() && packets < 64; ++packets) {
    const unsigned char head = bytes[0];
    const std::size_t length = (head & 0x80) != 0 ? bytes.size() - 1 : std::min<std::size_t>(head & 0x3f, bytes.size() - 1);
    const audio::Payload payload = bytes.subspan(1, length);
    bytes = bytes.subspan(1 + length);
    const std::size_t announced = decoder->length(payload);
    require(announced <= longest);
    if ((head & 0x40) != 0) {
      decoder->decode_fec(payload, std::span(out).first(head % 2 == 0 ? longest / 6 : length * 7 % longest));
    }
    const std::size_t count = decoder->decode(payload, out);
    require(count == announced || count == 0);
  }
  decoder->conceal(out);
}

void check_comfort_noise(audio::Payload bytes) {
  if (const auto level = audio::comfort_noise_level(bytes)) {
    require(*level <= 0 && *level >= -127);
    std::vector<audio::Sample> noise(160);
    audio::ComfortNoiseSource(*level).read(noise);
  }
}

void check_fmtp(audio::Payload bytes) {
  const audio::Codec& opus = *audio::find_codec("opus", 48000, 2);
  const audio::CodecOptions options = audio::parse_fmtp(opus, {reinterpret_cast<const char*>(bytes.data()), bytes.size()});
  require(audio::parse_fmtp(opus, audio::to_fmtp(opus, options)) == options);
}

}  // namespace

/// The first byte chooses a decoder and, for Opus, its rate; the rest is what it gets.
extern "C" int LLVMFuzzerTestOneInput(const unsigned char* data, std::size_t size) {
  if (size == 0) {
    return 0;
  }
  const audio::Payload bytes(data + 1, size - 1);
  const audio::Codec& codec = audio::codecs()[data[0] % audio::codecs().size()];
  if (codec.kind == audio::CodecKind::ComfortNoise) {
    check_comfort_noise(bytes);
    check_fmtp(bytes);
    return 0;
  }
  audio::CodecOptions options;
  if (codec.kind == audio::CodecKind::Opus) {
    constexpr std::array kRates{audio::kNarrowband, audio::kWideband, audio::kFullband};
    options.rate = kRates[data[0] / 9 % kRates.size()];
  }
  check_decoder(codec, options, bytes);
  return 0;
}
