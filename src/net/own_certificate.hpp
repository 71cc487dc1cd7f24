#pragma once

#include "base/clock.hpp"
#include "base/result.hpp"
#include "net/tls.hpp"

#include <memory>
#include <string>

namespace callwright::net {

/// A certificate for 127.0.0.1, ::1 and localhost that has signed itself, so that it is its own authority. It is valid for a year; its key is on no disk.
class OwnCertificate {
 public:
  /// Errors: Io, OpenSSL or the system cannot make it.
  static base::Result<OwnCertificate> make(base::WallTime now);
  ~OwnCertificate();
  OwnCertificate(OwnCertificate&&) noexcept;
  OwnCertificate& operator=(OwnCertificate&&) noexcept;

  /// Paths that only this process can open, and only as long as this lives.
  [[nodiscard]] const TlsCertificate& files() const noexcept;
  /// For those who shall trust it.
  [[nodiscard]] const std::string& authority_file() const noexcept { return files().chain_file; }

 private:
  struct Files;
  explicit OwnCertificate(std::unique_ptr<Files> files);
  std::unique_ptr<Files> files_;
};

}  // namespace callwright::net
