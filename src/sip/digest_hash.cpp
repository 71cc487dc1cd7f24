#include "sip/digest_hash.hpp"

#include <fmt/format.h>
#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>

#include <array>
#include <memory>
#include <stdexcept>

namespace callwright::sip {
namespace {

struct FreeDigest {
  void operator()(EVP_MD* digest) const noexcept { EVP_MD_free(digest); }
};
using DigestHandle = std::unique_ptr<EVP_MD, FreeDigest>;

DigestHandle fetch(const char* name) {
  DigestHandle digest(EVP_MD_fetch(nullptr, name, nullptr));
  if (digest == nullptr) throw std::runtime_error(fmt::format("The OpenSSL library offers no {}; SIP authentication needs it.", name));
  return digest;
}

/// Looking an algorithm up by name costs more than hashing with it, so that is done once.
const EVP_MD* digest_for(DigestAlgorithm algorithm) {
  static const DigestHandle kMd5 = fetch("MD5");
  static const DigestHandle kSha256 = fetch("SHA256");
  return algorithm == DigestAlgorithm::Md5 ? kMd5.get() : kSha256.get();
}

std::string to_hex(std::span<const std::uint8_t> bytes) {
  constexpr char kDigits[] = "0123456789abcdef";
  std::string hex;
  hex.reserve(bytes.size() * 2);
  for (const std::uint8_t byte : bytes) {
    hex += kDigits[byte >> 4U];
    hex += kDigits[byte & 15U];
  }
  return hex;
}

}  // namespace

std::string hash_hex(DigestAlgorithm algorithm, std::string_view text) {
  std::array<std::uint8_t, EVP_MAX_MD_SIZE> bytes{};
  unsigned size = 0;
  if (EVP_Digest(text.data(), text.size(), bytes.data(), &size, digest_for(algorithm), nullptr) != 1) throw std::runtime_error("Hashing failed.");
  return to_hex({bytes.data(), size});
}

std::string keyed_hash_hex(std::span<const std::uint8_t> key, std::string_view text) {
  std::array<std::uint8_t, EVP_MAX_MD_SIZE> bytes{};
  unsigned size = 0;
  const auto* const data = reinterpret_cast<const std::uint8_t*>(text.data());
  const EVP_MD* const digest = digest_for(DigestAlgorithm::Sha256);
  if (HMAC(digest, key.data(), static_cast<int>(key.size()), data, text.size(), bytes.data(), &size) == nullptr) throw std::runtime_error("Hashing failed.");
  return to_hex({bytes.data(), 16});
}

bool equal_in_constant_time(std::string_view left, std::string_view right) noexcept {
  return left.size() == right.size() && CRYPTO_memcmp(left.data(), right.data(), left.size()) == 0;
}

std::string expected_response(const DigestResponse& answer, std::string_view method, std::string_view ha1) {
  const std::string ha2 = hash_hex(answer.algorithm, fmt::format("{}:{}", method, answer.uri));
  if (answer.qop.empty()) return hash_hex(answer.algorithm, fmt::format("{}:{}:{}", ha1, answer.nonce, ha2));
  return hash_hex(answer.algorithm, fmt::format("{}:{}:{}:{}:{}:{}", ha1, answer.nonce, answer.nonce_count, answer.cnonce, answer.qop, ha2));
}

std::string unescape_quoted(std::string_view text) {
  std::string plain;
  plain.reserve(text.size());
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] == '\\' && i + 1 < text.size()) ++i;
    plain += text[i];
  }
  return plain;
}

std::string escape_quoted(std::string_view text) {
  std::string escaped;
  escaped.reserve(text.size());
  for (const char c : text) {
    if (c == '"' || c == '\\') escaped += '\\';
    escaped += c;
  }
  return escaped;
}

std::string digest_ha1(DigestAlgorithm algorithm, std::string_view username, std::string_view realm, std::string_view password) {
  return hash_hex(algorithm, fmt::format("{}:{}:{}", username, realm, password));
}

}  // namespace callwright::sip
