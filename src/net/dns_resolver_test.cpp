#include "net/dns_resolver.hpp"

#include "net/endpoint.hpp"

#include <boost/asio/buffer.hpp>
#include <boost/asio/ip/udp.hpp>

#include <gtest/gtest.h>

#include <array>
#include <chrono>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace callwright::net {
namespace {

using namespace std::chrono_literals;
using boost::asio::ip::udp;

constexpr base::Duration kGuard = 20s;
constexpr std::size_t kHeaderSize = 12;

/// A name server on loopback: knows "known.test" (A 192.0.2.7, AAAA 2001:db8::7) and says NXDOMAIN to every other name, or nothing at all.
class FakeNameServer {
 public:
  enum class Mode { Answer, Silent };

  FakeNameServer(EngineLoop& loop, Mode mode) : socket_(loop.context(), udp::endpoint(boost::asio::ip::address_v4::loopback(), 0)), mode_(mode) { receive(); }

  [[nodiscard]] base::SocketAddress address() const { return from_endpoint(socket_.local_endpoint()); }
  int questions = 0;

 private:
  void receive() {
    socket_.async_receive_from(boost::asio::buffer(buffer_), peer_, [this](const boost::system::error_code& failure, std::size_t size) {
      if (!failure) {
        on_question(std::string(buffer_.data(), size));
        receive();
      }
    });
  }

  void on_question(std::string question) {
    ++questions;
    if (mode_ == Mode::Silent) {
      return;
    }
    const std::string name("\5known\4test\0", 12);
    const bool known = question.compare(kHeaderSize, name.size(), name) == 0;
    const std::size_t end = question.find('\0', kHeaderSize) + 5;
    const char type = question[end - 3];
    std::string answer = question.substr(0, end);
    answer[2] = '\x81';
    answer[3] = known ? '\x80' : '\x83';
    answer.replace(6, 6, std::string(known ? "\0\1\0\0\0\0" : "\0\0\0\0\0\0", 6));
    if (known && type == 1) {
      answer += std::string("\xc0\x0c\0\1\0\1\0\0\0\x3c\0\4\xc0\0\2\7", 16);
    } else if (known) {
      answer += std::string("\xc0\x0c\0\x1c\0\1\0\0\0\x3c\0\x10\x20\1\x0d\xb8\0\0\0\0\0\0\0\0\0\0\0\7", 28);
    }
    socket_.send_to(boost::asio::buffer(answer), peer_);
  }

