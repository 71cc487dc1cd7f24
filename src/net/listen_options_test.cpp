#include "net/recording_user.hpp"
#include "net/sip_transports.hpp"
#include "sip/stun.hpp"

#include <boost/asio/buffer.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/ip/udp.hpp>
#include <boost/asio/write.hpp>

#include <gtest/gtest.h>

#include <netinet/in.h>
#include <netinet/ip.h>
#include <sys/socket.h>

#include <array>
#include <chrono>
#include <optional>
#include <string>

namespace callwright::net {
namespace {

using namespace std::literals;
using boost::asio::ip::udp;
using sip::Transport;

constexpr base::Duration kGuard = 20s;

base::SocketAddress address(const std::string& text) { return base::SocketAddress::parse(text).value(); }
base::IpAddress ip(const std::string& text) { return base::IpAddress::parse(text).value(); }

/// A UDP socket of the test's own.
class RawSocket {
 public:
  explicit RawSocket(EngineLoop& loop) : socket_(loop.context(), udp::endpoint(boost::asio::ip::make_address("127.0.0.1"), 0)) { socket_.non_blocking(true); }

  void send(const base::SocketAddress& to, std::string_view bytes) {
    socket_.send_to(boost::asio::buffer(bytes), {boost::asio::ip::make_address(to.ip.to_string()), to.port});
  }
  /// "" when nothing has come.
  std::string receive() {
    std::array<char, 2000> block{};
    udp::endpoint from;
    boost::system::error_code failure;
    const std::size_t size = socket_.receive_from(boost::asio::buffer(block), from, 0, failure);
    return {block.data(), size};
  }
  [[nodiscard]] base::SocketAddress local() const { return address("127.0.0.1:" + std::to_string(socket_.local_endpoint().port())); }
  udp::socket& socket() { return socket_; }

 private:
  udp::socket socket_;
};

class ListenerOptions : public testing::Test {
 protected:
  bool until(const std::function<bool()>& done) {
    struct Ticker {
      explicit Ticker(EngineLoop& owner) : timer(owner.timers(), base::Callback::to<&Ticker::tick>(*this)) { tick(); }
      void tick() { timer.start(1ms); }
      base::Timer timer;
    } ticker(loop);
    return loop.run_until(done, kGuard);
  }

