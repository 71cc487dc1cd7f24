#include "app/stun_server.hpp"

#include "base/clock.hpp"
#include "base/timers.hpp"

#include <gmock/gmock.h>

#include <map>
#include <optional>
#include <utility>
#include <vector>

namespace callwright::app {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

/// Answers from its tables at once, and notes what was asked.
class KnownNames final : public sip::Resolver {
 public:
  std::map<std::string, std::vector<base::IpAddress>> addresses;
  std::map<std::string, std::vector<sip::ServiceRecord>> services;
  std::vector<std::string> asked;

  void resolve(const std::string& host, Handler handler) override {
    asked.push_back(host);
    if (const auto ip = base::IpAddress::parse(host)) {
      handler(std::vector{*ip});
    } else if (const auto found = addresses.find(host); found != addresses.end()) {
      handler(found->second);
    } else {
      handler(base::Error(base::Errc::NotFound, "no such host"));
    }
  }
  void query(sip::DnsKind kind, const std::string& name, Answer answer) override {
    EXPECT_EQ(kind, sip::DnsKind::Services);
    asked.push_back(name);
    const auto found = services.find(name);
    if (found == services.end()) {
      answer(base::Error(base::Errc::TimedOut, "no server answered"));
      return;
    }
    sip::DnsRecords records;
    records.services = found->second;
    answer(records);
  }
};

/// What it is found at, or why not.
std::string place_of(KnownNames& names, std::string_view text, bool v4 = true) {
  const auto server = StunServer::parse(text);
  if (!server) {
    return server.error().message();
  }
  std::optional<base::Result<base::SocketAddress>> found;
  base::ManualClock clock;
  base::Timers timers(clock);
  find_stun_server(timers, names, *server, v4, [&found](base::Result<base::SocketAddress> result) { found.emplace(std::move(result)); });
  return !found ? "never told" : found->has_value() ? (*found)->to_string() : found->error().message();
}

const base::IpAddress kFirst = base::IpAddress::v4({192, 0, 2, 1});
const base::IpAddress kSecond = base::IpAddress::v4({192, 0, 2, 2});
const base::IpAddress kSixth = base::IpAddress::parse("2001:db8::6").value();

TEST(StunServer, is_where_its_address_says_at_the_usual_port_or_that_one) {
  KnownNames names;
  EXPECT_EQ(place_of(names, "192.0.2.1"), "192.0.2.1:3478");
  EXPECT_EQ(place_of(names, "stun:192.0.2.1:19302"), "192.0.2.1:19302");
  EXPECT_EQ(place_of(names, "[2001:db8::1]:3479", false), "[2001:db8::1]:3479");
  EXPECT_EQ(place_of(names, "[2001:db8::1]", false), "[2001:db8::1]:3478");
}

TEST(StunServer, is_looked_for_as_a_service_where_no_port_is_said) {
  KnownNames names;
  names.addresses = {{"stun.example.com", {kFirst, kSixth}}, {"one.example.com", {kSecond}}};
  EXPECT_EQ(place_of(names, "stun.example.com"), "192.0.2.1:3478");
  EXPECT_THAT(names.asked, ElementsAre("_stun._udp.stun.example.com", "stun.example.com"));
  EXPECT_EQ(place_of(names, "stun:stun.example.com:3480"), "192.0.2.1:3480");
  EXPECT_EQ(place_of(names, "stun.example.com:3480", false), "[2001:db8::6]:3480");
  names.services["_stun._udp.stun.example.com"] = {{.priority = 2, .weight = 9, .port = 1, .target = "nobody"},
                                                   {.priority = 1, .weight = 1, .port = 2, .target = "nobody"},
                                                   {.priority = 1, .weight = 5, .port = 4000, .target = "one.example.com"}};
  EXPECT_EQ(place_of(names, "stun.example.com"), "192.0.2.2:4000");
  names.services["_stun._udp.stun.example.com"] = {{.priority = 0, .weight = 0, .port = 0, .target = ""}};
  EXPECT_EQ(place_of(names, "stun.example.com"), "192.0.2.1:3478") << "the service is not offered, yet somebody named this host";
  names.services["_stun._udp.stun.example.com"] = {{.priority = 0, .weight = 0, .port = 4001, .target = "six.example.com"}};
  names.addresses["six.example.com"] = {kSixth};
  EXPECT_EQ(place_of(names, "stun.example.com"), "192.0.2.1:3478") << "the host of the service cannot be reached from here";
}

TEST(StunServer, that_is_not_found_is_said_with_its_name) {
  KnownNames names;
  names.addresses["six.example.com"] = {kSixth};
  EXPECT_THAT(place_of(names, "nowhere.example.com"), HasSubstr("the STUN server nowhere.example.com is not found: no such host"));
  EXPECT_THAT(place_of(names, "six.example.com"), HasSubstr("has no address of IPv4"));
  for (const std::string_view text :
       {"", "stun:", "a b", "stun.example.com:x", "stun.example.com:70000", "me@stun.example.com", "stun.example.com;lr", "::1"}) {
    EXPECT_THAT(place_of(names, text), HasSubstr("\"" + std::string(text) + "\" is no STUN server")) << text;
  }
}

/// Answers when it is told to.
class SlowNames final : public sip::Resolver {
 public:
  std::vector<Handler> waiting;

  void resolve(const std::string& /*host*/, Handler handler) override { waiting.push_back(std::move(handler)); }
  void query(sip::DnsKind /*kind*/, const std::string& /*name*/, Answer /*answer*/) override { ADD_FAILURE() << "a port was said"; }
};

TEST(StunServer, is_given_up_in_time_and_once) {
  base::ManualClock clock;
  base::Timers timers(clock);
  SlowNames names;
  std::vector<std::string> told;
  find_stun_server(timers, names, {"stun.example.com", 3478}, true,
                   [&told](const base::Result<base::SocketAddress>& found) { told.push_back(found ? found->to_string() : found.error().message()); });
  clock.advance(std::chrono::seconds(14));
  timers.advance();
  EXPECT_THAT(told, testing::IsEmpty());
  clock.advance(std::chrono::seconds(2));
  timers.advance();
  EXPECT_THAT(told, ElementsAre(HasSubstr("no server of names answers")));
  names.waiting.front()(std::vector{kFirst});
  EXPECT_EQ(told.size(), 1U) << "what comes too late is nobody's business";
}

}  // namespace
}  // namespace callwright::app
