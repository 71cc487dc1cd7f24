#pragma once

#include "base/base64.hpp"
#include "server/jwt/verification_key.hpp"

#include <openssl/bn.h>
#include <openssl/core_names.h>
#include <openssl/ec.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <openssl/rsa.h>

#include <algorithm>
#include <array>
#include <cstdint>
#include <cstdlib>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace callwright::server {

/// For tests and fuzz targets.
inline std::string to_base64url(std::string_view bytes) {
  std::string text = base::to_base64({reinterpret_cast<const std::uint8_t*>(bytes.data()), bytes.size()});
  text.erase(std::min(text.find('='), text.size()));
  std::replace(text.begin(), text.end(), '+', '-');
  std::replace(text.begin(), text.end(), '/', '_');
  return text;
}

/// For tests and fuzz targets: one who signs tokens, with a key of his own.
class TokenSigner {
 public:
  static TokenSigner hs256(std::string id, std::string secret = std::string(32, 's')) {
    return {JwtAlgorithm::Hs256, std::move(id), std::move(secret), nullptr};
  }
  static TokenSigner rs256(std::string id, unsigned bits = 2048) { return {JwtAlgorithm::Rs256, std::move(id), {}, EVP_RSA_gen(bits)}; }
  static TokenSigner es256(std::string id) { return {JwtAlgorithm::Es256, std::move(id), {}, EVP_EC_gen("P-256")}; }

  /// What verifies it, as an element of a set of keys.
  [[nodiscard]] std::string jwk() const {
    const std::string id = "{\"kid\":\"" + id_ + "\",";
    switch (algorithm_) {
      case JwtAlgorithm::Hs256: return id + R"("kty":"oct","k":")" + to_base64url(secret_) + "\"}";
      case JwtAlgorithm::Rs256: return id + R"("kty":"RSA","n":")" + number(OSSL_PKEY_PARAM_RSA_N, 0) + R"(","e":")" + number(OSSL_PKEY_PARAM_RSA_E, 0) + "\"}";
      case JwtAlgorithm::Es256:
        return id + R"("kty":"EC","crv":"P-256","x":")" + number(OSSL_PKEY_PARAM_EC_PUB_X, 32) + R"(","y":")" + number(OSSL_PKEY_PARAM_EC_PUB_Y, 32) + "\"}";
    }
    std::abort();
  }
  [[nodiscard]] std::string jwks() const { return "{\"keys\":[" + jwk() + "]}"; }

  [[nodiscard]] std::string header() const { return R"({"alg":")" + std::string(to_string(algorithm_)) + R"(","kid":")" + id_ + "\"}"; }
  [[nodiscard]] std::string token(std::string_view payload) const { return sign(header(), payload); }
  /// Whatever the header says.
  [[nodiscard]] std::string sign(std::string_view header, std::string_view payload) const {
    const std::string text = to_base64url(header) + "." + to_base64url(payload);
    return text + "." + to_base64url(signature_of(text));
  }

 private:
  struct Free {
    void operator()(EVP_PKEY* key) const noexcept { EVP_PKEY_free(key); }
  };

  TokenSigner(JwtAlgorithm algorithm, std::string id, std::string secret, EVP_PKEY* key)
      : algorithm_(algorithm), id_(std::move(id)), secret_(std::move(secret)), key_(key, Free()) {}

  /// `size` bytes; 0: as many as it takes.
  [[nodiscard]] std::string number(const char* name, int size) const {
    BIGNUM* value = nullptr;
    EVP_PKEY_get_bn_param(key_.get(), name, &value);
    std::string bytes(static_cast<std::size_t>(size > 0 ? size : BN_num_bytes(value)), '\0');
    BN_bn2binpad(value, reinterpret_cast<std::uint8_t*>(bytes.data()), static_cast<int>(bytes.size()));
    BN_free(value);
    return to_base64url(bytes);
  }

  [[nodiscard]] std::string signature_of(std::string_view text) const {
    const auto* const data = reinterpret_cast<const std::uint8_t*>(text.data());
    std::array<std::uint8_t, 1024> out{};
    std::size_t size = out.size();
    if (algorithm_ == JwtAlgorithm::Hs256) {
      unsigned length = 0;
      HMAC(EVP_sha256(), secret_.data(), static_cast<int>(secret_.size()), data, text.size(), out.data(), &length);
      return {out.begin(), out.begin() + length};
    }
    EVP_MD_CTX* const context = EVP_MD_CTX_new();
    EVP_DigestSignInit(context, nullptr, EVP_sha256(), nullptr, key_.get());
    EVP_DigestSign(context, out.data(), &size, data, text.size());
    EVP_MD_CTX_free(context);
    return algorithm_ == JwtAlgorithm::Rs256 ? std::string(out.begin(), out.begin() + static_cast<std::ptrdiff_t>(size)) : beside_each_other(out.data(), size);
  }

  static std::string beside_each_other(const std::uint8_t* der, std::size_t size) {
    ECDSA_SIG* const signature = d2i_ECDSA_SIG(nullptr, &der, static_cast<long>(size));
    std::string both(64, '\0');
    BN_bn2binpad(ECDSA_SIG_get0_r(signature), reinterpret_cast<std::uint8_t*>(both.data()), 32);
    BN_bn2binpad(ECDSA_SIG_get0_s(signature), reinterpret_cast<std::uint8_t*>(both.data()) + 32, 32);
    ECDSA_SIG_free(signature);
    return both;
  }

  JwtAlgorithm algorithm_;
  std::string id_;
  std::string secret_;
  std::shared_ptr<EVP_PKEY> key_;
};

}  // namespace callwright::server
