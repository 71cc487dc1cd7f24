#pragma once

#include <string>
#include <string_view>
#include <vector>

/// Whose certificate it is: the rules of RFC 5922 §7.
namespace callwright::net {

/// What a certificate says of its owner.
struct CertificateNames {
  std::vector<std::string> uris;  ///< subjectAltName, all schemes.
  std::vector<std::string> dns;
  std::vector<std::string> addresses;  ///< In text form.
  bool has_alternative_names = false;  ///< Of any type.
  std::string common_name;
};

/// The SIP domains that the certificate stands for (§7.1): the hosts of its `sip:` URIs without user; where there is none its DNS names; and where it has
/// no alternative names at all its common name.
[[nodiscard]] std::vector<std::string> sip_domains(const CertificateNames& names);

/// Whether the certificate is that of `server_name` (§7.2): the whole name, letter case aside. "*.example.com" stands for nothing but itself.
/// An IP address has to stand among the certificate's addresses, or be one of its domains.
[[nodiscard]] bool is_certificate_of(const CertificateNames& names, std::string_view server_name);

}  // namespace callwright::net
