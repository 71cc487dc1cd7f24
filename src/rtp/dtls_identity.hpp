#pragma once

#include "rtp/dtls.hpp"

#include <openssl/ssl.h>
#include <openssl/x509.h>

#include <memory>

/// The OpenSSL objects behind `dtls.hpp`. Inside this folder only.
namespace callwright::rtp {

struct FreeOpenSsl {
  void operator()(SSL_CTX* context) const noexcept { SSL_CTX_free(context); }
  void operator()(SSL* ssl) const noexcept { SSL_free(ssl); }
  void operator()(X509* certificate) const noexcept { X509_free(certificate); }
  void operator()(EVP_PKEY* key) const noexcept { EVP_PKEY_free(key); }
  void operator()(BIO_METHOD* method) const noexcept { BIO_meth_free(method); }
};

struct DtlsIdentity::Context {
  std::unique_ptr<SSL_CTX, FreeOpenSsl> ssl;
  Fingerprint fingerprint;
};

/// What an association expects of the certificate of the other side; the application data of its SSL object.
struct DtlsVerifier {
  Fingerprint expected;
  bool matched = true;
};

/// SHA-256, -384 or -512 by the name that `a=fingerprint` uses; null for others.
[[nodiscard]] const EVP_MD* hash_of_fingerprint(std::string_view algorithm) noexcept;
/// Empty when OpenSSL refuses.
[[nodiscard]] std::string fingerprint_of(const X509& certificate, const EVP_MD* hash);

}  // namespace callwright::rtp
