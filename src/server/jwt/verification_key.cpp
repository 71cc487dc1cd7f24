#include "server/jwt/verification_key.hpp"

#include <openssl/bn.h>
#include <openssl/core_names.h>
#include <openssl/crypto.h>
#include <openssl/ec.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <openssl/param_build.h>

#include <algorithm>
#include <array>
#include <iterator>
#include <utility>
#include <vector>

namespace callwright::server {

using base::Errc;
using base::Error;
using base::Result;

namespace {

constexpr std::size_t kHashBytes = 32;
constexpr std::size_t kCoordinateBytes = 32;
constexpr int kMinModulusBits = 2048;
constexpr int kMaxModulusBits = 8192;  ///< Whoever connects makes us calculate with it.
constexpr int kMaxExponentBits = 32;   ///< The same.

struct Name {
  JwtAlgorithm algorithm;
  std::string_view text;
};
constexpr std::array kNames = {Name{JwtAlgorithm::Hs256, "HS256"}, Name{JwtAlgorithm::Rs256, "RS256"}, Name{JwtAlgorithm::Es256, "ES256"}};

struct Free {
  void operator()(EVP_PKEY* key) const noexcept { EVP_PKEY_free(key); }
  void operator()(EVP_PKEY_CTX* context) const noexcept { EVP_PKEY_CTX_free(context); }
  void operator()(EVP_MD_CTX* context) const noexcept { EVP_MD_CTX_free(context); }
  void operator()(BIGNUM* number) const noexcept { BN_free(number); }
  void operator()(ECDSA_SIG* signature) const noexcept { ECDSA_SIG_free(signature); }
  void operator()(OSSL_PARAM_BLD* builder) const noexcept { OSSL_PARAM_BLD_free(builder); }
  void operator()(OSSL_PARAM* parameters) const noexcept { OSSL_PARAM_free(parameters); }
};
template <class T>
using Owned = std::unique_ptr<T, Free>;

/// What went wrong here stays out of the next one's error queue.
struct ErrorQueue {
  ErrorQueue() = default;
  ~ErrorQueue() { ERR_clear_error(); }
  ErrorQueue(const ErrorQueue&) = delete;
  ErrorQueue& operator=(const ErrorQueue&) = delete;
};

Owned<BIGNUM> number_of(VerificationKey::Bytes bytes) { return Owned<BIGNUM>(BN_bin2bn(bytes.data(), static_cast<int>(bytes.size()), nullptr)); }

/// Null when OpenSSL does not take the parameters for a key.
Owned<EVP_PKEY> public_key(const char* kind, const OSSL_PARAM_BLD* builder) {
  const Owned<OSSL_PARAM> parameters(OSSL_PARAM_BLD_to_param(const_cast<OSSL_PARAM_BLD*>(builder)));
  const Owned<EVP_PKEY_CTX> context(EVP_PKEY_CTX_new_from_name(nullptr, kind, nullptr));
  EVP_PKEY* key = nullptr;
  if (parameters == nullptr || context == nullptr || EVP_PKEY_fromdata_init(context.get()) != 1 ||
      EVP_PKEY_fromdata(context.get(), &key, EVP_PKEY_PUBLIC_KEY, parameters.get()) != 1) {
    return nullptr;
  }
  Owned<EVP_PKEY> made(key);
  const Owned<EVP_PKEY_CTX> check(EVP_PKEY_CTX_new_from_pkey(nullptr, made.get(), nullptr));
  return check != nullptr && EVP_PKEY_public_check(check.get()) == 1 ? std::move(made) : nullptr;
}

std::string fingerprint_of(JwtAlgorithm algorithm, std::initializer_list<VerificationKey::Bytes> parts) {
  const Owned<EVP_MD_CTX> context(EVP_MD_CTX_new());
  std::array<std::uint8_t, kHashBytes> hash{};
  EVP_DigestInit_ex2(context.get(), EVP_sha256(), nullptr);
  EVP_DigestUpdate(context.get(), &algorithm, sizeof algorithm);
  for (const VerificationKey::Bytes part : parts) {
    const std::size_t size = part.size();
    EVP_DigestUpdate(context.get(), &size, sizeof size);
    EVP_DigestUpdate(context.get(), part.data(), part.size());
  }
  EVP_DigestFinal_ex(context.get(), hash.data(), nullptr);
  return {hash.begin(), hash.end()};
}

bool verifies_hmac(const base::SecretBytes& secret, std::string_view text, VerificationKey::Bytes signature) {
  std::array<std::uint8_t, kHashBytes> expected{};
  const auto* const made = HMAC(EVP_sha256(), secret.data(), static_cast<int>(secret.size()), reinterpret_cast<const std::uint8_t*>(text.data()), text.size(),
                                expected.data(), nullptr);
  return made != nullptr && signature.size() == expected.size() && CRYPTO_memcmp(signature.data(), expected.data(), expected.size()) == 0;
}

bool verifies_signature(EVP_PKEY* key, std::string_view text, VerificationKey::Bytes signature) {
  const Owned<EVP_MD_CTX> context(EVP_MD_CTX_new());
  return context != nullptr && EVP_DigestVerifyInit(context.get(), nullptr, EVP_sha256(), nullptr, key) == 1 &&
         EVP_DigestVerify(context.get(), signature.data(), signature.size(), reinterpret_cast<const std::uint8_t*>(text.data()), text.size()) == 1;
}

/// RFC 7518 §3.4 puts the two numbers beside each other, OpenSSL wants them in DER.
std::vector<std::uint8_t> to_der(VerificationKey::Bytes signature) {
  if (signature.size() != 2 * kCoordinateBytes) {
    return {};
  }
  const Owned<ECDSA_SIG> numbers(ECDSA_SIG_new());
  auto r = number_of(signature.first(kCoordinateBytes));
  auto s = number_of(signature.last(kCoordinateBytes));
  if (numbers == nullptr || r == nullptr || s == nullptr || ECDSA_SIG_set0(numbers.get(), r.get(), s.get()) != 1) {
    return {};
  }
  static_cast<void>(r.release());  // These are the signature's now.
  static_cast<void>(s.release());
  std::uint8_t* data = nullptr;
  const int size = i2d_ECDSA_SIG(numbers.get(), &data);
  std::vector<std::uint8_t> der(data, data + std::max(size, 0));
  OPENSSL_free(data);
  return der;
}

Error unusable(std::string why) { return {Errc::InvalidArgument, std::move(why)}; }

}  // namespace

std::string_view to_string(JwtAlgorithm algorithm) noexcept { return kNames[static_cast<std::size_t>(algorithm)].text; }

std::optional<JwtAlgorithm> find_jwt_algorithm(std::string_view name) noexcept {
  const auto* const found = std::find_if(kNames.begin(), kNames.end(), [name](const Name& known) { return known.text == name; });
  return found == kNames.end() ? std::nullopt : std::optional(found->algorithm);
}

struct VerificationKey::Key {
  JwtAlgorithm algorithm;
  std::string fingerprint;
  base::SecretBytes secret;    ///< Of HS256.
  Owned<EVP_PKEY> public_key;  ///< Of the others.
};

VerificationKey::VerificationKey(std::shared_ptr<const Key> key) noexcept : key_(std::move(key)) {}

Result<VerificationKey> VerificationKey::hs256(base::SecretBytes secret) {
  if (secret.size() < kHashBytes) {
    return unusable("a secret for HS256 has 32 bytes at least (RFC 7518 §3.2), this one has " + std::to_string(secret.size()) + "; make a longer one");
  }
  auto fingerprint = fingerprint_of(JwtAlgorithm::Hs256, {secret});
  return VerificationKey(std::make_shared<const Key>(Key{JwtAlgorithm::Hs256, std::move(fingerprint), std::move(secret), nullptr}));
}

Result<VerificationKey> VerificationKey::rs256(Bytes modulus, Bytes exponent) {
  const ErrorQueue queue;
  const auto n = number_of(modulus);
  const auto e = number_of(exponent);
  if (n == nullptr || e == nullptr) {
    return unusable("it cannot be read");
  }
  const int bits = BN_num_bits(n.get());
  if (bits < kMinModulusBits || bits > kMaxModulusBits) {
    return unusable("an RSA key has 2048 to 8192 bits, this one has " + std::to_string(bits) + "; make another one");
  }
  if (BN_num_bits(e.get()) > kMaxExponentBits || BN_is_one(e.get()) || !BN_is_odd(e.get())) {
    return unusable("the exponent of an RSA key is odd, 3 at least and 32 bits long at most; the usual one is AQAB");
  }
  const Owned<OSSL_PARAM_BLD> builder(OSSL_PARAM_BLD_new());
  OSSL_PARAM_BLD_push_BN(builder.get(), OSSL_PKEY_PARAM_RSA_N, n.get());
  OSSL_PARAM_BLD_push_BN(builder.get(), OSSL_PKEY_PARAM_RSA_E, e.get());
  auto key = public_key("RSA", builder.get());
  if (key == nullptr) {
    return unusable("OpenSSL does not take it for an RSA key");
  }
  return VerificationKey(std::make_shared<const Key>(Key{JwtAlgorithm::Rs256, fingerprint_of(JwtAlgorithm::Rs256, {modulus, exponent}), {}, std::move(key)}));
}

Result<VerificationKey> VerificationKey::es256(Bytes x, Bytes y) {
  const ErrorQueue queue;
  if (x.size() != kCoordinateBytes || y.size() != kCoordinateBytes) {
    return unusable("x and y of a key on P-256 have 32 bytes each");
  }
  std::vector<std::uint8_t> point{POINT_CONVERSION_UNCOMPRESSED};
  point.insert(point.end(), x.begin(), x.end());
  point.insert(point.end(), y.begin(), y.end());
  const Owned<OSSL_PARAM_BLD> builder(OSSL_PARAM_BLD_new());
  OSSL_PARAM_BLD_push_utf8_string(builder.get(), OSSL_PKEY_PARAM_GROUP_NAME, "prime256v1", 0);
  OSSL_PARAM_BLD_push_octet_string(builder.get(), OSSL_PKEY_PARAM_PUB_KEY, point.data(), point.size());
  auto key = public_key("EC", builder.get());
  if (key == nullptr) {
    return unusable("x and y are no point of P-256");
  }
  return VerificationKey(std::make_shared<const Key>(Key{JwtAlgorithm::Es256, fingerprint_of(JwtAlgorithm::Es256, {x, y}), {}, std::move(key)}));
}

JwtAlgorithm VerificationKey::algorithm() const noexcept { return key_->algorithm; }

const std::string& VerificationKey::fingerprint() const noexcept { return key_->fingerprint; }

bool VerificationKey::verifies(std::string_view text, Bytes signature) const {
  const ErrorQueue queue;
  switch (key_->algorithm) {
    case JwtAlgorithm::Hs256: return verifies_hmac(key_->secret, text, signature);
    case JwtAlgorithm::Rs256: return verifies_signature(key_->public_key.get(), text, signature);
    case JwtAlgorithm::Es256: {
      const auto der = to_der(signature);
      return !der.empty() && verifies_signature(key_->public_key.get(), text, der);
    }
  }
  return false;
}

}  // namespace callwright::server
