#include "net/tls_identity.hpp"

#include "base/socket_address.hpp"
#include "sip/fields.hpp"
#include "sip/uri.hpp"

#include <algorithm>

namespace callwright::net {
namespace {

std::string_view without_root(std::string_view name) { return name.ends_with('.') ? name.substr(0, name.size() - 1) : name; }

}  // namespace

std::vector<std::string> sip_domains(const CertificateNames& names) {
  std::vector<std::string> domains;
  for (const std::string& text : names.uris) {
    const auto uri = sip::UriView::parse(text);
    if (uri && uri->scheme == sip::UriView::Scheme::Sip && text.find('@') == std::string::npos) {
      domains.emplace_back(uri->host);
    }
  }
  if (!domains.empty()) {
    return domains;
  }
  if (!names.dns.empty()) {
    return names.dns;
  }
  if (!names.has_alternative_names && !names.common_name.empty()) {
    domains.push_back(names.common_name);
  }
  return domains;
}

bool is_certificate_of(const CertificateNames& names, std::string_view server_name) {
  const auto address = base::IpAddress::parse(server_name);
  const auto is_address = [&](const std::string& text) {
    const auto listed = base::IpAddress::parse(text);
    return address && listed && *listed == *address;
  };
  if (std::any_of(names.addresses.begin(), names.addresses.end(), is_address)) {
    return true;
  }
  const std::vector<std::string> domains = sip_domains(names);
  return std::any_of(domains.begin(), domains.end(), [&](const std::string& domain) {
    return is_address(domain) || sip::equals_ignoring_case(without_root(domain), without_root(server_name));
  });
}

}  // namespace callwright::net
