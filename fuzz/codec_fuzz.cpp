#include "audio/codec.hpp"

#include "audio/comfort_noise.hpp"
#include "require.hpp"

#include <algorithm>
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

}  // namespace

/// Any bytes in any decoder, at any rate that it has.
extern "C" int LLVMFuzzerTestOneInput(const unsigned char* data, std::size_t size) {
  const audio::Payload bytes(data, size);
  if (const auto level = audio::comfort_noise_level(bytes)) {
    require(*level <= 0 && *level >= -127);
    std::vector<audio::Sample> noise(160);
    audio::ComfortNoiseSource(*level).read(noise);
  }
  for (const audio::Codec& codec : audio::codecs()) {
    if (codec.kind != audio::CodecKind::ComfortNoise) {
      check_decoder(codec, {}, bytes);
    }
  }
  const audio::Codec& opus = *audio::find_codec("opus", 48000, 2);
  check_decoder(opus, {.rate = audio::kNarrowband}, bytes);
  check_decoder(opus, {.rate = audio::kWideband}, bytes);
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  const audio::CodecOptions options = audio::parse_fmtp(opus, text);
  require(audio::parse_fmtp(opus, audio::to_fmtp(opus, options)) == options);
  return 0;
}
