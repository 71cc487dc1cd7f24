#include "base/random.hpp"

#include <sys/random.h>

#include <algorithm>
#include <bit>
#include <stdexcept>

namespace callwright::base {

std::uint64_t Random::between(std::uint64_t low, std::uint64_t high) {
  const std::uint64_t span = high - low + 1;
  if (span == 0) {
    return next();
  }
  // Values at the top that would favour small results are drawn again.
  const std::uint64_t limit = UINT64_MAX - UINT64_MAX % span;
  std::uint64_t value = next();
  while (value >= limit) {
    value = next();
  }
  return low + value % span;
}

bool Random::chance(double probability) {
  constexpr double kTwoTo53 = 9007199254740992.0;
  return static_cast<double>(next() >> 11) / kTwoTo53 < probability;
}

std::string Random::token(std::size_t length) {
  std::string text;
  append_token(text, length);
  return text;
}

void Random::append_token(std::string& text, std::size_t length) {
  static constexpr char kAlphabet[] = "abcdefghijklmnopqrstuvwxyz012345";
  constexpr std::size_t kCharactersOfNumber = 12;
  const std::size_t begin = text.size();
  text.resize(begin + length);
  char* at = text.data() + begin;
  while (length > 0) {
    const std::size_t count = std::min(length, kCharactersOfNumber);
    std::uint64_t bits = next();
    for (std::size_t index = 0; index < count; ++index, bits >>= 5) {
      *at++ = kAlphabet[bits & 31];
    }
    length -= count;
  }
}

DeterministicRandom::DeterministicRandom(std::uint64_t seed) noexcept : state_{} {
  for (std::uint64_t& word : state_) {
    seed += 0x9e3779b97f4a7c15ULL;
    std::uint64_t z = seed;
    z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9ULL;
    z = (z ^ (z >> 27)) * 0x94d049bb133111ebULL;
    word = z ^ (z >> 31);
  }
}

std::uint64_t DeterministicRandom::next() {
  const std::uint64_t result = std::rotl(state_[1] * 5, 7) * 9;
  const std::uint64_t shifted = state_[1] << 17;
  state_[2] ^= state_[0];
  state_[3] ^= state_[1];
  state_[1] ^= state_[2];
  state_[0] ^= state_[3];
  state_[2] ^= shifted;
  state_[3] = std::rotl(state_[3], 45);
  return result;
}

std::uint64_t SystemRandom::next() {
  if (used_ == kBlock) {
    // Up to 256 bytes getrandom() neither blocks after boot nor returns short; a block is read in two halves of that size.
    static_assert(sizeof block_ == 512);
    auto* bytes = reinterpret_cast<unsigned char*>(block_);
    for (std::size_t offset = 0; offset < sizeof block_; offset += 256) {
      if (getrandom(bytes + offset, 256, 0) != 256) {
        throw std::runtime_error("the kernel gave no random bytes");
      }
    }
    used_ = 0;
  }
  return block_[used_++];
}

}  // namespace callwright::base
