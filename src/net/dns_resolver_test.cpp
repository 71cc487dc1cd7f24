#include "net/dns_resolver.hpp"

#include "net/endpoint.hpp"
#include "sip/locator.hpp"

#include <boost/asio/buffer.hpp>
#include <boost/asio/ip/udp.hpp>

#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <chrono>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <tuple>
#include <vector>

namespace callwright::net {
namespace {

using namespace std::chrono_literals;
using namespace std::string_literals;
using boost::asio::ip::udp;

constexpr base::Duration kGuard = 20s;
constexpr std::size_t kHeaderSize = 12;

std::string number(unsigned value, int size) {
  std::string bytes;
  for (int shift = 8 * (size - 1); shift >= 0; shift -= 8) {
    bytes.push_back(static_cast<char>((value >> static_cast<unsigned>(shift)) & 0xFFU));
  }
  return bytes;
}

std::string text(std::string_view value) { return std::string(1, static_cast<char>(value.size())).append(value); }

std::string dns_name(std::string_view dotted) {
  std::string bytes;
  while (!dotted.empty()) {
    const std::string_view label = dotted.substr(0, dotted.find('.'));
    bytes += text(label);
    dotted.remove_prefix(std::min(dotted.size(), label.size() + 1));
  }
  return bytes + '\0';
}

/// A record about the name that was asked for.
std::string record(unsigned type, unsigned ttl, const std::string& data) {
  return "\xc0\x0c" + number(type, 2) + number(1, 2) + number(ttl, 4) + number(static_cast<unsigned>(data.size()), 2) + data;
}

constexpr unsigned kA = 1;
constexpr unsigned kSoa = 6;
constexpr unsigned kAaaa = 28;
constexpr unsigned kSrv = 33;
constexpr unsigned kNaptr = 35;

/// The answers about a name and a type, in wire format.
std::vector<std::string> records_of(const std::string& name, unsigned type) {
  if (name == dns_name("known.test") && type == kA) {
    return {record(kA, 60, "\xc0\x00\x02\x07"s)};
  }
  if (name == dns_name("known.test") && type == kAaaa) {
    return {record(kAaaa, 60, "\x20\x01\x0d\xb8"s + std::string(11, '\0') + '\7')};
  }
  if (name == dns_name("known.test") && type == kNaptr) {
    return {record(kNaptr, 600, number(20, 2) + number(5, 2) + text("s") + text("SIP+D2U") + text("") + dns_name("_sip._udp.known.test"))};
  }
  if (name == dns_name("_sip._udp.known.test") && type == kSrv) {
    return {record(kSrv, 60, number(1, 2) + number(2, 2) + number(5070, 2) + dns_name("known.test")),
            record(kSrv, 1, number(2, 2) + number(0, 2) + number(0, 2) + dns_name(""))};
  }
  return {};
}

/// A name server on loopback: knows "known.test" (A 192.0.2.7, AAAA 2001:db8::7, NAPTR) and "_sip._udp.known.test" (SRV), and says to everything else that it
/// does not exist, which holds for 7 s; or it says nothing at all.
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
    const std::size_t end = question.find('\0', kHeaderSize) + 5;
    const auto records = records_of(question.substr(kHeaderSize, end - 4 - kHeaderSize), static_cast<unsigned char>(question[end - 3]));
    std::string answer = question.substr(0, end);
    answer[2] = '\x81';
    answer[3] = records.empty() ? '\x83' : '\x80';
    answer.replace(6, 6, number(static_cast<unsigned>(records.size()), 2) + number(records.empty() ? 1 : 0, 2) + number(0, 2));
    for (const std::string& one : records) {
      answer += one;
    }
    if (records.empty()) {
      answer += record(kSoa, 3600, dns_name("ns.test") + dns_name("root.test") + number(1, 4) + number(2, 4) + number(3, 4) + number(4, 4) + number(7, 4));
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

base::Result<sip::DnsRecords> ask(EngineLoop& loop, DnsResolver& resolver, sip::DnsKind kind, const std::string& name) {
  std::optional<base::Result<sip::DnsRecords>> answer;
  resolver.query(kind, name, [&answer](const base::Result<sip::DnsRecords>& records) { answer.emplace(records); });
  EXPECT_TRUE(loop.run_until([&answer] { return answer.has_value(); }, kGuard));
  return answer.value_or(base::Error(base::Errc::TimedOut, "no answer"));
}

TEST_F(DnsResolverTest, reads_services_with_the_shortest_time_to_live) {
  FakeNameServer server(loop, FakeNameServer::Mode::Answer);
  DnsResolver resolver(loop, options(server));
  const auto records = ask(loop, resolver, sip::DnsKind::Services, "_SIP._udp.known.test.").value();
  ASSERT_EQ(records.services.size(), 2U);
  const sip::ServiceRecord& first = records.services[0].priority == 1 ? records.services[0] : records.services[1];
  const sip::ServiceRecord& second = records.services[0].priority == 1 ? records.services[1] : records.services[0];
  EXPECT_EQ(std::tuple(first.weight, first.port, first.target), std::tuple(2, 5070, "known.test"s));
  EXPECT_EQ(second.target, "");
  EXPECT_EQ(records.ttl, 1s);
}

TEST_F(DnsResolverTest, reads_pointers) {
  FakeNameServer server(loop, FakeNameServer::Mode::Answer);
  DnsResolver resolver(loop, options(server));
  const auto records = ask(loop, resolver, sip::DnsKind::Pointers, "known.test").value();
  ASSERT_EQ(records.pointers.size(), 1U);
  const sip::PointerRecord& pointer = records.pointers.front();
  EXPECT_EQ(std::tuple(pointer.order, pointer.preference), std::tuple(20, 5));
  EXPECT_EQ(pointer.flags + " " + pointer.services + " " + pointer.replacement, "s SIP+D2U _sip._udp.known.test");
  EXPECT_EQ(records.ttl, 600s);
}

TEST_F(DnsResolverTest, remembers_that_there_is_nothing_as_long_as_the_zone_says) {
  FakeNameServer server(loop, FakeNameServer::Mode::Answer);
  DnsResolver resolver(loop, options(server));
  for (int turn = 0; turn < 2; ++turn) {
    const auto records = ask(loop, resolver, sip::DnsKind::Services, "unknown.test").value();
    EXPECT_TRUE(records.empty());
    EXPECT_EQ(records.ttl, 7s);
  }
  EXPECT_EQ(server.questions, 1);
}

TEST_F(DnsResolverTest, leads_a_locator_to_the_server) {
  FakeNameServer server(loop, FakeNameServer::Mode::Answer);
  DnsResolver resolver(loop, options(server));
  base::DeterministicRandom random(1);
  sip::Locator locator(resolver, loop.clock(), random);
  std::vector<sip::Destination> found;
  const auto ticket = locator.locate(sip::UriView::parse("sip:bob@known.test").value(), [&found](auto destinations) { found = destinations.value(); });
  ASSERT_TRUE(loop.run_until([&found] { return !found.empty(); }, kGuard));
  ASSERT_EQ(found.size(), 2U);
  EXPECT_EQ(found[0].address.to_string(), "192.0.2.7:5070");
  EXPECT_EQ(found[1].address.to_string(), "[2001:db8::7]:5070");
}

TEST_F(DnsResolverTest, gives_up_when_no_server_answers) {
  FakeNameServer server(loop, FakeNameServer::Mode::Silent);
  DnsResolver resolver(loop, options(server, 30ms));
  Answer answer;
  resolver.resolve("known.test", into(answer));
  ASSERT_TRUE(loop.run_until([&answer] { return answer.has_value(); }, kGuard));
  EXPECT_EQ(answer->error().code, base::make_error_code(base::Errc::TimedOut));
  EXPECT_TRUE(loop.run_until([&server] { return server.questions >= 2; }, kGuard)) << "they have arrived, and may still have to be read";
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
