#include "server/jwt/jwk_set.hpp"

#include "server/jwt/token_signer.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace callwright::server {
namespace {

using testing::HasSubstr;
using testing::Not;
using testing::SizeIs;

std::string problem(std::string_view text) {
  const auto set = JwkSet::parse(text, "jwks.json");
  return set ? "" : set.error().message();
}
std::string problem_of_key(const std::string& jwk) { return problem("{\"keys\":[" + jwk + "]}"); }

TEST(Base64url, has_no_padding_and_no_other_characters) {
  EXPECT_EQ(from_base64url("-_8"), (std::vector<std::uint8_t>{0xFB, 0xFF}));
  EXPECT_EQ(from_base64url(""), std::vector<std::uint8_t>());
  for (const char* const wrong : {"+/8", "-_8=", "A", "-_9", "-_ 8", "-_8\n", "é"}) {
    EXPECT_EQ(from_base64url(wrong), std::nullopt) << wrong;
  }
}

TEST(JwkSet, has_the_keys_that_tokens_are_signed_with_and_leaves_others_out) {
  const auto signer = TokenSigner::es256("mine");
  const auto set = JwkSet::parse("{\"keys\":[" + signer.jwk() +
                                     R"(,{"kty":"OKP","crv":"Ed25519","x":"AA"},{"kty":"EC","crv":"P-384"},{"kty":"RSA","use":"enc"},
                                        {"kty":"RSA","alg":"RS512"},{"kty":"oct","key_ops":["sign"]},{"kty":7},{}],"more":1})",
                                 "jwks.json")
                       .value();
  ASSERT_THAT(set.keys(), SizeIs(1));
  EXPECT_EQ(set.keys()[0].id, "mine");
  EXPECT_EQ(set.keys()[0].key.algorithm(), JwtAlgorithm::Es256);
  EXPECT_FALSE(set.has_secrets());
  EXPECT_TRUE(set.has(set.keys()[0].key.fingerprint()));
  EXPECT_FALSE(set.has(JwkSet::parse(TokenSigner::es256("mine").jwks(), "")->keys()[0].key.fingerprint()));
  EXPECT_TRUE(JwkSet::parse(TokenSigner::hs256("secret").jwks(), "")->has_secrets());
}

/// RFC 7517 Appendix A.1.
TEST(JwkSet, reads_the_example_of_the_rfc_save_for_the_key_that_encrypts) {
  const auto set = JwkSet::parse(R"({"keys":[
    {"kty":"EC","crv":"P-256","x":"MKBCTNIcKUSDii11ySs3526iDZ8AiTo7Tu6KPAqv7D4","y":"4Etl6SRW2YiLUrN5vfvVHuhp7x8PxltmWWlbbM4IFyM","use":"enc","kid":"1"},
    {"kty":"RSA","n":"0vx7agoebGcQSuuPiLJXZptN9nndrQmbXEps2aiAFbWhM78LhWx4cbbfAAtVT86zwu1RK7aPFFxuhDR1L6tSoc_BJECPebWKRXjBZCiFV4n3oknjhMstn64tZ_2W-5JsGY4Hc5n9yBXArwl93lqt7_RN5w6Cf0h4QyQ5v-65YGjQR0_FDW2QvzqY368QQMicAtaSqzs8KJZgnYb9c7d0zgdAZHzu6qMQvRL5hajrn1n91CbOpbISD08qNLyrdkt-bFTWhAI4vMQFh6WeZu0fM4lFd2NcRwr3XPksINHaQ-G_xBniIqbw0Ls1jF44-csFCur-kEgU8awapJzKnqDKgw","e":"AQAB","alg":"RS256","kid":"2011-04-29"}]})",
                                 "jwks.json")
                       .value();
  ASSERT_THAT(set.keys(), SizeIs(1));
  EXPECT_EQ(set.keys()[0].id, "2011-04-29");
}

