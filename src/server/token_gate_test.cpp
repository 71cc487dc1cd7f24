#include "server/token_gate.hpp"

#include "server/token_test_file.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <optional>

namespace callwright::server {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::Not;
using testing::Pair;

class Gate : public testing::Test {
 protected:
  Gate() {
    file_.add("ci", Scopes().with(Scope::CallRead));
    gate_.emplace(file_.open(), clock_, random_);
  }

  static HttpRequest request(std::string_view query, std::string_view remote = "192.0.2.1:1000") {
    return {.method = "GET", .path = "/call-api", .query = query, .remote = base::SocketAddress::parse(remote).value()};
  }
  /// The name of who was let in, or the status of the refusal.
  std::string admit(const HttpRequest& request) {
    const auto admitted = gate_->admit(request);
    const auto* const access = std::get_if<Access>(&admitted);
    return access != nullptr ? access->name() : std::to_string(std::get<HttpResponse>(admitted).status);
  }

  TokenTestFile file_;
  base::ManualClock clock_;
  base::DeterministicRandom random_{1};
  std::optional<TokenGate> gate_;
};

TEST_F(Gate, takes_a_token_in_three_places) {
  HttpRequest bearer = request("");
  for (const char* authorization : {"Bearer SECRET-ci", "bearer   SECRET-ci ", "BEARER SECRET-ci"}) {
    bearer.authorization = authorization;
    EXPECT_EQ(admit(bearer), "ci") << authorization;
  }
  HttpRequest key = request("");
  key.api_key = "SECRET-ci";
  EXPECT_EQ(admit(key), "ci");
  EXPECT_EQ(admit(request("dialect=2020&token=SECRET-ci")), "ci");
}

TEST_F(Gate, prefers_the_header_and_skips_what_is_no_bearer_token) {
  HttpRequest both = request("token=SECRET-ci");
  both.authorization = "Bearer wrong";
  EXPECT_EQ(admit(both), "401");
  both.authorization = "Basic YTpi";
  EXPECT_EQ(admit(both), "ci");
  both.authorization = "Bearer";
  EXPECT_EQ(admit(both), "ci");
  both.api_key = "wrong";
  EXPECT_EQ(admit(both), "401");
}

TEST_F(Gate, says_what_to_do_to_those_it_refuses) {
  const auto none = std::get<HttpResponse>(gate_->admit(request("")));
  EXPECT_EQ(none.status, 401U);
  EXPECT_THAT(none.headers, ElementsAre(Pair("WWW-Authenticate", "Bearer realm=\"callwright\"")));
  EXPECT_THAT(none.body, HasSubstr("Authorization: Bearer TOKEN"));
  const auto wrong = std::get<HttpResponse>(gate_->admit(request("token=SECRET")));
  EXPECT_EQ(wrong.status, 401U);
  EXPECT_THAT(wrong.headers, ElementsAre(Pair("WWW-Authenticate", HasSubstr("error=\"invalid_token\""))));
  EXPECT_THAT(wrong.body, HasSubstr("callwright token create"));
  EXPECT_THAT(wrong.body, Not(HasSubstr("SECRET")));
}

TEST_F(Gate, slows_down_an_address_that_guesses_and_nobody_else) {
  for (int round = 0; round < 30; ++round) {
    EXPECT_EQ(admit(request("token=wrong", "192.0.2.1:" + std::to_string(1000 + round))), "401") << round;
  }
  const auto refused = std::get<HttpResponse>(gate_->admit(request("token=wrong")));
  EXPECT_EQ(refused.status, 429U);
  EXPECT_THAT(refused.headers, ElementsAre(Pair("Retry-After", "60")));
  EXPECT_EQ(admit(request("token=wrong", "192.0.2.2:1000")), "401");
  EXPECT_EQ(admit(request("token=SECRET-ci")), "ci") << "who shares the address is not locked out";
  EXPECT_EQ(admit(request("")), "401") << "no guess";
  clock_.advance(std::chrono::seconds(61));
  EXPECT_EQ(admit(request("token=wrong")), "401");
}

TEST_F(Gate, forgets_a_token_that_was_revoked_and_learns_new_ones) {
  file_.add("desk", Scopes::all());
  EXPECT_EQ(admit(request("token=SECRET-desk")), "desk");
  file_.revoke("ci");
  EXPECT_EQ(admit(request("token=SECRET-ci")), "401");
}

TEST_F(Gate, tells_those_who_are_in_what_they_may_do_now) {
  auto ci = std::get<Access>(gate_->admit(request("token=SECRET-ci")));
  EXPECT_EQ(ci.scopes(), Scopes().with(Scope::CallRead));
  file_.revoke("ci");
  file_.add("ci", Scopes::all());
  EXPECT_EQ(ci.scopes(), Scopes::all()) << "the same token with other scopes";
  file_.revoke("ci");
  EXPECT_EQ(ci.scopes(), std::nullopt);
  EXPECT_TRUE(blocking_add_token(file_.path(), {"ci", Scopes::all(), hash_of_secret("another")}));
  EXPECT_EQ(ci.scopes(), std::nullopt) << "another token of that name";
  EXPECT_EQ(Access().scopes(), Scopes::all());
}

}  // namespace
}  // namespace callwright::server
