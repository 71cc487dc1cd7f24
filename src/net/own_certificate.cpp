#include "net/own_certificate.hpp"

#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/rand.h>
#include <openssl/x509v3.h>
#include <sys/mman.h>
#include <unistd.h>

#include <chrono>
#include <cstdint>
#include <cstdio>
#include <utility>

namespace callwright::net {
namespace {

struct Free {
  void operator()(EVP_PKEY* key) const noexcept { EVP_PKEY_free(key); }
  void operator()(X509* certificate) const noexcept { X509_free(certificate); }
  void operator()(X509_EXTENSION* extension) const noexcept { X509_EXTENSION_free(extension); }
  void operator()(std::FILE* file) const noexcept { std::fclose(file); }
};
using Key = std::unique_ptr<EVP_PKEY, Free>;
using Certificate = std::unique_ptr<X509, Free>;
using File = std::unique_ptr<std::FILE, Free>;

constexpr char kNames[] = "IP:127.0.0.1,IP:::1,DNS:localhost";
constexpr long kDay = 24L * 60 * 60;

base::Error refused(const char* what) {
  return {base::Errc::Io, std::string("TLS: ") + what + " for this machine cannot be made; check the installation of OpenSSL"};
}

bool describe(X509& certificate, base::WallTime now) {
  std::uint64_t serial = 0;
  const auto seconds = std::chrono::floor<std::chrono::seconds>(now.time_since_epoch()).count();
  X509_NAME* const name = X509_get_subject_name(&certificate);
  static constexpr unsigned char kName[] = "callwright";
  const std::unique_ptr<X509_EXTENSION, Free> names(X509V3_EXT_conf_nid(nullptr, nullptr, NID_subject_alt_name, kNames));
  return RAND_bytes(reinterpret_cast<unsigned char*>(&serial), sizeof serial) == 1 && X509_set_version(&certificate, X509_VERSION_3) == 1 &&
         ASN1_INTEGER_set_uint64(X509_get_serialNumber(&certificate), serial >> 1U) == 1 &&
         ASN1_TIME_set(X509_getm_notBefore(&certificate), seconds - kDay) != nullptr &&
         ASN1_TIME_set(X509_getm_notAfter(&certificate), seconds + 365 * kDay) != nullptr &&
         X509_NAME_add_entry_by_txt(name, "CN", MBSTRING_ASC, kName, -1, -1, 0) == 1 && X509_set_issuer_name(&certificate, name) == 1 && names != nullptr &&
         X509_add_ext(&certificate, names.get(), -1) == 1;
}

/// A file without a name in memory, or null.
File in_memory() {
  const int descriptor = ::memfd_create("callwright-certificate", MFD_CLOEXEC);
  return File(descriptor < 0 ? nullptr : ::fdopen(descriptor, "w"));
}

std::string path_of(const File& file) { return "/proc/self/fd/" + std::to_string(::fileno(file.get())); }

}  // namespace

struct OwnCertificate::Files {
  File chain = in_memory();
  File key = in_memory();
  TlsCertificate paths;
};

OwnCertificate::OwnCertificate(std::unique_ptr<Files> files) : files_(std::move(files)) {}
OwnCertificate::~OwnCertificate() = default;
OwnCertificate::OwnCertificate(OwnCertificate&&) noexcept = default;
OwnCertificate& OwnCertificate::operator=(OwnCertificate&&) noexcept = default;

const TlsCertificate& OwnCertificate::files() const noexcept { return files_->paths; }

base::Result<OwnCertificate> OwnCertificate::make(base::WallTime now) {
  const Key key(EVP_EC_gen("P-256"));
  const Certificate certificate(X509_new());
  if (key == nullptr || certificate == nullptr || !describe(*certificate, now) || X509_set_pubkey(certificate.get(), key.get()) != 1 ||
      X509_sign(certificate.get(), key.get(), EVP_sha256()) == 0) {
    return refused("a certificate");
  }
  auto files = std::make_unique<Files>();
  const bool written = files->chain != nullptr && files->key != nullptr && PEM_write_X509(files->chain.get(), certificate.get()) == 1 &&
                       PEM_write_PrivateKey(files->key.get(), key.get(), nullptr, nullptr, 0, nullptr, nullptr) == 1 && std::fflush(files->chain.get()) == 0 &&
                       std::fflush(files->key.get()) == 0;
  if (!written) {
    return refused("a file of a certificate");
  }
  files->paths = {path_of(files->chain), path_of(files->key)};
  return OwnCertificate(std::move(files));
}

}  // namespace callwright::net
