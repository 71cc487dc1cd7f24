#include "sip/digest_hash.hpp"

#include "sip/fields.hpp"

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

struct FreeContext {
  void operator()(EVP_MD_CTX* context) const noexcept { EVP_MD_CTX_free(context); }
  void operator()(EVP_CIPHER_CTX* context) const noexcept { EVP_CIPHER_CTX_free(context); }
};
using ContextHandle = std::unique_ptr<EVP_MD_CTX, FreeContext>;

Block crypt_block(const Block& key, const Block& block, int encrypt) {
  const std::unique_ptr<EVP_CIPHER_CTX, FreeContext> context(EVP_CIPHER_CTX_new());
  Block result{};
  int size = 0;
  const bool good = EVP_CipherInit_ex(context.get(), EVP_aes_128_ecb(), nullptr, key.data(), nullptr, encrypt) == 1 &&
                    EVP_CIPHER_CTX_set_padding(context.get(), 0) == 1 &&
                    EVP_CipherUpdate(context.get(), result.data(), &size, block.data(), static_cast<int>(block.size())) == 1;
  if (!good) throw std::runtime_error("Encryption failed.");
  return result;
}

DigestHandle fetch(const char* name) {
  DigestHandle digest(EVP_MD_fetch(nullptr, name, nullptr));
  if (digest == nullptr) throw std::runtime_error(fmt::format("The OpenSSL library offers no {}; SIP authentication needs it.", name));
  return digest;
}

/// Looking an algorithm up by name costs more than hashing with it, so that is done once.
const EVP_MD* digest_for(DigestAlgorithm algorithm) {
  static const DigestHandle kMd5 = fetch("MD5");
  static const DigestHandle kSha256 = fetch("SHA256");
  static const DigestHandle kSha512256 = fetch("SHA512-256");
  switch (hash_of(algorithm)) {
    case DigestAlgorithm::Sha256: return kSha256.get();
    case DigestAlgorithm::Sha512256: return kSha512256.get();
    default: return kMd5.get();
  }
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

HashText hash_of_parts(DigestAlgorithm algorithm, std::initializer_list<std::string_view> parts) {
  // A context is expensive to make and cheap to use again.
  thread_local const ContextHandle kContext(EVP_MD_CTX_new());
  std::array<std::uint8_t, EVP_MAX_MD_SIZE> bytes{};
  unsigned size = 0;
  bool good = EVP_DigestInit_ex2(kContext.get(), digest_for(algorithm), nullptr) == 1;
  std::string_view separator;
  for (const std::string_view part : parts) {
    good = good && EVP_DigestUpdate(kContext.get(), separator.data(), separator.size()) == 1 && EVP_DigestUpdate(kContext.get(), part.data(), part.size()) == 1;
    separator = ":";
  }
  if (!good || EVP_DigestFinal_ex(kContext.get(), bytes.data(), &size) != 1) throw std::runtime_error("Hashing failed.");
  constexpr char kDigits[] = "0123456789abcdef";
  HashText text;
  for (unsigned at = 0; at < size; ++at) {
    text.characters[text.size++] = kDigits[bytes[at] >> 4U];
    text.characters[text.size++] = kDigits[bytes[at] & 15U];
  }
  return text;
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

HashText expected_hash(const DigestResponse& answer, std::string_view method, std::string_view ha1, std::string_view body) {
  const DigestAlgorithm algorithm = answer.algorithm;
  HashText session;
  if (is_session(algorithm)) {
    session = hash_of_parts(algorithm, {ha1, answer.nonce, answer.cnonce});
    ha1 = session.view();
  }
  const bool with_body = equals_ignoring_case(answer.qop, "auth-int");
  const HashText ha2 =
      with_body ? hash_of_parts(algorithm, {method, answer.uri, hash_of_parts(algorithm, {body}).view()}) : hash_of_parts(algorithm, {method, answer.uri});
  if (answer.qop.empty()) return hash_of_parts(algorithm, {ha1, answer.nonce, ha2.view()});
  return hash_of_parts(algorithm, {ha1, answer.nonce, answer.nonce_count, answer.cnonce, answer.qop, ha2.view()});
}

std::string expected_response(const DigestResponse& answer, std::string_view method, std::string_view ha1, std::string_view body) {
  return std::string(expected_hash(answer, method, ha1, body).view());
}

Block encrypt_block(const Block& key, const Block& block) { return crypt_block(key, block, 1); }

Block decrypt_block(const Block& key, const Block& block) { return crypt_block(key, block, 0); }

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
  return std::string(hash_of_parts(algorithm, {username, realm, password}).view());
}

}  // namespace callwright::sip
