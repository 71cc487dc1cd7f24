#pragma once

#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/x509v3.h>
#include <boost/asio/ssl/context.hpp>

#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <memory>
#include <stdexcept>
#include <string>

namespace callwright::server {

/// For tests: a certificate that has signed itself, so that it is its own authority; in a folder that goes with the object.
class TestCertificate {
 public:
  /// `alternative_names` as OpenSSL's configuration has them: "DNS:a.example,IP:127.0.0.1". It begins two hours ago, and ends `valid_seconds` from now.
  explicit TestCertificate(const std::string& alternative_names, long valid_seconds = 3600) {
    constexpr long kTwoHours = 7200;
    std::string pattern = (std::filesystem::temp_directory_path() / "callwright-web-tls-XXXXXX").string();
    if (::mkdtemp(pattern.data()) == nullptr) {
      throw std::runtime_error("no temporary folder");
    }
    folder_ = pattern;
    const std::unique_ptr<EVP_PKEY, Free> key(EVP_EC_gen("P-256"));
    const std::unique_ptr<X509, Free> certificate(X509_new());
    X509_set_version(certificate.get(), X509_VERSION_3);
    ASN1_INTEGER_set(X509_get_serialNumber(certificate.get()), 1);
    X509_gmtime_adj(X509_getm_notBefore(certificate.get()), -kTwoHours);
    X509_gmtime_adj(X509_getm_notAfter(certificate.get()), valid_seconds);
    X509_set_pubkey(certificate.get(), key.get());
    X509_NAME* const name = X509_get_subject_name(certificate.get());
    X509_NAME_add_entry_by_txt(name, "CN", MBSTRING_ASC, reinterpret_cast<const unsigned char*>("callwright test"), -1, -1, 0);
    X509_set_issuer_name(certificate.get(), name);
    const std::unique_ptr<X509_EXTENSION, Free> names(X509V3_EXT_conf_nid(nullptr, nullptr, NID_subject_alt_name, alternative_names.c_str()));
    X509_add_ext(certificate.get(), names.get(), -1);
    if (X509_sign(certificate.get(), key.get(), EVP_sha256()) == 0) {
      throw std::runtime_error("the certificate cannot be signed");
    }
    const std::unique_ptr<std::FILE, Free> chain(std::fopen(file().c_str(), "w"));
    PEM_write_X509(chain.get(), certificate.get());
    const std::unique_ptr<std::FILE, Free> secret(std::fopen(key_file().c_str(), "w"));
    PEM_write_PrivateKey(secret.get(), key.get(), nullptr, nullptr, 0, nullptr, nullptr);
  }
  ~TestCertificate() {
    std::error_code ignored;
    std::filesystem::remove_all(folder_, ignored);
  }
  TestCertificate(const TestCertificate&) = delete;
  TestCertificate& operator=(const TestCertificate&) = delete;

  /// For those who trust it.
  [[nodiscard]] std::string file() const { return (folder_ / "chain.pem").string(); }
  /// For the server that shows it.
  [[nodiscard]] std::shared_ptr<boost::asio::ssl::context> context() const {
    namespace ssl = boost::asio::ssl;
    auto made = std::make_shared<ssl::context>(ssl::context::tls_server);
    SSL_CTX_set_min_proto_version(made->native_handle(), TLS1_2_VERSION);
    made->use_certificate_chain_file(file());
    made->use_private_key_file(key_file(), ssl::context::pem);
    return made;
  }

 private:
  struct Free {
    void operator()(EVP_PKEY* key) const noexcept { EVP_PKEY_free(key); }
    void operator()(X509* certificate) const noexcept { X509_free(certificate); }
    void operator()(X509_EXTENSION* extension) const noexcept { X509_EXTENSION_free(extension); }
    void operator()(std::FILE* file) const noexcept { std::fclose(file); }
  };

  [[nodiscard]] std::string key_file() const { return (folder_ / "key.pem").string(); }

  std::filesystem::path folder_;
};

}  // namespace callwright::server