  udp::socket socket_;
  Mode mode_;
  udp::endpoint peer_;
  std::array<char, 512> buffer_{};
};

using Answer = std::optional<base::Result<std::vector<base::IpAddress>>>;

sip::Resolver::Handler into(Answer& answer) {
  return [&answer](base::Result<std::vector<base::IpAddress>> result) {
    EXPECT_FALSE(answer.has_value()) << "called twice";
    answer.emplace(std::move(result));
  };
}

std::vector<std::string> texts(const Answer& answer) {
  std::vector<std::string> all;
  for (const base::IpAddress& address : answer->value()) {
    all.push_back(address.to_string());
  }
  return all;
}

class DnsResolverTest : public testing::Test {
 protected:
  /// A time-out that no busy machine reaches, where the server answers.
  static DnsResolver::Options options(const FakeNameServer& server, base::Duration first_timeout = 10s) {
    DnsResolver::Options made;
    made.servers = {server.address()};
    made.first_timeout = first_timeout;
    made.tries = 2;
    return made;
  }
  EngineLoop loop;
};

TEST_F(DnsResolverTest, answers_addresses_and_localhost_at_once) {
  DnsResolver resolver(loop);
  for (const auto& [host, expected] : std::vector<std::pair<std::string, std::vector<std::string>>>{
           {"192.0.2.1", {"192.0.2.1"}}, {"[2001:db8::1]", {"2001:db8::1"}}, {"localhost", {"127.0.0.1", "::1"}}, {"LocalHost.", {"127.0.0.1", "::1"}}}) {
    Answer answer;
    resolver.resolve(host, into(answer));
    ASSERT_TRUE(answer.has_value()) << host;
    EXPECT_EQ(texts(answer), expected);
  }
}

TEST_F(DnsResolverTest, refuses_what_is_no_host_name_at_once) {
  DnsResolver resolver(loop);
  for (const std::string& host : {std::string(), std::string("a b"), std::string("a\0b", 3), std::string(300, 'a'), std::string("a\r\nb")}) {
    Answer answer;
    resolver.resolve(host, into(answer));
    ASSERT_TRUE(answer.has_value());
    EXPECT_EQ(answer->error().code, base::make_error_code(base::Errc::InvalidArgument));
  }
}

TEST_F(DnsResolverTest, asks_for_both_families_and_gives_ipv4_first) {
  FakeNameServer server(loop, FakeNameServer::Mode::Answer);
  DnsResolver resolver(loop, options(server));
  Answer answer;
  resolver.resolve("Known.test", into(answer));
  EXPECT_FALSE(answer.has_value());
  ASSERT_TRUE(loop.run_until([&answer] { return answer.has_value(); }, kGuard));
  EXPECT_EQ(texts(answer), (std::vector<std::string>{"192.0.2.7", "2001:db8::7"}));
}

TEST_F(DnsResolverTest, shares_one_query_and_remembers_its_answer) {
  FakeNameServer server(loop, FakeNameServer::Mode::Answer);
  DnsResolver resolver(loop, options(server));
  Answer first;
  Answer second;
  resolver.resolve("known.test", into(first));
  resolver.resolve("known.test", into(second));
  ASSERT_TRUE(loop.run_until([&first, &second] { return first.has_value() && second.has_value(); }, kGuard));
  EXPECT_EQ(server.questions, 2);
  Answer third;
  resolver.resolve("known.test", into(third));
  ASSERT_TRUE(third.has_value());
  EXPECT_EQ(texts(third), texts(first));
  EXPECT_EQ(server.questions, 2);
}

TEST_F(DnsResolverTest, says_that_a_name_does_not_exist) {
  FakeNameServer server(loop, FakeNameServer::Mode::Answer);
  DnsResolver resolver(loop, options(server));
  Answer answer;
  resolver.resolve("unknown.test", into(answer));
  ASSERT_TRUE(loop.run_until([&answer] { return answer.has_value(); }, kGuard));
  EXPECT_EQ(answer->error().code, base::make_error_code(base::Errc::NotFound));
}

TEST_F(DnsResolverTest, gives_up_when_no_server_answers) {
  FakeNameServer server(loop, FakeNameServer::Mode::Silent);
  DnsResolver resolver(loop, options(server, 30ms));
  Answer answer;
  resolver.resolve("known.test", into(answer));
  ASSERT_TRUE(loop.run_until([&answer] { return answer.has_value(); }, kGuard));
  EXPECT_EQ(answer->error().code, base::make_error_code(base::Errc::TimedOut));
  EXPECT_GE(server.questions, 2);
}

TEST_F(DnsResolverTest, lets_a_handler_ask_again) {
  FakeNameServer server(loop, FakeNameServer::Mode::Answer);
  DnsResolver resolver(loop, options(server));
  Answer second;
  resolver.resolve("unknown.test", [&resolver, &second](const base::Result<std::vector<base::IpAddress>>&) { resolver.resolve("known.test", into(second)); });
  ASSERT_TRUE(loop.run_until([&second] { return second.has_value(); }, kGuard));
  EXPECT_TRUE(second->has_value());
}

TEST_F(DnsResolverTest, drops_what_is_under_way_when_it_is_destroyed) {
  FakeNameServer server(loop, FakeNameServer::Mode::Answer);
  auto resolver = std::make_unique<DnsResolver>(loop, options(server));
  Answer answer;
  resolver->resolve("known.test", into(answer));
  resolver.reset();
  EXPECT_TRUE(loop.run_until([&server] { return server.questions == 2; }, kGuard));
  EXPECT_FALSE(answer.has_value());
}

TEST_F(DnsResolverTest, refuses_more_queries_than_the_limit) {
  FakeNameServer server(loop, FakeNameServer::Mode::Silent);
  DnsResolver::Options limited = options(server);
  limited.max_queries = 1;
  DnsResolver resolver(loop, limited);
  Answer first;
  Answer second;
  resolver.resolve("one.test", into(first));
  resolver.resolve("two.test", into(second));
  ASSERT_TRUE(second.has_value());
  EXPECT_EQ(second->error().code, base::make_error_code(base::Errc::LimitReached));
}

}  // namespace
}  // namespace callwright::net
