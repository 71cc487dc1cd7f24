#include "audio/g711.hpp"

#include <algorithm>
#include <array>
#include <bit>

namespace callwright::audio {
namespace {

constexpr int kMuLawBias = 132;
constexpr int kMuLawClip = 32635;

constexpr Sample mu_law_to_linear(std::uint8_t byte) noexcept {
  const unsigned code = ~static_cast<unsigned>(byte) & 0xff;
  const int magnitude = ((static_cast<int>(code & 0x0f) << 3) + kMuLawBias) << ((code >> 4) & 7);
  return static_cast<Sample>((code & 0x80) != 0 ? kMuLawBias - magnitude : magnitude - kMuLawBias);
}

// Both laws take one less than the magnitude of negative values (ones' complement, as ITU-T G.191 does), so that 0 and -1 fall to both sides of the middle.
constexpr std::uint8_t linear_to_mu_law(int sample) noexcept {
  const unsigned sign = sample < 0 ? 0x80 : 0;
  const auto magnitude = static_cast<unsigned>(std::min(sample < 0 ? -sample - 1 : sample, kMuLawClip) + kMuLawBias);
  const auto segment = static_cast<unsigned>(std::bit_width(magnitude >> 8));
  return static_cast<std::uint8_t>(~(sign | segment << 4 | ((magnitude >> (segment + 3)) & 0x0f)));
}

constexpr std::uint8_t kALawMask = 0x55;

constexpr Sample a_law_to_linear(std::uint8_t byte) noexcept {
  const unsigned code = byte ^ kALawMask;
  const unsigned segment = (code >> 4) & 7;
  const unsigned step = ((code & 0x0f) << 4) + 8;
  const auto magnitude = static_cast<int>(segment == 0 ? step : (step + 0x100) << (segment - 1));
  return static_cast<Sample>((code & 0x80) != 0 ? magnitude : -magnitude);
}

constexpr std::uint8_t linear_to_a_law(int sample) noexcept {
  const unsigned sign = sample < 0 ? 0 : 0x80;
  const auto magnitude = static_cast<unsigned>(sample < 0 ? -sample - 1 : sample);
  const auto segment = static_cast<unsigned>(std::bit_width(magnitude >> 8));
  const unsigned shift = segment == 0 ? 4 : segment + 3;
  return static_cast<std::uint8_t>((sign | segment << 4 | ((magnitude >> shift) & 0x0f)) ^ kALawMask);
}

/// Decoding by all 256 codes; encoding by the upper 14 (µ-law) or 13 bits (A-law) of the sample, which decide it.
template <unsigned DroppedBits>
struct Tables {
  std::array<Sample, 256> linear{};
  std::array<std::uint8_t, (65536U >> DroppedBits)> code{};

  template <class Decode, class Encode>
  constexpr Tables(Decode to_linear, Encode to_code) {
    for (unsigned byte = 0; byte < linear.size(); ++byte) {
      linear[byte] = to_linear(static_cast<std::uint8_t>(byte));
    }
    for (unsigned index = 0; index < code.size(); ++index) {
      code[index] = to_code((static_cast<int>(index) << DroppedBits) - 32768);
    }
  }

  void encode(std::span<const Sample> samples, std::uint8_t* out) const noexcept {
    for (const Sample sample : samples) {
      *out++ = code[static_cast<unsigned>(sample + 32768) >> DroppedBits];
    }
  }

  void decode(std::span<const std::uint8_t> bytes, Sample* out) const noexcept {
    for (const std::uint8_t byte : bytes) {
      *out++ = linear[byte];
    }
  }
};

constexpr Tables<2> kMuLaw(mu_law_to_linear, linear_to_mu_law);
constexpr Tables<3> kALaw(a_law_to_linear, linear_to_a_law);

}  // namespace

std::uint8_t silence_byte(Encoding encoding) noexcept { return encoding == Encoding::Pcmu ? 0xff : 0xd5; }

void encode(Encoding encoding, std::span<const Sample> samples, std::span<std::uint8_t> out) noexcept {
  samples = samples.first(std::min(samples.size(), out.size()));
  if (encoding == Encoding::Pcmu) {
    kMuLaw.encode(samples, out.data());
  } else {
    kALaw.encode(samples, out.data());
  }
}

void decode(Encoding encoding, std::span<const std::uint8_t> bytes, std::span<Sample> out) noexcept {
  bytes = bytes.first(std::min(bytes.size(), out.size()));
  if (encoding == Encoding::Pcmu) {
    kMuLaw.decode(bytes, out.data());
  } else {
    kALaw.decode(bytes, out.data());
  }
}

}  // namespace callwright::audio
