#include "net/datagram_queue.hpp"

#include "net/datagram_batch.hpp"
#include "net/endpoint.hpp"

#include <gtest/gtest.h>

#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/udp.hpp>

#include <algorithm>
#include <string>
#include <vector>

namespace callwright::net {
namespace {

using boost::asio::ip::udp;

/// Two sockets on this machine; what the queue sends on the one is read from the other.
class DatagramQueueTest : public testing::Test {
 protected:
  DatagramQueueTest() {
    EXPECT_FALSE(open_and_bind<udp>(sender_, base::SocketAddress::parse("127.0.0.1:0").value(), false));
    EXPECT_FALSE(open_and_bind<udp>(receiver_, base::SocketAddress::parse("127.0.0.1:0").value(), false));
    configure_datagram_socket(receiver_.native_handle(), remote(), 4 * 1024 * 1024);
  }

  [[nodiscard]] base::SocketAddress remote() const { return from_endpoint(receiver_.local_endpoint()); }

  void push(std::string text) {
    ASSERT_TRUE(queue_.push(remote(), text));
    pushed_.push_back(std::move(text));
  }

  /// A message of `size` bytes.
  static std::string message(const std::string& call, const std::string& start_line, std::size_t size) {
    std::string text = start_line + "\r\nCall-ID: " + call + "\r\n\r\n";
    return text + std::string(size - text.size(), '.');
  }

  void flush() {
    queue_.flush(
        room_, sender_.native_handle(), [](const base::SocketAddress&, const boost::system::error_code& failure) { ADD_FAILURE() << failure.message(); },
        [] {});
  }

  /// Loopback delivers within the call that sends.
  std::vector<std::string> received() {
    std::vector<std::string> all;
    boost::system::error_code failure;
    while (const std::size_t count = reader_.receive(receiver_.native_handle(), failure)) {
      for (std::size_t index = 0; index < count; ++index) {
        all.emplace_back(reader_.at(index).bytes);
      }
    }
    EXPECT_FALSE(failure) << failure.message();
    return all;
  }

  boost::asio::io_context context_;
  udp::socket sender_{context_};
  udp::socket receiver_{context_};
  DatagramReader reader_;
  DatagramRoom room_;
  DatagramQueue queue_{1024 * 1024};
  std::vector<std::string> pushed_;
};

TEST_F(DatagramQueueTest, datagrams_of_one_size_arrive_as_they_were) {
  for (int call = 100; call < 300; ++call) {
    push(message(std::to_string(call), "SIP/2.0 180 Ringing", 400));
  }
  flush();
  EXPECT_TRUE(queue_.empty());
  EXPECT_EQ(received(), pushed_);
}

TEST_F(DatagramQueueTest, messages_of_different_calls_change_places_to_travel_together) {
  push(message("a", "SIP/2.0 180 Ringing", 300));
  push(message("a", "SIP/2.0 200 OK", 500));
  push(message("b", "SIP/2.0 180 Ringing", 300));
  push(message("b", "SIP/2.0 200 OK", 500));
  flush();
  EXPECT_EQ(received(), (std::vector{pushed_[0], pushed_[2], pushed_[1], pushed_[3]}));
}

TEST_F(DatagramQueueTest, a_message_never_overtakes_one_of_its_call) {
  // The 200 of b would find company with that of a, before its 180, which nobody shares a size with.
  push(message("a", "SIP/2.0 200 OK", 500));
  push(message("b", "SIP/2.0 180 Ringing", 300));
  push(message("b", "SIP/2.0 200 OK", 500));
  push(message("c", "SIP/2.0 200 OK", 500));
  flush();
  EXPECT_EQ(received(), pushed_);
}

TEST_F(DatagramQueueTest, the_order_of_each_call_is_kept_whatever_the_sizes) {
  for (int step = 0; step < 400; ++step) {
    push(message(std::to_string(step * step % 7), "NOTIFY " + std::to_string(1000 + step), 100 + static_cast<std::size_t>(step * step % 5) * 50));
  }
  flush();
  const auto all = received();
  ASSERT_EQ(all.size(), pushed_.size());
  for (int call = 0; call < 7; ++call) {
    const auto of_call = [call](const std::vector<std::string>& messages) {
      std::vector<std::string> own;
      std::copy_if(messages.begin(), messages.end(), std::back_inserter(own),
                   [&](const std::string& text) { return text.find("Call-ID: " + std::to_string(call)) != std::string::npos; });
      return own;
    };
    EXPECT_EQ(of_call(all), of_call(pushed_));
  }
}

TEST_F(DatagramQueueTest, what_is_no_message_keeps_its_place) {
  push(message("a", "SIP/2.0 180 Ringing", 300));
  push("\r\n\r\n");
  push(message("b", "SIP/2.0 180 Ringing", 300));
  push("\r\n\r\n");
  flush();
  EXPECT_EQ(received(), pushed_);
}

TEST_F(DatagramQueueTest, large_datagrams_travel_alone) {
  for (int call = 10; call < 50; ++call) {
    push(message(std::to_string(call), "INVITE", 9'000));
  }
  flush();
  EXPECT_EQ(received(), pushed_);
}

TEST_F(DatagramQueueTest, several_addresses_get_what_is_theirs) {
  udp::socket other(context_);
  ASSERT_FALSE(open_and_bind<udp>(other, base::SocketAddress::parse("127.0.0.1:0").value(), false));
  for (int call = 10; call < 30; ++call) {
    push(message(std::to_string(call), "BYE", 300));
    ASSERT_TRUE(queue_.push(from_endpoint(other.local_endpoint()), message(std::to_string(call), "BYE", 300)));
  }
  flush();
  EXPECT_EQ(received(), pushed_);
  boost::system::error_code failure;
  EXPECT_EQ(reader_.receive(other.native_handle(), failure), 20U);
}

TEST_F(DatagramQueueTest, a_socket_that_may_not_segment_sends_one_by_one) {
  // Without checksums of its own, the system refuses to cut.
  const int on = 1;
  ASSERT_EQ(setsockopt(sender_.native_handle(), SOL_SOCKET, SO_NO_CHECK, &on, sizeof on), 0);
  for (int call = 10; call < 40; ++call) {
    push(message(std::to_string(call), "BYE", 300));
  }
  flush();
  EXPECT_EQ(received(), pushed_);
}

}  // namespace
}  // namespace callwright::net
