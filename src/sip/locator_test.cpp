// RFC 3263 with a scripted domain name system, and the cache before it, in virtual time.
#include "sip/locator.hpp"
#include "sip/dns_cache.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <map>
#include <string>
#include <vector>

namespace callwright::sip {
namespace {

using namespace std::chrono_literals;
using testing::ElementsAre;
using testing::IsEmpty;

/// Knows what it was told; counts and keeps the questions. While held it answers nothing.
class ScriptedDns final : public DnsPort {
 public:
  void query(DnsKind kind, const std::string& name, Answer answer) override {
    questions.push_back(std::string(kind == DnsKind::Addresses ? "A " : kind == DnsKind::Services ? "SRV " : "NAPTR ") + name);
    if (held) {
      waiting.push_back([this, kind, name, answer = std::move(answer)] { tell(kind, name, answer); });
    } else {
      tell(kind, name, answer);
    }
  }
  void release() {
    held = false;
    for (const auto& one : std::exchange(waiting, {})) {
      one();
    }
  }
  void host(const std::string& name, std::string_view address, std::chrono::seconds ttl = 60s) {
    auto& records = known[{DnsKind::Addresses, name}];
    records.addresses.push_back(base::IpAddress::parse(address).value());
    records.ttl = ttl;
  }
  void service(const std::string& name, ServiceRecord record) {
    known[{DnsKind::Services, name}].services.push_back(std::move(record));
    known[{DnsKind::Services, name}].ttl = 60s;
  }
  void pointer(const std::string& name, PointerRecord record) {
    known[{DnsKind::Pointers, name}].pointers.push_back(std::move(record));
    known[{DnsKind::Pointers, name}].ttl = 60s;
  }

  std::vector<std::string> questions;
  std::map<std::pair<DnsKind, std::string>, DnsRecords> known;
  std::chrono::seconds negative_ttl{10};
  bool broken = false;
  bool held = false;

 private:
  void tell(DnsKind kind, const std::string& name, const Answer& answer) {
    if (broken) {
      answer(base::Error(base::Errc::TimedOut, "no server answers"));
      return;
    }
    const auto found = known.find({kind, name});
    answer(found == known.end() ? DnsRecords{.ttl = negative_ttl} : found->second);
  }

  std::vector<std::function<void()>> waiting;
};

class Locators : public testing::Test {
 protected:
  std::vector<std::string> find(std::string_view uri) {
    std::vector<std::string> found;
    const auto parsed = UriView::parse(uri).value();
    if (const auto direct = Locator::numeric(parsed)) {
      return {text(*direct)};
    }
    const auto ticket = locator.locate(parsed, [&](base::Result<std::vector<Destination>> destinations) {
      if (!destinations) {
        found.push_back("error: " + destinations.error().message());
        return;
      }
      for (const Destination& destination : *destinations) {
        found.push_back(text(destination));
      }
    });
    return found;
  }
  static std::string text(const Destination& destination) { return std::string(to_string(destination.transport)) + " " + destination.address.to_string(); }

