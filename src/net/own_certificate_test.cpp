#include "net/own_certificate.hpp"

#include <gmock/gmock.h>

#include <chrono>
#include <filesystem>
#include <fstream>

namespace callwright::net {
namespace {

TEST(OwnCertificate, is_shown_by_a_server_and_trusted_by_a_client) {
  const auto own = OwnCertificate::make(std::chrono::system_clock::now());
  ASSERT_TRUE(own);
  TlsSettings server;
  server.certificates.push_back(own->files());
  EXPECT_TRUE(TlsServer::create(server));
  TlsSettings client;
  client.ca_file = own->authority_file();
  EXPECT_TRUE(TlsClient::create(client));
  std::ifstream chain(own->authority_file());
  std::string first;
  std::getline(chain, first);
  EXPECT_EQ(first, "-----BEGIN CERTIFICATE-----");
}

TEST(OwnCertificate, takes_its_key_along_when_it_goes) {
  std::string key;
  {
    const auto own = OwnCertificate::make(std::chrono::system_clock::now());
    ASSERT_TRUE(own);
    key = own->files().key_file;
    EXPECT_TRUE(std::filesystem::exists(key));
  }
  EXPECT_FALSE(std::filesystem::exists(key));
}

}  // namespace
}  // namespace callwright::net
