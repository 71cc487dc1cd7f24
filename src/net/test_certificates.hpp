#pragma once

#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/x509v3.h>

#include <cstdio>
#include <filesystem>
#include <memory>
#include <stdexcept>
#include <string>

namespace callwright::net {

/// For tests: an authority and the certificates that it signs, made when they are needed and valid for an hour, in a folder that goes with the object.
class TestAuthority {
 public:
  struct Files {
    std::string chain;
    std::string key;
  };

  explicit TestAuthority(const std::string& name) : folder_(make_folder()), key_(EVP_EC_gen("P-256")), certificate_(make(name, key_.get(), "")) {
    sign(certificate_.get(), certificate_.get());
    write(name + ".pem", certificate_.get(), nullptr);
    file_ = folder_ / (name + ".pem");
  }
  ~TestAuthority() {
    std::error_code ignored;
    std::filesystem::remove_all(folder_, ignored);
  }
  TestAuthority(const TestAuthority&) = delete;
  TestAuthority& operator=(const TestAuthority&) = delete;

  /// Its own certificate.
  [[nodiscard]] std::string file() const { return file_.string(); }
  [[nodiscard]] const std::filesystem::path& folder() const noexcept { return folder_; }

  /// `alternative_names` as OpenSSL's configuration has them: "DNS:a.example,URI:sip:a.example,IP:127.0.0.1".
  [[nodiscard]] Files issue(const std::string& name, const std::string& alternative_names) const {
    const Key key(EVP_EC_gen("P-256"));
    const Certificate certificate = make(name, key.get(), alternative_names);
    sign(certificate.get(), certificate_.get());
    write(name + "-chain.pem", certificate.get(), nullptr);
    write(name + "-key.pem", nullptr, key.get());
    return {(folder_ / (name + "-chain.pem")).string(), (folder_ / (name + "-key.pem")).string()};
  }

 private:
  struct Free {
    void operator()(EVP_PKEY* key) const noexcept { EVP_PKEY_free(key); }
    void operator()(X509* certificate) const noexcept { X509_free(certificate); }
    void operator()(X509_EXTENSION* extension) const noexcept { X509_EXTENSION_free(extension); }
    void operator()(std::FILE* file) const noexcept { std::fclose(file); }
  };
  using Key = std::unique_ptr<EVP_PKEY, Free>;
  using Certificate = std::unique_ptr<X509, Free>;

  static std::filesystem::path make_folder() {
    std::string pattern = (std::filesystem::temp_directory_path() / "callwright-tls-XXXXXX").string();
    if (::mkdtemp(pattern.data()) == nullptr) {
      throw std::runtime_error("no temporary folder");
    }
    return pattern;
  }

  static Certificate make(const std::string& name, EVP_PKEY* key, const std::string& alternative_names) {
    constexpr long kHour = 3600;
    static long serial = 0;
    Certificate made(X509_new());
    X509_set_version(made.get(), X509_VERSION_3);
    ASN1_INTEGER_set(X509_get_serialNumber(made.get()), ++serial);
    X509_gmtime_adj(X509_getm_notBefore(made.get()), -kHour);
    X509_gmtime_adj(X509_getm_notAfter(made.get()), kHour);
    X509_set_pubkey(made.get(), key);
    X509_NAME_add_entry_by_txt(X509_get_subject_name(made.get()), "CN", MBSTRING_ASC, reinterpret_cast<const unsigned char*>(name.c_str()), -1, -1, 0);
    add(made.get(), NID_basic_constraints, alternative_names.empty() ? "critical,CA:TRUE" : "CA:FALSE");
    if (!alternative_names.empty()) {
      add(made.get(), NID_subject_alt_name, alternative_names);
    }
    return made;
  }

  static void add(X509* certificate, int kind, const std::string& value) {
    const std::unique_ptr<X509_EXTENSION, Free> extension(X509V3_EXT_conf_nid(nullptr, nullptr, kind, value.c_str()));
    X509_add_ext(certificate, extension.get(), -1);
  }

  void sign(X509* certificate, const X509* issuer) const {
    X509_set_issuer_name(certificate, X509_get_subject_name(issuer));
    if (X509_sign(certificate, key_.get(), EVP_sha256()) == 0) {
      throw std::runtime_error("a certificate cannot be signed");
    }
  }

  void write(const std::string& file, X509* certificate, EVP_PKEY* key) const {
    const std::unique_ptr<std::FILE, Free> out(std::fopen((folder_ / file).c_str(), "w"));
    if (certificate != nullptr) {
      PEM_write_X509(out.get(), certificate);
    }
    if (key != nullptr) {
      PEM_write_PrivateKey(out.get(), key, nullptr, nullptr, 0, nullptr, nullptr);
    }
  }

  std::filesystem::path folder_;
  Key key_;
  Certificate certificate_;
  std::filesystem::path file_;
};

}  // namespace callwright::net
