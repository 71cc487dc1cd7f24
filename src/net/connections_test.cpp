#include "net/endpoint.hpp"
#include "net/recording_user.hpp"
#include "net/sip_transports.hpp"

#include <boost/asio/buffer.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/write.hpp>

#include <gtest/gtest.h>

#include <array>
#include <chrono>
#include <functional>
#include <memory>
#include <string>
#include <vector>

namespace callwright::net {
namespace {

using namespace std::chrono_literals;
using boost::asio::ip::tcp;
using sip::Transport;

constexpr base::Duration kGuard = 20s;

base::SocketAddress loopback() { return base::SocketAddress::parse("127.0.0.1:0").value(); }

/// A plain socket that the test writes to and reads from without blocking.
class RawPeer {
 public:
  RawPeer(EngineLoop& loop, const base::SocketAddress& server) : socket_(loop.context()) {
    socket_.connect(to_endpoint<tcp>(server));
    socket_.non_blocking(true);
  }
  void write(std::string_view bytes) { boost::asio::write(socket_, boost::asio::buffer(bytes)); }
  /// Writes what the socket takes now; a connection that is gone takes nothing.
  void offer(std::string_view bytes) {
    boost::system::error_code ignored;
    (void)socket_.write_some(boost::asio::buffer(bytes), ignored);
  }

  /// Takes what has arrived; true once the other side has closed.
  bool closed() {
    std::array<char, 4096> block{};
    boost::system::error_code failure;
    for (;;) {
      const std::size_t size = socket_.read_some(boost::asio::buffer(block), failure);
      if (failure) {
        return failure != boost::asio::error::would_block;
      }
      received_.append(block.data(), size);
    }
  }
  const std::string& received() {
    (void)closed();
    return received_;
  }
  [[nodiscard]] base::SocketAddress local() const { return from_endpoint(socket_.local_endpoint()); }

 private:
  tcp::socket socket_;
  std::string received_;
};

class SipTransportsTcp : public testing::Test {
 protected:
  void start(const StreamLimits& limits = {}) {
    server = std::make_unique<SipTransports>(loop, limits);
    server->set_user(&server_user);
    server_address = server->listen(Transport::Tcp, loopback()).value();
  }
  bool until(const std::function<bool()>& done) {
    // Raw peers are looked at, not waited for: a short timer keeps the loop turning.
    struct Ticker {
      explicit Ticker(EngineLoop& owner) : timer(owner.timers(), base::Callback::to<&Ticker::tick>(*this)) { tick(); }
      void tick() { timer.start(1ms); }
      base::Timer timer;
    } ticker(loop);
    return loop.run_until(done, kGuard);
  }
  [[nodiscard]] sip::Flow to_server() const { return {Transport::Tcp, {}, server_address, {}}; }

