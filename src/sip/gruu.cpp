#include "sip/gruu.hpp"

#include "sip/scan.hpp"

#include <algorithm>
#include <charconv>
#include <cstring>

namespace callwright::sip {
namespace {

constexpr std::string_view kPrefix = "tgruu.";
constexpr std::size_t kMaxInstance = 128;
constexpr char kHexDigits[] = "0123456789abcdef";

}  // namespace

TemporaryGruus::TemporaryGruus(base::Random& random) {
  for (std::size_t at = 0; at < key_.size(); at += sizeof(std::uint64_t)) {
    const std::uint64_t word = random.next();
    std::memcpy(key_.data() + at, &word, sizeof word);
  }
}

std::string TemporaryGruus::make(std::uint64_t registration, std::uint32_t serial) const {
  // The last four bytes stay zero: that tells a block of ours from a guess.
  Block plain{};
  std::memcpy(plain.data(), &registration, sizeof registration);
  std::memcpy(plain.data() + sizeof registration, &serial, sizeof serial);
  std::string text(kPrefix);
  for (const std::uint8_t byte : encrypt_block(key_, plain)) {
    text.push_back(kHexDigits[byte >> 4U]);
    text.push_back(kHexDigits[byte & 15U]);
  }
  return text;
}

std::optional<std::uint64_t> TemporaryGruus::read(std::string_view user) const {
  Block block{};
  if (!user.starts_with(kPrefix) || user.size() != kPrefix.size() + 2 * block.size()) {
    return std::nullopt;
  }
  user.remove_prefix(kPrefix.size());
  for (std::size_t at = 0; at < block.size(); ++at) {
    const std::string_view digits = user.substr(2 * at, 2);
    if (std::from_chars(digits.data(), digits.data() + 2, block[at], 16).ptr != digits.data() + 2) {
      return std::nullopt;
    }
  }
  const Block plain = decrypt_block(key_, block);
  if (std::any_of(plain.end() - 4, plain.end(), [](std::uint8_t byte) { return byte != 0; })) {
    return std::nullopt;
  }
  std::uint64_t registration = 0;
  std::memcpy(&registration, plain.data(), sizeof registration);
  return registration;
}

bool is_instance(std::string_view text) noexcept {
  const bool bracketed = text.size() > 2 && text.size() <= kMaxInstance && text.front() == '<' && text.back() == '>';
  return bracketed && std::all_of(text.begin() + 1, text.end() - 1, [](char c) { return c > ' ' && c < 0x7F && std::strchr("<>\"\\;?,", c) == nullptr; });
}

}  // namespace callwright::sip
