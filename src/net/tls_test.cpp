#include "net/recording_user.hpp"
#include "net/sip_transports.hpp"
#include "net/test_certificates.hpp"

#include <boost/asio/error.hpp>
#include <boost/asio/ip/tcp.hpp>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <chrono>
#include <fstream>
#include <functional>
#include <memory>
#include <string>

namespace callwright::net {
namespace {

using namespace std::chrono_literals;
using sip::Transport;
using testing::HasSubstr;

constexpr base::Duration kGuard = 20s;

class SipTransportsTls : public testing::Test {
 protected:
  SipTransportsTls() { server.set_user(&server_user); }

  void start(TlsSettings settings, const std::string& address = "127.0.0.1:0", Transport transport = Transport::Tls) {
    const auto taken = server.set_tls(settings);
    ASSERT_TRUE(taken) << taken.error().message();
    server_address = server.listen(transport, base::SocketAddress::parse(address).value()).value();
  }
  [[nodiscard]] TlsSettings serving(const std::string& name, const std::string& alternative_names) const {
    TlsSettings settings;
    settings.certificates.push_back(certificate(name, alternative_names));
    return settings;
  }
  [[nodiscard]] TlsCertificate certificate(const std::string& name, const std::string& alternative_names) const {
    const auto files = authority.issue(name, alternative_names);
    return {files.chain, files.key};
  }
  [[nodiscard]] TlsSettings trusting() const {
    TlsSettings settings;
    settings.ca_file = authority.file();
    return settings;
  }
  bool until(const std::function<bool()>& done) { return loop.run_until(done, kGuard); }

  /// One message over a connection to the server under this name.
  sip::Flow say(SipTransports& client, const std::string& name, const std::string& call_id, Transport transport = Transport::Tls) {
    const auto id = client.connect(transport, server_address, name);
    const sip::Flow flow{transport, {}, server_address, id};
    client.send(flow, sample_message(call_id));
    return flow;
  }