  base::ManualClock clock;
  base::DeterministicRandom random{1};
  ScriptedDns dns;
  DnsCache cache{dns, clock, {.remembered = 8, .under_way = 3, .longest = 5min, .longest_negative = 30s}};
  Locator locator{cache, clock, random};
};

TEST_F(Locators, addresses_need_no_dns) {
  EXPECT_THAT(find("sip:bob@192.0.2.1"), ElementsAre("UDP 192.0.2.1:5060"));
  EXPECT_THAT(find("sip:bob@[2001:db8::1]:7000"), ElementsAre("UDP [2001:db8::1]:7000"));
  EXPECT_THAT(find("sip:bob@192.0.2.1;transport=tcp"), ElementsAre("TCP 192.0.2.1:5060"));
  EXPECT_THAT(find("sip:bob@192.0.2.1;transport=TLS"), ElementsAre("TLS 192.0.2.1:5061"));
  EXPECT_THAT(find("sips:bob@192.0.2.1"), ElementsAre("TLS 192.0.2.1:5061"));
  EXPECT_THAT(find("sips:bob@192.0.2.1:5071;transport=tcp"), ElementsAre("TLS 192.0.2.1:5071"));
  EXPECT_THAT(find("sips:bob@192.0.2.1;transport=ws"), ElementsAre("WSS 192.0.2.1:443"));
  EXPECT_THAT(find("sip:bob@example.com;maddr=192.0.2.9"), ElementsAre("UDP 192.0.2.9:5060"));
  EXPECT_THAT(dns.questions, IsEmpty());
}

TEST_F(Locators, port_asks_for_addresses_only) {
  dns.host("example.com", "192.0.2.1");
  dns.host("example.com", "2001:db8::1");
  EXPECT_THAT(find("sip:bob@example.com:5080"), ElementsAre("UDP 192.0.2.1:5080", "UDP [2001:db8::1]:5080"));
  EXPECT_THAT(dns.questions, ElementsAre("A example.com"));
}

TEST_F(Locators, transport_parameter_asks_for_its_service) {
  dns.service("_sip._tcp.example.com", {1, 0, 5070, "a.example.com"});
  dns.host("a.example.com", "192.0.2.1");
  EXPECT_THAT(find("sip:bob@example.com;transport=tcp"), ElementsAre("TCP 192.0.2.1:5070"));
  EXPECT_THAT(dns.questions, ElementsAre("SRV _sip._tcp.example.com", "A a.example.com"));
}

TEST_F(Locators, naptr_gives_transport_and_service_by_order_and_preference) {
  // The example of RFC 3263 §4.1, with a TLS that is not offered here in front.
  dns.pointer("example.com", {50, 50, "s", "SIPS+D2T", "_sips._tcp.example.com"});
  dns.pointer("example.com", {100, 60, "s", "SIP+D2U", "_sip._udp.example.com"});
  dns.pointer("example.com", {90, 50, "s", "SIP+D2T", "_sip._tcp.example.com"});
  dns.service("_sip._tcp.example.com", {1, 0, 5070, "a.example.com"});
  dns.host("a.example.com", "192.0.2.1");
  EXPECT_THAT(find("sip:bob@example.com"), ElementsAre("TCP 192.0.2.1:5070"));
  EXPECT_THAT(dns.questions, ElementsAre("NAPTR example.com", "SRV _sip._tcp.example.com", "A a.example.com"));
}

TEST_F(Locators, naptr_of_a_sips_uri_must_be_secure) {
  locator.set_transports({Transport::Udp, Transport::Tcp, Transport::Tls});
  dns.pointer("example.com", {10, 50, "s", "SIP+D2U", "_sip._udp.example.com"});
  dns.pointer("example.com", {20, 50, "s", "SIPS+D2T", "_sips._tcp.example.com"});
  dns.service("_sips._tcp.example.com", {1, 0, 5071, "a.example.com"});
  dns.host("a.example.com", "192.0.2.1");
  EXPECT_THAT(find("sips:bob@example.com"), ElementsAre("TLS 192.0.2.1:5071"));
}

TEST_F(Locators, without_naptr_the_services_of_all_transports_are_asked_for) {
  dns.service("_sip._tcp.example.com", {1, 0, 5070, "a.example.com"});
  dns.service("_sip._udp.example.com", {1, 0, 5060, "a.example.com"});
  dns.host("a.example.com", "192.0.2.1");
  EXPECT_THAT(find("sip:bob@example.com"), ElementsAre("UDP 192.0.2.1:5060", "TCP 192.0.2.1:5070"));
}

TEST_F(Locators, without_any_record_the_host_itself_with_the_default_port) {
  dns.host("example.com", "192.0.2.1");
  EXPECT_THAT(find("sip:bob@example.com"), ElementsAre("UDP 192.0.2.1:5060"));
  EXPECT_THAT(find("sips:bob@example.com"), ElementsAre("TLS 192.0.2.1:5061"));
}

TEST_F(Locators, priorities_come_in_order_and_a_dot_means_no_service) {
  dns.service("_sip._udp.example.com", {20, 0, 5062, "b.example.com"});
  dns.service("_sip._udp.example.com", {10, 0, 5061, "a.example.com"});
  dns.host("a.example.com", "192.0.2.1");
  dns.host("b.example.com", "192.0.2.2");
  EXPECT_THAT(find("sip:bob@example.com;transport=udp"), ElementsAre("UDP 192.0.2.1:5061", "UDP 192.0.2.2:5062"));
  dns.service("_sip._tcp.example.com", {1, 0, 0, ""});
  dns.host("example.com", "192.0.2.3");
  EXPECT_THAT(find("sip:bob@example.com;transport=tcp"), ElementsAre(testing::HasSubstr("leads to no SIP server")));
}

TEST_F(Locators, weights_share_the_load) {
  std::map<std::string, int> first;
  for (int turn = 0; turn < 4000; ++turn) {
    std::vector<ServiceRecord> services{{1, 0, 1, "none"}, {1, 1, 1, "one"}, {1, 3, 1, "three"}, {0, 0, 1, "front"}};
    sort_services(services, random);
    ASSERT_EQ(services.front().target, "front");
    ++first[services[1].target];
  }
  // RFC 2782 draws from 0 to the sum: weight 0 has a share of one in five here.
  EXPECT_NEAR(first["one"], 800, 150);
  EXPECT_NEAR(first["three"], 2400, 200);
  EXPECT_NEAR(first["none"], 800, 150);
}

TEST_F(Locators, dead_servers_come_last_for_a_while) {
  dns.host("example.com", "192.0.2.1");
  dns.host("example.com", "192.0.2.2");
  locator.avoid({Transport::Udp, base::SocketAddress::parse("192.0.2.1:5060").value()}, 60s);
  EXPECT_THAT(find("sip:example.com;transport=udp"), ElementsAre("UDP 192.0.2.2:5060", "UDP 192.0.2.1:5060"));
  clock.advance(61s);
  EXPECT_THAT(find("sip:example.com;transport=udp"), ElementsAre("UDP 192.0.2.1:5060", "UDP 192.0.2.2:5060"));
}

TEST_F(Locators, avoided_servers_are_bounded) {
  const auto at = [](std::size_t index) { return Destination{Transport::Udp, {base::IpAddress::v4({10, 0, 0, 1}), static_cast<std::uint16_t>(index + 1)}}; };
  for (std::size_t index = 0; index <= Locator::kMaxAvoided; ++index) {
    locator.avoid(at(index), 60s);
  }
  EXPECT_FALSE(locator.avoided(at(0)));
  EXPECT_TRUE(locator.avoided(at(1)));
  EXPECT_TRUE(locator.avoided(at(Locator::kMaxAvoided)));
}

TEST_F(Locators, endless_answers_are_cut) {
  for (std::uint16_t index = 0; index < 100; ++index) {
    dns.service("_sip._udp.example.com", {index, 0, index, "a.example.com"});
  }
  dns.host("a.example.com", "192.0.2.1");
  EXPECT_EQ(find("sip:example.com;transport=udp").size(), Locator::kMaxDestinations);
}

TEST_F(Locators, silence_of_all_name_servers_is_told) {
  dns.broken = true;
  EXPECT_THAT(find("sip:bob@example.com"), ElementsAre("error: no server answers"));
}

TEST_F(Locators, dropped_ticket_ends_the_search) {
  dns.held = true;
  bool called = false;
  auto ticket = locator.locate(UriView::parse("sip:example.com").value(), [&called](const auto&) { called = true; });
  ticket.reset();
  dns.release();
  EXPECT_FALSE(called);
}

// The cache

TEST_F(Locators, cache_keeps_an_answer_as_long_as_it_holds) {
  dns.host("a", "192.0.2.1", 60s);
  dns.host("b", "192.0.2.2", 3600s);
  for (const auto step : {0s, 59s, 2s}) {
    clock.advance(step);
    EXPECT_THAT(find("sip:a:1"), ElementsAre("UDP 192.0.2.1:1"));
  }
  EXPECT_THAT(dns.questions, ElementsAre("A a", "A a"));
  static_cast<void>(find("sip:b:1"));
  clock.advance(5min + 1s);
  static_cast<void>(find("sip:b:1"));
  EXPECT_THAT(dns.questions, ElementsAre("A a", "A a", "A b", "A b")) << "a longer life is cut";
}

TEST_F(Locators, cache_keeps_that_there_is_nothing_but_no_failure) {
  static_cast<void>(find("sip:a:1"));
  static_cast<void>(find("sip:a:1"));
  EXPECT_EQ(dns.questions.size(), 1U);
  clock.advance(11s);
  static_cast<void>(find("sip:a:1"));
  EXPECT_EQ(dns.questions.size(), 2U);
  dns.broken = true;
  static_cast<void>(find("sip:b:1"));
  static_cast<void>(find("sip:b:1"));
  EXPECT_EQ(dns.questions.size(), 4U);
}

TEST_F(Locators, cache_asks_equal_questions_once_and_bounds_the_others) {
  dns.held = true;
  dns.host("a", "192.0.2.1");
  int answers = 0;
  const auto count = [&answers](const base::Result<DnsRecords>& records) { answers += records && records->addresses.size() == 1 ? 1 : 100; };
  cache.query(DnsKind::Addresses, "a", count);
  cache.query(DnsKind::Addresses, "a", count);
  EXPECT_EQ(dns.questions.size(), 1U);
  cache.query(DnsKind::Addresses, "b", [](const auto&) {});
  cache.query(DnsKind::Services, "a", [](const auto&) {});
  base::Error refused;
  cache.query(DnsKind::Addresses, "d", [&refused](const auto& records) { refused = records.error(); });
  EXPECT_EQ(refused.code, base::make_error_code(base::Errc::LimitReached));
  dns.release();
  EXPECT_EQ(answers, 2);
}

TEST_F(Locators, full_cache_forgets_what_was_not_used_for_longest) {
  const auto ask = [this](int number) { static_cast<void>(find("sip:h" + std::to_string(number) + ":1")); };
  for (int number = 0; number < 8; ++number) {
    ask(number);
  }
  ask(0);
  ask(8);
  EXPECT_EQ(cache.remembered(), 8U);
  dns.questions.clear();
  ask(0);
  ask(1);
  EXPECT_THAT(dns.questions, ElementsAre("A h1"));
}

}  // namespace
}  // namespace callwright::sip
