#include "net/tls_identity.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace callwright::net {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

TEST(TlsIdentity, takes_the_hosts_of_sip_uris_and_then_no_dns_name) {
  const CertificateNames names{.uris = {"sip:example.com", "sip:alice@example.net", "sips:other.example", "https://web.example"},
                               .dns = {"host.example.org"},
                               .addresses = {},
                               .has_alternative_names = true,
                               .common_name = "cn.example"};
  EXPECT_THAT(sip_domains(names), ElementsAre("example.com"));
  EXPECT_TRUE(is_certificate_of(names, "EXAMPLE.com"));
  for (const char* const other : {"example.net", "other.example", "web.example", "host.example.org", "cn.example", "com", "a.example.com", ""}) {
    EXPECT_FALSE(is_certificate_of(names, other)) << other;
  }
}

TEST(TlsIdentity, takes_dns_names_when_no_uri_names_a_sip_domain) {
  const CertificateNames names{
      .uris = {"sip:alice@example.net"}, .dns = {"a.example", "b.example."}, .addresses = {}, .has_alternative_names = true, .common_name = "cn.example"};
  EXPECT_THAT(sip_domains(names), ElementsAre("a.example", "b.example."));
  EXPECT_TRUE(is_certificate_of(names, "b.example"));
  EXPECT_TRUE(is_certificate_of(names, "a.example."));
  EXPECT_FALSE(is_certificate_of(names, "example.net"));
  EXPECT_FALSE(is_certificate_of(names, "cn.example"));
}

TEST(TlsIdentity, takes_the_common_name_only_without_alternative_names) {
  CertificateNames names;
  names.common_name = "cn.example";
  EXPECT_TRUE(is_certificate_of(names, "cn.example"));
  names.has_alternative_names = true;
  EXPECT_THAT(sip_domains(names), IsEmpty());
  EXPECT_FALSE(is_certificate_of(names, "cn.example"));
}

TEST(TlsIdentity, knows_no_wildcards) {
  const CertificateNames names{.uris = {}, .dns = {"*.example.com"}, .addresses = {}, .has_alternative_names = true, .common_name = {}};
  EXPECT_FALSE(is_certificate_of(names, "a.example.com"));
  EXPECT_FALSE(is_certificate_of(names, "example.com"));
}

TEST(TlsIdentity, compares_addresses_by_value) {
  const CertificateNames names{
      .uris = {}, .dns = {"a.example"}, .addresses = {"192.0.2.1", "2001:db8:0:0::1"}, .has_alternative_names = true, .common_name = {}};
  EXPECT_TRUE(is_certificate_of(names, "192.0.2.1"));
  EXPECT_TRUE(is_certificate_of(names, "[2001:db8::1]"));
  EXPECT_FALSE(is_certificate_of(names, "192.0.2.2"));
}

}  // namespace
}  // namespace callwright::net