  EngineLoop loop;
  RecordingUser user;
};

TEST_F(ListenerOptions, advertise_an_address_to_the_internet_only) {
  SipTransports transports(loop);
  const auto bound = transports.listen(Transport::Udp, address("0.0.0.0:0"), {.advertised = ip("203.0.113.7"), .dscp = 0}).value();
  for (const char* const near : {"127.0.0.1:5060", "10.1.2.3:5060", "172.31.0.1:5060", "192.168.1.1:5060", "100.64.0.1:5060", "169.254.1.1:5060"}) {
    const auto told = transports.local_address(Transport::Udp, address(near));
    EXPECT_TRUE(!told || told->ip != ip("203.0.113.7")) << near;
  }
  for (const char* const far : {"198.51.100.1:5060", "172.32.0.1:5060", "203.0.113.7:5060"}) {
    EXPECT_EQ(transports.local_address(Transport::Udp, address(far)), (base::SocketAddress{ip("203.0.113.7"), bound.port})) << far;
  }
}

TEST_F(ListenerOptions, know_what_comes_to_them) {
  SipTransports transports(loop);
  EXPECT_FALSE(transports.is_local(address("127.0.0.1:0")));
  const std::uint16_t port = transports.listen(Transport::Udp, address("0.0.0.0:0"), {.advertised = ip("203.0.113.7"), .dscp = 0}).value().port;
  const std::uint16_t stream_port = transports.listen(Transport::Tcp, address("[::1]:0")).value().port;
  const auto other = static_cast<std::uint16_t>(port == 5060 ? 5062 : 5060);
  EXPECT_TRUE(transports.is_local({ip("127.0.0.1"), port}));
  EXPECT_TRUE(transports.is_local({ip("127.0.0.1"), 0}));
  EXPECT_TRUE(transports.is_local({ip("203.0.113.7"), port}));
  EXPECT_TRUE(transports.is_local({ip("::1"), stream_port}));
  EXPECT_FALSE(transports.is_local({ip("127.0.0.1"), other}));
  EXPECT_FALSE(transports.is_local({ip("::1"), static_cast<std::uint16_t>(stream_port ^ 1)}));
  EXPECT_FALSE(transports.is_local({ip("198.51.100.1"), port}));
}

TEST_F(ListenerOptions, a_stream_without_listener_is_named_by_another) {
  SipTransports transports(loop);
  EXPECT_FALSE(transports.local_address(Transport::Tls, address("127.0.0.1:5061")));
  const auto udp_address = transports.listen(Transport::Udp, address("127.0.0.1:0")).value();
  EXPECT_EQ(transports.local_address(Transport::Tls, address("127.0.0.1:5061")), udp_address);
  EXPECT_FALSE(transports.local_address(Transport::Tcp, address("127.0.0.1:5060")));
  const auto ws_address = transports.listen(Transport::Ws, address("127.0.0.1:0")).value();
  EXPECT_EQ(transports.local_address(Transport::Ws, address("127.0.0.1:80")), ws_address);
}

/// The DSCP that a datagram came with.
int dscp_of_next(udp::socket& socket) {
  std::array<char, 100> block{};
  std::array<char, 100> control{};
  iovec part{block.data(), block.size()};
  msghdr message{};
  message.msg_iov = &part;
  message.msg_iovlen = 1;
  message.msg_control = control.data();
  message.msg_controllen = control.size();
  if (::recvmsg(socket.native_handle(), &message, MSG_DONTWAIT) < 0) {
    return -1;
  }
  for (cmsghdr* header = CMSG_FIRSTHDR(&message); header != nullptr; header = CMSG_NXTHDR(&message, header)) {
    if (header->cmsg_level == IPPROTO_IP && header->cmsg_type == IP_TOS) {
      return *reinterpret_cast<const unsigned char*>(CMSG_DATA(header)) >> 2;
    }
  }
  return 0;
}

TEST_F(ListenerOptions, mark_datagrams_for_routers) {
  SipTransports transports(loop);
  const auto marked = transports.listen(Transport::Udp, address("127.0.0.1:0"), {.advertised = {}, .dscp = 24}).value();
  const auto plain = transports.listen(Transport::Udp, address("127.0.0.1:0")).value();
  RawSocket peer(loop);
  const int on = 1;
  ASSERT_EQ(::setsockopt(peer.socket().native_handle(), IPPROTO_IP, IP_RECVTOS, &on, sizeof on), 0);
  for (const auto& [from, dscp] : {std::pair{marked, 24}, std::pair{plain, 0}}) {
    transports.send({Transport::Udp, from, peer.local(), {}}, "marked?");
    int seen = -1;
    ASSERT_TRUE(until([&] { return (seen = dscp_of_next(peer.socket())) >= 0; }));
    EXPECT_EQ(seen, dscp);
  }
}

TEST_F(ListenerOptions, stream_listeners_work_over_ipv6_beside_ipv4) {
  std::optional<SipTransports> server;
  base::SocketAddress six;
  // A port that is free for IPv6 may be somebody's for IPv4: then it is another one's turn.
  for (int attempt = 0; attempt < 100; ++attempt) {
    server.emplace(loop);
    six = server->listen(Transport::Tcp, address("[::]:0")).value();
    const auto four = server->listen(Transport::Tcp, {ip("0.0.0.0"), six.port});
    if (four) {
      break;
    }
    ASSERT_EQ(four.error().code, boost::asio::error::address_in_use) << four.error().detail;
    server.reset();
  }
  ASSERT_TRUE(server.has_value());
  server->set_user(&user);
  SipTransports client(loop);
  client.send({Transport::Tcp, {}, {ip("::1"), six.port}, {}}, sample_message("six"));
  client.send({Transport::Tcp, {}, {ip("127.0.0.1"), six.port}, {}}, sample_message("four"));
  ASSERT_TRUE(until([this] { return user.received.size() == 2; }));
  EXPECT_EQ(server->local_address(Transport::Tcp, address("[::1]:5060")), (base::SocketAddress{ip("::1"), six.port}));
}

TEST_F(ListenerOptions, stun_keep_alives_are_answered_on_the_sip_port) {
  SipTransports server(loop);
  server.set_user(&user);
  const auto listening = server.listen(Transport::Udp, address("127.0.0.1:0")).value();
  RawSocket peer(loop);
  peer.send(listening, "\x00\x01\x00\x00\x21\x12\xa4\x42transaction!"sv);
  std::string answer;
  ASSERT_TRUE(until([&] { return !(answer = peer.receive()).empty(); }));
  EXPECT_EQ(answer.substr(0, 8), "\x01\x01\x00\x0c\x21\x12\xa4\x42"s);
  EXPECT_EQ(answer.substr(8, 12), "transaction!");
  EXPECT_TRUE(user.received.empty());
}

TEST_F(ListenerOptions, answers_to_stun_keep_alives_of_ours_are_told) {
  SipTransports server(loop);
  SipTransports client(loop);
  client.set_user(&user);
  const auto listening = server.listen(Transport::Udp, address("127.0.0.1:0")).value();
  const auto own = client.listen(Transport::Udp, address("127.0.0.1:0")).value();
  const sip::StunTransaction transaction{'t', 'r', 'a', 'n', 's'};
  client.send({Transport::Udp, {}, listening, {}}, sip::make_stun_keep_alive(transaction));
  ASSERT_TRUE(until([this] { return !user.received.empty(); }));
  EXPECT_EQ(user.received[0].flow.remote, listening);
  const auto answer = sip::read_stun_answer(user.received[0].bytes);
  ASSERT_TRUE(answer.has_value());
  EXPECT_EQ(answer->transaction, transaction);
  EXPECT_EQ(answer->mapped, own);
}

TEST_F(ListenerOptions, a_datagram_over_the_limit_is_dropped) {
  StreamLimits limits;
  limits.max_message_bytes = 1000;
  SipTransports server(loop, limits);
  server.set_user(&user);
  const auto listening = server.listen(Transport::Udp, address("127.0.0.1:0")).value();
  RawSocket peer(loop);
  peer.send(listening, std::string(1001, 'x'));
  peer.send(listening, std::string(1000, 'y'));
  ASSERT_TRUE(until([this] { return !user.received.empty(); }));
  EXPECT_EQ(user.received[0].bytes, std::string(1000, 'y'));
}

TEST_F(ListenerOptions, a_banned_source_is_heard_on_no_transport) {
  SourceLimits sources;
  sources.limit_loopback = true;
  sources.burst = 5;
  sources.requests_per_second = 0.001;
  sources.ban = 1h;
  SipTransports server(loop, {}, sources);
  server.set_user(&user);
  const auto listening = server.listen_on_both(address("127.0.0.1:0")).value();
  RawSocket peer(loop);
  for (int number = 0; number < 10; ++number) {
    peer.send(listening, sample_message(std::to_string(number)));
  }
  ASSERT_TRUE(until([&server] { return server.statistics().requests_refused == 5; }));
  EXPECT_EQ(user.received.size(), 5U);

  SipTransports client(loop);
  RecordingUser client_user;
  client.set_user(&client_user);
  client.send({Transport::Tcp, {}, listening, {}}, sample_message("tcp"));
  ASSERT_TRUE(until([&client_user] { return !client_user.failed.empty(); }));
  EXPECT_EQ(server.statistics().connections_refused, 1U);
  EXPECT_EQ(user.received.size(), 5U);
}

TEST_F(ListenerOptions, a_flood_over_a_connection_closes_it) {
  SourceLimits sources;
  sources.limit_loopback = true;
  sources.burst = 5;
  sources.requests_per_second = 0.001;
  SipTransports server(loop, {}, sources);
  server.set_user(&user);
  const auto listening = server.listen(Transport::Tcp, address("127.0.0.1:0")).value();
  SipTransports client(loop);
  RecordingUser client_user;
  client.set_user(&client_user);
  for (int number = 0; number < 10; ++number) {
    client.send({Transport::Tcp, {}, listening, {}}, sample_message(std::to_string(number)));
  }
  ASSERT_TRUE(until([&client_user] { return !client_user.failed.empty(); }));
  EXPECT_EQ(user.received.size(), 5U);
  EXPECT_EQ(server.statistics().connections, 0U);
  EXPECT_EQ(user.failed.size(), 1U);
}

}  // namespace
}  // namespace callwright::net
