#include "net/endpoint.hpp"
#include "net/recording_user.hpp"
#include "net/sip_transports.hpp"

#include <boost/asio/buffer.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/write.hpp>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <array>
#include <chrono>
#include <functional>
#include <memory>
#include <string>

namespace callwright::net {
namespace {

using namespace std::literals;
using boost::asio::ip::tcp;
using sip::Transport;
using testing::HasSubstr;
using testing::StartsWith;

constexpr base::Duration kGuard = 20s;

/// A WebSocket client of bytes, so that the test says what goes over the wire.
class RawPeer {
 public:
  RawPeer(EngineLoop& loop, const base::SocketAddress& server) : socket_(loop.context()) {
    socket_.connect(to_endpoint<tcp>(server));
    socket_.non_blocking(true);
  }
  void write(std::string_view bytes) { boost::asio::write(socket_, boost::asio::buffer(bytes)); }
  void upgrade(const std::string& headers = "Sec-WebSocket-Protocol: sip\r\n", const std::string& host = "sip.example") {
    write("GET /any HTTP/1.1\r\nHost: " + host +
          "\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n" + headers + "\r\n");
  }
  /// One unfragmented frame, masked with zeros. `first` is 0x81 for text, 0x82 for binary, 0x8a for a pong.
  void frame(std::uint8_t first, std::string_view payload) {
    std::string bytes(1, static_cast<char>(first));
    if (payload.size() < 126) {
      bytes.push_back(static_cast<char>(0x80 | payload.size()));
    } else {
      bytes.push_back(static_cast<char>(0x80 | 126));
      bytes.push_back(static_cast<char>(payload.size() >> 8));
      bytes.push_back(static_cast<char>(payload.size() & 0xff));
    }
    write(bytes.append(4, '\0').append(payload));
  }
  bool closed() {
    std::array<char, 4096> block{};
    boost::system::error_code failure;
    for (;;) {
      const std::size_t size = socket_.read_some(boost::asio::buffer(block), failure);
      if (failure) {
        was_reset_ |= failure == boost::asio::error::connection_reset;
        return failure != boost::asio::error::would_block;
      }
      received_.append(block.data(), size);
    }
  }
  const std::string& received() {
    (void)closed();
    return received_;
  }
  [[nodiscard]] bool was_reset() const { return was_reset_; }

 private:
  tcp::socket socket_;
  std::string received_;
  bool was_reset_ = false;
};

class SipWebSockets : public testing::Test {
 protected:
  void start(const StreamLimits& limits = {}) {
    server = std::make_unique<SipTransports>(loop, limits);
    server->set_user(&server_user);
    server->allow_origins({"https://phone.example"});
    server_address = server->listen(Transport::Ws, base::SocketAddress::parse("127.0.0.1:0").value()).value();
  }
  bool until(const std::function<bool()>& done) {
    struct Ticker {
      explicit Ticker(EngineLoop& owner) : timer(owner.timers(), base::Callback::to<&Ticker::tick>(*this)) { tick(); }
      void tick() { timer.start(1ms); }
      base::Timer timer;
    } ticker(loop);
    return loop.run_until(done, kGuard);
  }
  /// What the server says to this handshake.
  std::string answer_to(const std::string& headers, const std::string& host = "sip.example") {
    RawPeer peer(loop, server_address);
    peer.upgrade(headers, host);
    EXPECT_TRUE(until([&peer] { return peer.received().find("\r\n\r\n") != std::string::npos; }));
    return peer.received();
  }
  void open(RawPeer& peer) {
    peer.upgrade();
    ASSERT_TRUE(until([&peer] { return peer.received().find("\r\n\r\n") != std::string::npos; }));
  }

