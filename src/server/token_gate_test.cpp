#include "server/token_gate.hpp"

#include "base/log.hpp"
#include "server/jwt/token_signer.hpp"
#include "server/token_test_file.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <optional>
#include <string>
#include <vector>

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
    gate_.emplace(TokenSources{file_.open()}, clock_, random_);
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

/// Beside the tokens of the file, those that somebody has signed.
class SignedGate : public Gate {
 protected:
  SignedGate() {
    clock_.advance(std::chrono::seconds(1'800'000'000));
    write(signer_.jwks());
    gate_.emplace(TokenSources{.tokens = file_.open(), .keys = blocking_open_jwks(path()).value()}, clock_, random_);
  }

  [[nodiscard]] std::string path() const { return file_.folder() / "jwks.json"; }
  void write(const std::string& text) const {
    std::ofstream(path() + ".new") << text;
    std::filesystem::permissions(path() + ".new", std::filesystem::perms(0600));
    std::filesystem::rename(path() + ".new", path());
  }
  [[nodiscard]] std::string token(const std::string& more = "") const {
    return signer_.token(R"({"sub":"alice","scope":"call:read","exp":1800003900)" + more + "}");
  }
  static HttpRequest bearing(const std::string& token) {
    HttpRequest request = Gate::request("");
    request.api_key = token;
    return request;
  }

  TokenSigner signer_ = TokenSigner::hs256("k1");
};

TEST_F(SignedGate, takes_both_kinds_of_tokens) {
  EXPECT_EQ(admit(request("token=SECRET-ci")), "ci");
  EXPECT_EQ(admit(request("token=" + token())), "jwt:alice");
  gate_.emplace(TokenSources{.keys = blocking_open_jwks(path()).value()}, clock_, random_);
  EXPECT_EQ(admit(bearing(token())), "jwt:alice");
  EXPECT_EQ(admit(request("token=SECRET-ci")), "401");
}

TEST_F(SignedGate, tells_the_log_alone_why_it_refuses) {
  std::vector<std::string> lines;
  base::log::set_sink([&](base::log::Level /*level*/, std::string_view line) { lines.emplace_back(line); });
  base::log::set_level(base::log::Level::Info);
  const std::string wrong = TokenSigner::hs256("k1", std::string(32, 'x')).token(R"({"sub":"mallory"})");
  const auto refused = std::get<HttpResponse>(gate_->admit(bearing(wrong)));
  EXPECT_EQ(refused.status, 401U);
  EXPECT_THAT(refused.body, HasSubstr("there is no such token"));
  EXPECT_THAT(refused.body, Not(HasSubstr("signature")));
  for (int round = 0; round < 40; ++round) {
    admit(bearing(wrong));
  }
  EXPECT_EQ(admit(bearing(wrong)), "429");
  EXPECT_EQ(admit(bearing(token())), "jwt:alice") << "who has a right one is not locked out";
  base::log::set_level(base::log::Level::Warn);
  base::log::set_sink({});
  EXPECT_THAT(lines, testing::SizeIs(testing::Le(31U))) << "those who come too often do not fill the log";
  EXPECT_THAT(lines.at(0), HasSubstr(R"(signed token refused reason="its signature is wrong" remote=192.0.2.1:1000)"));
}

TEST_F(SignedGate, lets_nobody_do_anything_after_the_end_of_his_token) {
  auto alice = std::get<Access>(gate_->admit(bearing(token())));
  EXPECT_EQ(alice.scopes(), Scopes().with(Scope::CallRead));
  EXPECT_FALSE(alice.expired());
  clock_.advance(std::chrono::seconds(300) + kJwtLeeway);
  EXPECT_TRUE(alice.expired());
  EXPECT_EQ(alice.scopes(), Scopes()) << "still known, but nothing is allowed";
  EXPECT_EQ(admit(bearing(token())), "401");
}

TEST_F(SignedGate, follows_its_file_of_keys) {
  auto alice = std::get<Access>(gate_->admit(bearing(token())));
  const auto next = TokenSigner::es256("k2");
  write("{\"keys\":[" + next.jwk() + "," + signer_.jwk() + "]}");
  EXPECT_EQ(admit(bearing(next.token(R"({"sub":"bob","scope":"admin","exp":1800003900})"))), "jwt:bob");
  EXPECT_EQ(alice.scopes(), Scopes().with(Scope::CallRead)) << "her key is still there";
  write(TokenSigner::hs256("k1", std::string(32, 'n')).jwks());
  EXPECT_EQ(alice.scopes(), std::nullopt) << "another key under its name is not hers";
  EXPECT_EQ(admit(bearing(token())), "401");
  write("nonsense");
  EXPECT_EQ(admit(bearing(TokenSigner::hs256("k1", std::string(32, 'n')).token(R"({"sub":"carol","scope":"admin","exp":1800003900})"))), "jwt:carol");
}

TEST_F(SignedGate, takes_no_secrets_that_others_may_read_and_no_keys_that_others_may_write) {
  std::filesystem::permissions(path(), std::filesystem::perms(0644));
  EXPECT_THAT(blocking_open_jwks(path()).error().message(), HasSubstr("everybody on this machine may read it; chmod 600"));
  write(TokenSigner::es256("k2").jwks());
  std::filesystem::permissions(path(), std::filesystem::perms(0644));
  EXPECT_TRUE(blocking_open_jwks(path()));
  std::filesystem::permissions(path(), std::filesystem::perms(0666));
  EXPECT_THAT(blocking_open_jwks(path()).error().message(), HasSubstr("others may write to the file of keys"));
  EXPECT_THAT(blocking_open_jwks(path() + "x").error().message(), HasSubstr("cannot be read: No such file"));
}

}  // namespace
}  // namespace callwright::server