  EngineLoop loop;
  RecordingUser server_user;
  std::unique_ptr<SipTransports> server;
  base::SocketAddress server_address;
};

TEST_F(SipTransportsTcp, assembles_a_message_that_arrives_byte_by_byte) {
  start();
  RawPeer peer(loop, server_address);
  const std::string message = sample_message("one", 20);
  for (const char byte : message) {
    peer.write({&byte, 1});
    // Let the server read each byte alone.
    (void)loop.run_until([passes = 0]() mutable { return ++passes > 2; }, 1ms);
  }
  ASSERT_TRUE(until([this] { return !server_user.received.empty(); }));
  EXPECT_EQ(server_user.received[0].bytes, message);
  EXPECT_EQ(server_user.received[0].flow.remote, peer.local());
  EXPECT_EQ(server_user.received[0].flow.local, server_address);
  EXPECT_TRUE(server_user.received[0].flow.connection);
}

TEST_F(SipTransportsTcp, cuts_two_messages_out_of_one_segment) {
  start();
  RawPeer peer(loop, server_address);
  peer.write(sample_message("one", 3) + "\r\n" + sample_message("two"));
  ASSERT_TRUE(until([this] { return server_user.received.size() == 2; }));
  EXPECT_EQ(server_user.received[0].bytes, sample_message("one", 3));
  EXPECT_EQ(server_user.received[1].bytes, sample_message("two"));
}

TEST_F(SipTransportsTcp, answers_a_ping_with_one_line_end) {
  start();
  RawPeer peer(loop, server_address);
  peer.write("\r\n\r\n");
  ASSERT_TRUE(until([&peer] { return peer.received() == "\r\n"; }));
  peer.write(sample_message("after"));
  ASSERT_TRUE(until([this] { return !server_user.received.empty(); }));
  EXPECT_EQ(server_user.received[0].bytes, sample_message("after"));
}

TEST_F(SipTransportsTcp, tells_the_answer_to_a_ping_of_ours) {
  start();
  RecordingUser user;
  SipTransports client(loop);
  client.set_user(&user);
  const sip::Flow flow{Transport::Tcp, {}, server_address, client.connect(Transport::Tcp, server_address, {})};
  client.send(flow, "\r\n\r\n");
  ASSERT_TRUE(until([&user] { return !user.received.empty(); }));
  EXPECT_EQ(user.received[0].bytes, "\r\n");
  EXPECT_EQ(user.received[0].flow.connection, flow.connection);
  EXPECT_TRUE(server_user.received.empty());
}

TEST_F(SipTransportsTcp, tells_a_pong_from_a_ping_and_from_what_follows) {
  start();
  RawPeer peer(loop, server_address);
  peer.write(sample_message("one") + "\r\n");
  ASSERT_TRUE(until([this] { return server_user.received.size() == 1; }));
  server->send(server_user.received[0].flow, "\r\n\r\n");
  ASSERT_TRUE(until([&peer] { return peer.received() == "\r\n\r\n"; }));
  // The line end before was nobody's answer; the peer's own ping and its pong come together with a message.
  peer.write("\r\n\r\n\r\n" + sample_message("two"));
  ASSERT_TRUE(until([this] { return server_user.received.size() >= 2 && server_user.received.back().bytes == sample_message("two"); }));
  EXPECT_LE(server_user.received.size(), 3U);
  ASSERT_TRUE(until([&peer] { return peer.received() == "\r\n\r\n\r\n"; })) << "its ping is answered once";
}

TEST_F(SipTransportsTcp, gives_a_connection_up_and_makes_a_new_one) {
  start();
  RecordingUser user;
  SipTransports client(loop);
  client.set_user(&user);
  const auto former = client.connect(Transport::Tcp, server_address, {});
  client.send({Transport::Tcp, {}, server_address, former}, sample_message("one"));
  ASSERT_TRUE(until([this] { return server_user.received.size() == 1; }));
  client.disconnect(former);
  EXPECT_TRUE(user.failed.empty()) << "not from within the call";
  ASSERT_TRUE(until([&user] { return !user.failed.empty(); }));
  EXPECT_EQ(user.failed[0].flow.connection, former);
  const auto next = client.connect(Transport::Tcp, server_address, {});
  EXPECT_NE(next, former);
  client.send({Transport::Tcp, {}, server_address, next}, sample_message("two"));
  EXPECT_TRUE(until([this] { return server_user.received.size() == 2; }));
}

TEST_F(SipTransportsTcp, closes_when_a_message_has_no_length) {
  start();
  RawPeer peer(loop, server_address);
  peer.write("OPTIONS sip:b@127.0.0.1 SIP/2.0\r\nCall-ID: 1\r\n\r\n");
  ASSERT_TRUE(until([&peer] { return peer.closed(); }));
  EXPECT_EQ(server_user.failed.size(), 1U);
  EXPECT_EQ(server->statistics().connections, 0U);
}

TEST_F(SipTransportsTcp, closes_when_headers_do_not_end) {
  start();
  RawPeer peer(loop, server_address);
  peer.write("OPTIONS sip:b@127.0.0.1 SIP/2.0\r\nSubject: ");
  ASSERT_TRUE(until([this, &peer] {
    peer.offer(std::string(1000, 'x'));
    return server->statistics().connections == 0 && !server_user.failed.empty();
  }));
  EXPECT_TRUE(server_user.received.empty());
}

TEST_F(SipTransportsTcp, closes_when_the_announced_body_is_too_long) {
  start();
  RawPeer peer(loop, server_address);
  peer.write("OPTIONS sip:b@127.0.0.1 SIP/2.0\r\nContent-Length: 70000\r\n\r\n");
  EXPECT_TRUE(until([&peer] { return peer.closed(); }));
}

TEST_F(SipTransportsTcp, closes_when_a_message_trickles_for_too_long) {
  StreamLimits limits;
  limits.message_timeout = 30ms;
  start(limits);
  RawPeer peer(loop, server_address);
  peer.write("OPTIONS sip:b@");
  EXPECT_TRUE(until([&peer] { return peer.closed(); }));
}

TEST_F(SipTransportsTcp, closes_an_idle_connection_and_reports_that) {
  StreamLimits limits;
  limits.idle_timeout = 30ms;
  start(limits);
  RawPeer peer(loop, server_address);
  EXPECT_TRUE(until([&peer] { return peer.closed(); }));
  ASSERT_EQ(server_user.failed.size(), 1U) << "what was registered over it cannot be reached";
  EXPECT_EQ(server_user.failed[0].flow.remote, peer.local());
}

TEST_F(SipTransportsTcp, answers_over_the_connection_that_the_request_came_in_on) {
  start();
  server_user.react = [this](const sip::Flow& flow, std::string_view) { server->send({Transport::Tcp, {}, flow.remote, {}}, sample_message("answer")); };
  RawPeer peer(loop, server_address);
  peer.write(sample_message("question"));
  EXPECT_TRUE(until([&peer] { return peer.received() == sample_message("answer"); }));
  EXPECT_EQ(server->statistics().connections, 1U);
}

/// A request whose Via names this host, with the parameter by which its sender asks to be reached over the same connection (RFC 5923).
std::string aliasing_message(const std::string& sent_by) {
  std::string text = sample_message("alias");
  const std::string via = "SIP/2.0/TCP 127.0.0.1;";
  return text.replace(text.find(via), via.size(), "SIP/2.0/TCP " + sent_by + ";alias;");
}

TEST_F(SipTransportsTcp, reaches_an_alias_over_the_connection_that_asked_for_it) {
  start();
  RawPeer peer(loop, server_address);
  peer.write(aliasing_message("127.0.0.1:7000"));
  ASSERT_TRUE(until([this] { return !server_user.received.empty(); }));
  const auto alias = base::SocketAddress::parse("127.0.0.1:7000").value();
  EXPECT_EQ(server->connect(Transport::Tcp, alias, ""), server_user.received[0].flow.connection);
  server->send({Transport::Tcp, {}, alias, {}}, sample_message("to the alias"));
  EXPECT_TRUE(until([&peer] { return peer.received() == sample_message("to the alias"); }));
}

TEST_F(SipTransportsTcp, takes_no_alias_for_another_host) {
  start();
  RawPeer peer(loop, server_address);
  peer.write(aliasing_message("127.0.0.2:7000"));
  ASSERT_TRUE(until([this] { return !server_user.received.empty(); }));
  for (const char* const other : {"127.0.0.2:7000", "127.0.0.1:7000"}) {
    EXPECT_NE(server->connect(Transport::Tcp, base::SocketAddress::parse(other).value(), ""), server_user.received[0].flow.connection) << other;
  }
}

TEST_F(SipTransportsTcp, forgets_an_alias_with_its_connection) {
  start();
  {
    RawPeer peer(loop, server_address);
    peer.write(aliasing_message("127.0.0.1:7000"));
    ASSERT_TRUE(until([this] { return !server_user.received.empty(); }));
  }
  ASSERT_TRUE(until([this] { return server->statistics().connections == 0; }));
  const auto next = server->connect(Transport::Tcp, base::SocketAddress::parse("127.0.0.1:7000").value(), "");
  EXPECT_TRUE(next);
  EXPECT_NE(next, server_user.received[0].flow.connection);
}

TEST_F(SipTransportsTcp, sends_all_messages_to_one_remote_over_one_connection_in_order) {
  start();
  RecordingUser user;
  SipTransports client(loop);
  client.set_user(&user);
  for (int number = 0; number < 100; ++number) {
    client.send(to_server(), sample_message(std::to_string(number)));
  }
  ASSERT_TRUE(until([this] { return server_user.received.size() == 100; }));
  for (std::size_t number = 0; number < 100; ++number) {
    EXPECT_EQ(server_user.received[number].bytes, sample_message(std::to_string(number)));
    EXPECT_EQ(server_user.received[number].flow, server_user.received[0].flow);
  }
  EXPECT_EQ(server->statistics().connections, 1U);
}

TEST_F(SipTransportsTcp, makes_a_new_connection_when_the_named_one_is_gone) {
  start();
  RecordingUser user;
  SipTransports client(loop);
  client.set_user(&user);
  sip::Flow gone = to_server();
  gone.connection = sip::ConnectionId{12345};
  client.send(gone, sample_message("again"));
  EXPECT_TRUE(until([this] { return server_user.received.size() == 1; }));
}

TEST_F(SipTransportsTcp, reports_a_refused_connection_after_send_has_returned) {
  start();
  const auto nobody = server_address;
  server.reset();
  RecordingUser user;
  SipTransports client(loop);
  client.set_user(&user);
  client.send({Transport::Tcp, {}, nobody, {}}, sample_message("lost"));
  EXPECT_TRUE(user.failed.empty());
  ASSERT_TRUE(until([&user] { return !user.failed.empty(); }));
  EXPECT_EQ(user.failed[0].flow.remote, nobody);
  EXPECT_EQ(user.failed[0].flow.transport, Transport::Tcp);
  EXPECT_EQ(client.statistics().connections, 0U);
}

TEST_F(SipTransportsTcp, reports_a_connection_that_the_peer_closes) {
  start();
  {
    RawPeer peer(loop, server_address);
    peer.write(sample_message("one"));
    ASSERT_TRUE(until([this] { return !server_user.received.empty(); }));
  }
  ASSERT_TRUE(until([this] { return !server_user.failed.empty(); }));
  EXPECT_EQ(server_user.failed[0].flow, server_user.received[0].flow);
}

TEST_F(SipTransportsTcp, refuses_connections_over_the_limit_of_one_source) {
  StreamLimits limits;
  limits.max_per_source = 2;
  start(limits);
  RawPeer first(loop, server_address);
  RawPeer second(loop, server_address);
  ASSERT_TRUE(until([this] { return server->statistics().connections == 2; }));
  RawPeer third(loop, server_address);
  ASSERT_TRUE(until([&third] { return third.closed(); }));
  EXPECT_EQ(server->statistics().connections_refused, 1U);
  EXPECT_FALSE(first.closed());
}

TEST_F(SipTransportsTcp, frees_the_place_of_a_connection_that_ended) {
  StreamLimits limits;
  limits.max_connections = 1;
  start(limits);
  for (int round = 0; round < 50; ++round) {
    RawPeer peer(loop, server_address);
    peer.write(sample_message("one"));
    const auto wanted = static_cast<std::size_t>(round) + 1;
    ASSERT_TRUE(until([this, wanted] { return server_user.received.size() == wanted; })) << round;
    server_user.failed.clear();
    // Leaving the scope closes the peer; the next round needs its place.
    { const RawPeer moved = std::move(peer); }
    ASSERT_TRUE(until([this] { return server->statistics().connections == 0; })) << round;
  }
  EXPECT_EQ(server->statistics().connections_refused, 0U);
}

TEST_F(SipTransportsTcp, reports_a_message_that_would_need_one_connection_too_many) {
  start();
  StreamLimits limits;
  limits.max_connections = 0;
  RecordingUser user;
  SipTransports client(loop, limits);
  client.set_user(&user);
  client.send(to_server(), sample_message("one"));
  EXPECT_TRUE(user.failed.empty());
  ASSERT_TRUE(until([&user] { return !user.failed.empty(); }));
  EXPECT_EQ(user.failed[0].error.code, base::make_error_code(base::Errc::LimitReached));
}

TEST_F(SipTransportsTcp, closes_a_connection_whose_peer_does_not_read) {
  StreamLimits limits;
  limits.max_queued_bytes = 64 * 1024;
  start(limits);
  RawPeer peer(loop, server_address);
  peer.write(sample_message("one"));
  ASSERT_TRUE(until([this] { return !server_user.received.empty(); }));
  const sip::Flow flow = server_user.received[0].flow;
  ASSERT_TRUE(until([this, &flow] {
    server->send(flow, sample_message("flood", 30'000));
    return !server_user.failed.empty();
  }));
  EXPECT_EQ(server_user.failed[0].error.code, base::make_error_code(base::Errc::LimitReached));
}

}  // namespace
}  // namespace callwright::net