  EngineLoop loop;
  RecordingUser server_user;
  std::unique_ptr<SipTransports> server;
  base::SocketAddress server_address;
};

TEST_F(SipWebSockets, takes_a_handshake_for_the_sub_protocol_sip) {
  start();
  const std::string answer = answer_to("Sec-WebSocket-Protocol: chat, SIP\r\n");
  EXPECT_THAT(answer, StartsWith("HTTP/1.1 101 "));
  EXPECT_THAT(answer, HasSubstr("\r\nSec-WebSocket-Protocol: sip\r\n"));
  EXPECT_THAT(answer, HasSubstr("s3pPLMBiTxaQ9kYGzzhZRbK+xOo="));
}

TEST_F(SipWebSockets, refuses_a_handshake_without_it) {
  start();
  EXPECT_THAT(answer_to(""), StartsWith("HTTP/1.1 400 "));
  EXPECT_THAT(answer_to("Sec-WebSocket-Protocol: sips\r\n"), StartsWith("HTTP/1.1 400 "));
  EXPECT_TRUE(until([this] { return server->statistics().connections == 0; }));
}

TEST_F(SipWebSockets, tells_a_browser_what_it_is) {
  start();
  RawPeer peer(loop, server_address);
  peer.write("GET / HTTP/1.1\r\nHost: sip.example\r\n\r\n");
  ASSERT_TRUE(until([&peer] { return peer.closed(); }));
  EXPECT_THAT(peer.received(), StartsWith("HTTP/1.1 426 "));
}

TEST_F(SipWebSockets, takes_pages_of_the_same_host_and_of_allowed_origins_only) {
  start();
  const std::string sip = "Sec-WebSocket-Protocol: sip\r\n";
  const std::string own = server_address.to_string();
  EXPECT_THAT(answer_to(sip + "Origin: https://phone.example\r\n"), StartsWith("HTTP/1.1 101 "));
  EXPECT_THAT(answer_to(sip + "Origin: http://" + own + "\r\n", own), StartsWith("HTTP/1.1 101 "));
  EXPECT_THAT(answer_to(sip + "Origin: https://evil.example\r\n"), StartsWith("HTTP/1.1 403 "));
  EXPECT_THAT(answer_to(sip + "Origin: https://phone.example\r\nOrigin: https://evil.example\r\n"), StartsWith("HTTP/1.1 403 "));
}

TEST_F(SipWebSockets, carries_one_message_a_frame_text_or_binary) {
  start();
  server_user.react = [this](const sip::Flow& flow, std::string_view) { server->send(flow, "SIP/2.0 200 OK\r\n\r\n"); };
  RawPeer peer(loop, server_address);
  open(peer);
  const std::size_t handshake = peer.received().size();
  peer.frame(0x81, sample_message("text"));
  peer.frame(0x82, sample_message("binary"));
  ASSERT_TRUE(until([&] { return peer.received().size() == handshake + 2 * (2 + 18); }));
  ASSERT_EQ(server_user.received.size(), 2U);
  EXPECT_EQ(server_user.received[0].bytes, sample_message("text"));
  EXPECT_EQ(server_user.received[1].bytes, sample_message("binary"));
  EXPECT_EQ(server_user.received[0].flow.transport, Transport::Ws);
  EXPECT_TRUE(server_user.received[0].flow.connection);
  EXPECT_EQ(peer.received().substr(handshake, 20), "\x81\x12SIP/2.0 200 OK\r\n\r\n");
}

TEST_F(SipWebSockets, sends_what_is_no_utf8_as_binary) {
  start();
  server_user.react = [this](const sip::Flow& flow, std::string_view) { server->send(flow, "M\xfcller"); };
  RawPeer peer(loop, server_address);
  open(peer);
  const std::size_t handshake = peer.received().size();
  peer.frame(0x81, sample_message("one"));
  ASSERT_TRUE(until([&] { return peer.received().size() == handshake + 8; }));
  EXPECT_EQ(peer.received().substr(handshake), "\x82\x06M\xfcller");
}

TEST_F(SipWebSockets, answers_a_line_end_ping) {
  start();
  RawPeer peer(loop, server_address);
  open(peer);
  const std::size_t handshake = peer.received().size();
  peer.frame(0x81, "\r\n\r\n");
  ASSERT_TRUE(until([&] { return peer.received().size() == handshake + 4; }));
  EXPECT_EQ(peer.received().substr(handshake), "\x81\x02\r\n"s);
  EXPECT_TRUE(server_user.received.empty());
}

TEST_F(SipWebSockets, closes_when_a_message_is_too_long) {
  StreamLimits limits;
  limits.max_message_bytes = 2000;
  start(limits);
  RawPeer peer(loop, server_address);
  open(peer);
  peer.frame(0x81, sample_message("long", 2000));
  EXPECT_TRUE(until([&] { return peer.closed() && server->statistics().connections == 0; })) << "also when the peer does not close";
  EXPECT_TRUE(server_user.received.empty());
}

TEST_F(SipWebSockets, tell_a_peer_why_they_close_although_much_is_unread) {
  StreamLimits limits;
  limits.max_message_bytes = 2000;
  start(limits);
  RawPeer peer(loop, server_address);
  open(peer);
  peer.frame(0x81, std::string(60'000, 'x'));
  EXPECT_TRUE(until([&] { return peer.received().find("\x03\xf1") != std::string::npos; })) << "1009";
  peer.write("more");
  EXPECT_TRUE(until([&] { return peer.closed(); }));
  EXPECT_FALSE(peer.was_reset());
}

TEST_F(SipWebSockets, pings_a_quiet_peer_and_keeps_one_that_answers) {
  StreamLimits limits;
  limits.idle_timeout = 1s;  // A peer has half of it for its answer.
  start(limits);
  RawPeer alive(loop, server_address);
  RawPeer dead(loop, server_address);
  open(alive);
  open(dead);
  const std::size_t handshake = alive.received().size();
  std::size_t pongs = 0;
  ASSERT_TRUE(until([&] {
    const std::size_t pings = (alive.received().size() - handshake) / 2;
    for (; pongs < pings; ++pongs) {
      alive.frame(0x8a, "");
    }
    return dead.closed() && pongs >= 2;
  }));
  EXPECT_EQ(alive.received().substr(handshake, 2), "\x89\x00"s);
  EXPECT_EQ(server->statistics().connections, 1U);
  EXPECT_FALSE(alive.closed());
}

TEST_F(SipWebSockets, gives_up_on_a_handshake_that_takes_too_long) {
  StreamLimits limits;
  limits.handshake_timeout = 30ms;
  start(limits);
  RawPeer peer(loop, server_address);
  peer.write("GET / HTTP/1.1\r\nHost:");
  EXPECT_TRUE(until([&] { return peer.closed(); }));
}

TEST_F(SipWebSockets, refuses_a_handshake_that_is_too_long) {
  start();
  RawPeer peer(loop, server_address);
  peer.write("GET / HTTP/1.1\r\nCookie: " + std::string(10'000, 'x'));
  EXPECT_TRUE(until([&] { return peer.closed(); }));
}

TEST_F(SipWebSockets, reports_the_end_of_a_connection) {
  start();
  {
    RawPeer peer(loop, server_address);
    open(peer);
    peer.frame(0x81, sample_message("one"));
    ASSERT_TRUE(until([this] { return server_user.received.size() == 1; }));
    peer.frame(0x88, "");
    ASSERT_TRUE(until([this] { return !server_user.failed.empty(); }));
  }
  EXPECT_EQ(server_user.failed[0].flow, server_user.received[0].flow);
  EXPECT_EQ(server->statistics().connections, 0U);
  // A page cannot be connected to.
  server->send(server_user.received[0].flow, sample_message("late"));
  EXPECT_EQ(server_user.failed.size(), 1U) << "not from within the call";
  ASSERT_TRUE(until([this] { return server_user.failed.size() == 2; }));
  EXPECT_EQ(server_user.failed[1].flow.remote, server_user.received[0].flow.remote);
  EXPECT_THAT(server_user.failed[1].error.message(), HasSubstr("is gone"));
}

TEST_F(SipWebSockets, tells_the_answer_to_a_ping_of_ours) {
  start();
  RecordingUser user;
  SipTransports client(loop);
  client.set_user(&user);
  client.send({Transport::Ws, {}, server_address, {}}, "\r\n\r\n");
  ASSERT_TRUE(until([&user] { return !user.received.empty(); }));
  EXPECT_EQ(user.received[0].bytes, "\r\n");
  EXPECT_TRUE(server_user.received.empty());
}

TEST_F(SipWebSockets, connects_as_a_client_too) {
  start();
  server_user.react = [this](const sip::Flow& flow, std::string_view) { server->send(flow, sample_message("answer", 20'000)); };
  RecordingUser user;
  SipTransports client(loop);
  client.set_user(&user);
  client.send({Transport::Ws, {}, server_address, {}}, sample_message("question"));
  ASSERT_TRUE(until([&user] { return user.received.size() == 1; }));
  EXPECT_EQ(user.received[0].bytes, sample_message("answer", 20'000));
}

TEST_F(SipWebSockets, reports_a_server_that_does_not_speak_websocket) {
  RecordingUser other_user;
  SipTransports other(loop);
  other.set_user(&other_user);
  const auto address = other.listen(Transport::Tcp, base::SocketAddress::parse("127.0.0.1:0").value()).value();
  RecordingUser user;
  SipTransports client(loop);
  client.set_user(&user);
  client.send({Transport::Ws, {}, address, {}}, sample_message("question"));
  ASSERT_TRUE(until([&user] { return !user.failed.empty(); }));
  EXPECT_THAT(user.failed[0].error.message(), HasSubstr("WS connection with"));
}

}  // namespace
}  // namespace callwright::net
