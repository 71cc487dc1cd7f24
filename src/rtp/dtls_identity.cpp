#include "rtp/dtls_identity.hpp"

#include <openssl/ec.h>
#include <openssl/rand.h>

#include <algorithm>
#include <array>

namespace callwright::rtp {
namespace {

using Certificate = std::unique_ptr<X509, FreeOpenSsl>;
using Key = std::unique_ptr<EVP_PKEY, FreeOpenSsl>;

constexpr char kCiphers[] =
    "ECDHE-ECDSA-AES128-GCM-SHA256:ECDHE-RSA-AES128-GCM-SHA256:ECDHE-ECDSA-AES256-GCM-SHA384:ECDHE-RSA-AES256-GCM-SHA384:"
    "ECDHE-ECDSA-CHACHA20-POLY1305:ECDHE-RSA-CHACHA20-POLY1305";
constexpr char kProfiles[] = "SRTP_AEAD_AES_128_GCM:SRTP_AEAD_AES_256_GCM:SRTP_AES128_CM_SHA1_80:SRTP_AES128_CM_SHA1_32";
constexpr long kMaxCertificates = 16 * 1024;

base::Error refused(const char* what) { return {base::Errc::Io, std::string("DTLS: OpenSSL could not make ") + what + "; check its installation"}; }

bool set_days(X509& certificate, base::WallTime now) {
  const auto seconds = std::chrono::floor<std::chrono::seconds>(now.time_since_epoch()).count();
  constexpr long kDay = 24L * 60 * 60;
  return ASN1_TIME_set(X509_getm_notBefore(&certificate), seconds - kDay) != nullptr &&
         ASN1_TIME_set(X509_getm_notAfter(&certificate), seconds + 365 * kDay) != nullptr;
}

bool set_names(X509& certificate) {
  std::uint64_t serial = 0;
  if (RAND_bytes(reinterpret_cast<unsigned char*>(&serial), sizeof serial) != 1) {
    return false;
  }
  X509_NAME* const name = X509_get_subject_name(&certificate);
  static constexpr std::array<unsigned char, 10> kName{'c', 'a', 'l', 'l', 'w', 'r', 'i', 'g', 'h', 't'};
  return ASN1_INTEGER_set_uint64(X509_get_serialNumber(&certificate), serial >> 1) == 1 &&
         X509_NAME_add_entry_by_txt(name, "CN", MBSTRING_ASC, kName.data(), static_cast<int>(kName.size()), -1, 0) == 1 &&
         X509_set_issuer_name(&certificate, name) == 1;
}

Certificate make_certificate(EVP_PKEY& key, base::WallTime now) {
  Certificate certificate(X509_new());
  constexpr long kVersion3 = 2;
  const bool good = certificate != nullptr && X509_set_version(certificate.get(), kVersion3) == 1 && set_names(*certificate) && set_days(*certificate, now) &&
                    X509_set_pubkey(certificate.get(), &key) == 1 && X509_sign(certificate.get(), &key, EVP_sha256()) > 0;
  return good ? std::move(certificate) : nullptr;
}

bool equal_hex(std::string_view left, std::string_view right) noexcept {
  const auto upper = [](char letter) { return letter >= 'a' && letter <= 'f' ? static_cast<char>(letter - 'a' + 'A') : letter; };
  return std::equal(left.begin(), left.end(), right.begin(), right.end(), [&](char a, char b) { return upper(a) == upper(b); });
}

/// Called with the certificate of the other side, in the middle of the handshake.
int verify(X509_STORE_CTX* store, void*) noexcept {
  const auto* const ssl = static_cast<const SSL*>(X509_STORE_CTX_get_ex_data(store, SSL_get_ex_data_X509_STORE_CTX_idx()));
  auto& verifier = *static_cast<DtlsVerifier*>(SSL_get_app_data(ssl));
  const X509* const certificate = X509_STORE_CTX_get0_cert(store);
  const EVP_MD* const hash = hash_of_fingerprint(verifier.expected.algorithm);
  verifier.matched = certificate != nullptr && hash != nullptr && equal_hex(fingerprint_of(*certificate, hash), verifier.expected.value);
  X509_STORE_CTX_set_error(store, verifier.matched ? X509_V_OK : X509_V_ERR_CERT_REJECTED);
  return verifier.matched ? 1 : 0;
}

bool configure(SSL_CTX& context, X509& certificate, EVP_PKEY& key) {
  SSL_CTX_set_options(&context, SSL_OP_NO_QUERY_MTU | SSL_OP_NO_TICKET | SSL_OP_NO_RENEGOTIATION | SSL_OP_NO_COMPRESSION);
  SSL_CTX_set_session_cache_mode(&context, SSL_SESS_CACHE_OFF);
  SSL_CTX_set_max_cert_list(&context, kMaxCertificates);
  // What is wrong with a self-signed certificate says nothing; its fingerprint does, and each association checks that.
  SSL_CTX_set_verify(&context, SSL_VERIFY_PEER | SSL_VERIFY_FAIL_IF_NO_PEER_CERT, nullptr);
  SSL_CTX_set_cert_verify_callback(&context, verify, nullptr);
  return SSL_CTX_set_min_proto_version(&context, DTLS1_2_VERSION) == 1 && SSL_CTX_set_cipher_list(&context, kCiphers) == 1 &&
         SSL_CTX_set_tlsext_use_srtp(&context, kProfiles) == 0 && SSL_CTX_use_certificate(&context, &certificate) == 1 &&
         SSL_CTX_use_PrivateKey(&context, &key) == 1;
}

}  // namespace

const EVP_MD* hash_of_fingerprint(std::string_view algorithm) noexcept {
  if (algorithm == "sha-256") return EVP_sha256();
  if (algorithm == "sha-384") return EVP_sha384();
  return algorithm == "sha-512" ? EVP_sha512() : nullptr;
}

std::string fingerprint_of(const X509& certificate, const EVP_MD* hash) {
  std::array<unsigned char, EVP_MAX_MD_SIZE> bytes{};
  unsigned size = 0;
  if (X509_digest(&certificate, hash, bytes.data(), &size) != 1) {
    return {};
  }
  constexpr char kDigits[] = "0123456789ABCDEF";
  std::string text;
  for (unsigned i = 0; i < size; ++i) {
    if (i > 0) text += ':';
    text += kDigits[bytes[i] >> 4U];
    text += kDigits[bytes[i] & 15U];
  }
  return text;
}

base::Result<DtlsIdentity> DtlsIdentity::make(base::WallTime now) {
  const Key key(EVP_EC_gen("P-256"));
  if (key == nullptr) {
    return refused("a key pair");
  }
  const Certificate certificate = make_certificate(*key, now);
  if (certificate == nullptr) {
    return refused("a certificate");
  }
  auto context = std::make_shared<Context>();
  context->ssl.reset(SSL_CTX_new(DTLS_method()));
  if (context->ssl == nullptr || !configure(*context->ssl, *certificate, *key)) {
    return refused("a context for DTLS 1.2 with SRTP");
  }
  context->fingerprint.value = fingerprint_of(*certificate, EVP_sha256());
  return DtlsIdentity(std::move(context));
}

const Fingerprint& DtlsIdentity::fingerprint() const noexcept { return context_->fingerprint; }

}  // namespace callwright::rtp