  EngineLoop loop;
  TestAuthority authority{"test-ca"};
  RecordingUser server_user;
  SipTransports server{loop};
  base::SocketAddress server_address;
};

struct Client {
  Client(EngineLoop& loop, const TlsSettings& settings) : transports(loop) {
    transports.set_user(&user);
    EXPECT_TRUE(transports.set_tls(settings));
  }
  RecordingUser user;
  SipTransports transports;
};

TEST_F(SipTransportsTls, carries_messages_both_ways_over_one_verified_connection) {
  start(serving("pbx", "DNS:pbx.example"));
  server_user.react = [this](const sip::Flow& flow, std::string_view) { server.send(flow, sample_message("answer", 30'000)); };
  Client client(loop, trusting());
  const auto flow = say(client.transports, "pbx.example", "question");
  ASSERT_TRUE(until([&client] { return client.user.received.size() == 1; }));
  EXPECT_EQ(server_user.received[0].bytes, sample_message("question"));
  EXPECT_EQ(server_user.received[0].flow.transport, Transport::Tls);
  EXPECT_EQ(client.user.received[0].bytes, sample_message("answer", 30'000));
  EXPECT_EQ(client.user.received[0].flow.connection, flow.connection);
  EXPECT_EQ(server.statistics().connections, 1U);
}

TEST_F(SipTransportsTls, ends_in_order_when_it_closes) {
  StreamLimits limits;
  limits.idle_timeout = 500ms;  // Not so short that it passes before the handshake and the message are over.
  for (const bool idle : {true, false}) {
    auto closing = std::make_unique<SipTransports>(loop, idle ? limits : StreamLimits{});
    closing->set_user(&server_user);
    ASSERT_TRUE(closing->set_tls(serving("pbx", "DNS:pbx.example")));
    const auto there = closing->listen(Transport::Tls, base::SocketAddress::parse("127.0.0.1:0").value()).value();
    Client client(loop, trusting());
    server_user.received.clear();
    client.transports.send({Transport::Tls, {}, there, client.transports.connect(Transport::Tls, there, "pbx.example")}, sample_message("one"));
    ASSERT_TRUE(until([this] { return server_user.received.size() == 1; }));
    if (!idle) {
      closing.reset();
    }
    ASSERT_TRUE(until([&client] { return !client.user.failed.empty(); }));
    EXPECT_EQ(client.user.failed[0].error.code, boost::asio::error::eof) << "and not that the stream was cut";
  }
}

TEST_F(SipTransportsTls, works_over_ipv6) {
  start(serving("pbx", "IP:::1"), "[::1]:0");
  Client client(loop, trusting());
  say(client.transports, "", "question");
  ASSERT_TRUE(until([this] { return server_user.received.size() == 1; }));
  EXPECT_EQ(server_user.received[0].flow.remote.ip.to_string(), "::1");
}

TEST_F(SipTransportsTls, refuses_a_certificate_of_another_name) {
  start(serving("pbx", "DNS:pbx.example"));
  Client client(loop, trusting());
  say(client.transports, "other.example", "secret");
  ASSERT_TRUE(until([&client] { return !client.user.failed.empty(); }));
  EXPECT_THAT(client.user.failed[0].error.message(), HasSubstr("certificate is not that of other.example"));
  EXPECT_EQ(client.transports.statistics().connections, 0U);
  EXPECT_TRUE(server_user.received.empty());
}

TEST_F(SipTransportsTls, refuses_a_certificate_of_an_authority_that_it_does_not_know) {
  start(serving("pbx", "DNS:pbx.example"));
  const TestAuthority stranger("stranger-ca");
  TlsSettings settings;
  settings.ca_file = stranger.file();
  Client client(loop, settings);
  say(client.transports, "pbx.example", "secret");
  ASSERT_TRUE(until([&client] { return !client.user.failed.empty(); }));
  EXPECT_THAT(client.user.failed[0].error.message(), HasSubstr("unable to get local issuer certificate"));
  EXPECT_TRUE(server_user.received.empty());
}

TEST_F(SipTransportsTls, takes_any_certificate_of_a_server_that_is_not_to_be_verified) {
  start(serving("pbx", "DNS:pbx.example"));
  const TestAuthority stranger("stranger-ca");
  TlsSettings settings;
  settings.ca_file = stranger.file();
  settings.unverified_servers = {"Lab.example"};
  Client client(loop, settings);
  say(client.transports, "lab.example", "one");
  EXPECT_TRUE(until([this] { return server_user.received.size() == 1; }));

  settings.unverified_servers = {};
  settings.verify_servers = ServerVerification::Off;
  Client trustful(loop, settings);
  say(trustful.transports, "any.example", "two");
  EXPECT_TRUE(until([this] { return server_user.received.size() == 2; }));
}

TEST_F(SipTransportsTls, shows_the_certificate_that_the_client_asks_for_by_name) {
  TlsSettings settings = serving("one", "DNS:one.example");
  settings.certificates.push_back(certificate("two", "DNS:two.example"));
  start(settings);
  Client client(loop, trusting());
  const auto one = say(client.transports, "one.example", "1");
  const auto two = say(client.transports, "TWO.example", "2");
  ASSERT_TRUE(until([this] { return server_user.received.size() == 2; }));
  EXPECT_NE(one.connection, two.connection);
  EXPECT_TRUE(client.user.failed.empty());
}

TEST_F(SipTransportsTls, uses_a_connection_again_for_the_same_name_only) {
  start(serving("pbx", "DNS:a.example,DNS:b.example"));
  Client client(loop, trusting());
  const auto first = say(client.transports, "a.example", "1");
  ASSERT_TRUE(until([this] { return server_user.received.size() == 1; }));
  EXPECT_EQ(client.transports.connect(Transport::Tls, server_address, "a.example"), first.connection);
  EXPECT_NE(client.transports.connect(Transport::Tls, server_address, "b.example"), first.connection);
  EXPECT_EQ(client.transports.connect(Transport::Udp, server_address, "a.example"), sip::ConnectionId{});
}

TEST_F(SipTransportsTls, asks_for_client_certificates_when_told_to) {
  TlsSettings settings = serving("pbx", "DNS:pbx.example");
  settings.client_certificates = ClientCertificates::Required;
  settings.client_ca_file = authority.file();
  start(settings);
  Client without(loop, trusting());
  say(without.transports, "pbx.example", "without");
  ASSERT_TRUE(until([&] { return !without.user.failed.empty() && server.statistics().connections == 0; }));

  TlsSettings own = trusting();
  own.certificates.push_back(certificate("phone", "DNS:phone.example"));
  Client with(loop, own);
  say(with.transports, "pbx.example", "with");
  ASSERT_TRUE(until([this] { return server_user.received.size() == 1; }));
  EXPECT_EQ(server_user.received[0].bytes, sample_message("with"));
}

TEST_F(SipTransportsTls, takes_new_certificates_without_touching_open_connections) {
  start(serving("pbx", "DNS:old.example"));
  Client client(loop, trusting());
  const auto open = say(client.transports, "old.example", "1");
  ASSERT_TRUE(until([this] { return server_user.received.size() == 1; }));
  ASSERT_TRUE(server.set_tls(serving("pbx", "DNS:new.example")));
  say(client.transports, "new.example", "2");
  ASSERT_TRUE(until([this] { return server_user.received.size() == 2; }));
  client.transports.send(open, sample_message("3"));
  ASSERT_TRUE(until([this] { return server_user.received.size() == 3; }));
  EXPECT_EQ(server_user.received[2].flow, server_user.received[0].flow);
}

TEST_F(SipTransportsTls, keeps_its_certificates_when_new_ones_cannot_be_used) {
  start(serving("pbx", "DNS:pbx.example"));
  TlsSettings broken = serving("other", "DNS:other.example");
  std::ofstream(broken.certificates[0].chain_file) << "no certificate";
  EXPECT_FALSE(server.set_tls(broken));
  Client client(loop, trusting());
  say(client.transports, "pbx.example", "1");
  EXPECT_TRUE(until([this] { return server_user.received.size() == 1; }));
}

TEST_F(SipTransportsTls, says_which_file_is_wrong_and_what_to_do) {
  TlsSettings missing = serving("pbx", "DNS:pbx.example");
  missing.certificates[0].chain_file = (authority.folder() / "none.pem").string();
  EXPECT_THAT(server.set_tls(missing).error().message(), testing::AllOf(HasSubstr("none.pem: No such file"), HasSubstr("readable PEM file")));

  TlsSettings mixed = serving("pbx", "DNS:pbx.example");
  mixed.certificates[0].key_file = authority.issue("other", "DNS:other.example").key;
  EXPECT_THAT(server.set_tls(mixed).error().message(), testing::AllOf(HasSubstr("other-key.pem: key values mismatch"), HasSubstr("pbx-chain.pem")));

  TlsSettings authorities = trusting();
  authorities.ca_file = (authority.folder() / "ca.pem").string();
  EXPECT_THAT(server.set_tls(authorities).error().message(), HasSubstr("ca.pem: No such file"));

  const auto without = SipTransports(loop).listen(Transport::Tls, base::SocketAddress::parse("127.0.0.1:0").value());
  EXPECT_THAT(without.error().message(), HasSubstr("[[certificates]]"));
}

TEST_F(SipTransportsTls, gives_up_on_a_handshake_that_takes_too_long) {
  StreamLimits limits;
  limits.handshake_timeout = 100ms;
  SipTransports hurried(loop, limits);
  ASSERT_TRUE(hurried.set_tls(serving("pbx", "DNS:pbx.example")));
  const auto address = hurried.listen(Transport::Tls, base::SocketAddress::parse("127.0.0.1:0").value()).value();
  boost::asio::ip::tcp::socket silent(loop.context());
  silent.connect({boost::asio::ip::make_address("127.0.0.1"), address.port});
  ASSERT_TRUE(until([&hurried] { return hurried.statistics().connections == 1; }));
  EXPECT_TRUE(until([&hurried] { return hurried.statistics().connections == 0; }));
}

TEST_F(SipTransportsTls, takes_no_sip_without_tls) {
  start(serving("pbx", "DNS:pbx.example"));
  RecordingUser user;
  SipTransports plain(loop);
  plain.set_user(&user);
  plain.send({Transport::Tcp, {}, server_address, {}}, sample_message("plain"));
  ASSERT_TRUE(until([&user] { return !user.failed.empty(); }));
  EXPECT_TRUE(server_user.received.empty());
  EXPECT_EQ(server.statistics().connections, 0U);
}

TEST_F(SipTransportsTls, reaches_an_alias_that_the_certificate_proves_and_no_other) {
  TlsSettings settings = serving("pbx", "DNS:pbx.example");
  settings.client_certificates = ClientCertificates::Optional;
  settings.client_ca_file = authority.file();
  start(settings);
  TlsSettings own = trusting();
  own.certificates.push_back(certificate("edge", "DNS:edge.example"));
  Client with(loop, own);
  Client without(loop, trusting());
  std::string message = sample_message("alias");
  const std::string via = "SIP/2.0/TCP 127.0.0.1;";
  message.replace(message.find(via), via.size(), "SIP/2.0/TLS edge.example:5061;alias;");
  const auto alias = base::SocketAddress::parse("127.0.0.1:5061").value();
  std::size_t heard = 0;
  for (Client* const client : {&without, &with}) {
    client->transports.send({Transport::Tls, {}, server_address, client->transports.connect(Transport::Tls, server_address, "pbx.example")}, message);
    ASSERT_TRUE(until([&] { return server_user.received.size() == heard + 1; }));
    const auto reached = server.connect(Transport::Tls, alias, "edge.example");
    EXPECT_EQ(reached == server_user.received[heard].flow.connection, client == &with);
    EXPECT_NE(server.connect(Transport::Tls, alias, "other.example"), server_user.received[heard].flow.connection);
    ++heard;
  }
}

TEST_F(SipTransportsTls, carries_secure_websockets) {
  start(serving("pbx", "DNS:pbx.example"), "127.0.0.1:0", Transport::Wss);
  server_user.react = [this](const sip::Flow& flow, std::string_view) { server.send(flow, sample_message("answer")); };
  Client client(loop, trusting());
  say(client.transports, "pbx.example", "question", Transport::Wss);
  ASSERT_TRUE(until([&client] { return client.user.received.size() == 1; }));
  EXPECT_EQ(server_user.received[0].flow.transport, Transport::Wss);
}

}  // namespace
}  // namespace callwright::net