TEST(JwkSet, says_which_key_cannot_be_used_and_why) {
  EXPECT_THAT(problem_of_key(TokenSigner::rs256("short", 1024).jwk()),
              HasSubstr("jwks.json: key 1 (kid \"short\"): an RSA key has 2048 to 8192 bits, this one has 1024"));
  EXPECT_THAT(problem_of_key(TokenSigner::hs256("s", std::string(31, 'x')).jwk()), HasSubstr("32 bytes at least (RFC 7518 §3.2), this one has 31"));
  const std::string modulus = to_base64url(std::string(256, '\xFF'));
  EXPECT_THAT(problem_of_key(R"({"kty":"RSA","n":")" + to_base64url(std::string(1025, '\xFF')) + R"(","e":"AQAB"})"), HasSubstr("this one has 8200"));
  for (const std::string exponent : {"AQ", "BA", "AQAAAAE"}) {
    EXPECT_THAT(problem_of_key(R"({"kty":"RSA","n":")" + modulus + R"(","e":")" + exponent + "\"}"), HasSubstr("the exponent of an RSA key is odd"))
        << exponent;
  }
  EXPECT_THAT(problem_of_key(R"({"kty":"RSA","n":")" + modulus + R"(","e":"AQAB="})"), HasSubstr("\"e\" has to be a text in base64url"));
  EXPECT_THAT(problem_of_key(R"({"kty":"RSA","e":"AQAB"})"), HasSubstr("\"n\" has to be a text in base64url"));
  const std::string coordinate = to_base64url(std::string(32, '\x01'));
  EXPECT_THAT(problem_of_key(R"({"kty":"EC","crv":"P-256","x":")" + coordinate + R"(","y":")" + coordinate + "\"}"), HasSubstr("no point of P-256"));
  EXPECT_THAT(problem_of_key(R"({"kty":"EC","crv":"P-256","x":"AQ","y":"AQ"})"), HasSubstr("32 bytes each"));
  EXPECT_THAT(problem_of_key(R"({"kty":"EC","crv":"P-256","d":"AQ"})"), HasSubstr("this is the private key"));
}

TEST(JwkSet, takes_nothing_that_can_be_read_in_two_ways) {
  const auto signer = TokenSigner::hs256("a");
  EXPECT_THAT(problem("{\"keys\":[" + signer.jwk() + "," + signer.jwk() + "]}"), HasSubstr("key 2 (kid \"a\"): there is a key of that kid already"));
  EXPECT_THAT(problem_of_key(R"({"kty":"oct","kty":"RSA"})"), HasSubstr("\"kty\" is there twice"));
  EXPECT_THAT(problem(R"({"keys":[],"keys":[]})"), HasSubstr("expected a set of keys"));
}

TEST(JwkSet, says_what_is_expected_of_the_file) {
  EXPECT_THAT(problem("nonsense"), HasSubstr("jwks.json: this is no JSON"));
  for (const char* const wrong : {"[]", "{}", R"({"keys":{}})", "1"}) {
    EXPECT_THAT(problem(wrong), HasSubstr("expected a set of keys")) << wrong;
  }
  EXPECT_THAT(problem(R"({"keys":[]})"), HasSubstr("there is no key for HS256, RS256 or ES256"));
  EXPECT_THAT(problem(R"({"keys":[5]})"), HasSubstr("a key is an object"));
  EXPECT_THAT(problem_of_key(R"({"kty":"oct","kid":7,"k":"AQ"})"), HasSubstr("\"kid\" has to be a text"));
  std::string many = "{}";
  for (std::size_t count = 0; count < JwkSet::kMaxKeys; ++count) {
    many += ",{}";
  }
  EXPECT_THAT(problem_of_key(many), HasSubstr("100 keys at most"));
}

TEST(JwkSet, never_repeats_a_secret) {
  EXPECT_THAT(problem_of_key(R"({"kty":"oct","k":"c2VjcmV0"})"), Not(HasSubstr("c2VjcmV0")));
  EXPECT_THAT(problem_of_key(R"({"kty":"oct","k":"c2VjcmV0+"})"), Not(HasSubstr("c2VjcmV0")));
}

TEST(JwkSet, finds_the_key_that_a_token_asks_for) {
  const auto set =
      JwkSet::parse("{\"keys\":[" + TokenSigner::hs256("a").jwk() + "," + TokenSigner::es256("b").jwk() + "," + TokenSigner::es256("c").jwk() + "]}", "")
          .value();
  EXPECT_EQ(set.find("b", JwtAlgorithm::Es256)->fingerprint(), set.keys()[1].key.fingerprint());
  EXPECT_EQ(set.find(std::nullopt, JwtAlgorithm::Hs256)->fingerprint(), set.keys()[0].key.fingerprint());
  EXPECT_THAT(set.find("d", JwtAlgorithm::Es256).error().message(), HasSubstr("no key of its kid \"d\""));
  EXPECT_THAT(set.find("", JwtAlgorithm::Es256).error().message(), HasSubstr("no key of its kid"));
  EXPECT_THAT(set.find("b", JwtAlgorithm::Hs256).error().message(), HasSubstr("its alg is HS256, but the key \"b\" is for ES256"));
  EXPECT_THAT(set.find(std::nullopt, JwtAlgorithm::Es256).error().message(), HasSubstr("several keys for ES256"));
  EXPECT_THAT(set.find(std::nullopt, JwtAlgorithm::Rs256).error().message(), HasSubstr("no key for its alg, RS256"));
}

}  // namespace
}  // namespace callwright::server
