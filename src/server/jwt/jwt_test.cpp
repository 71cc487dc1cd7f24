#include "server/jwt/jwt.hpp"

#include "server/jwt/token_signer.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace callwright::server {
namespace {

using namespace std::chrono_literals;
using testing::HasSubstr;
using testing::Not;

constexpr base::WallTime kNow{std::chrono::seconds(1'800'000'000)};
constexpr const char* kClaims = R"({"sub":"alice@example.com","exp":1800000100,"scope":"openid call:read"})";

/// RFC 7515 Appendix A: the payload is that of RFC 7519 §3.1.
constexpr std::string_view kPayload = "eyJpc3MiOiJqb2UiLA0KICJleHAiOjEzMDA4MTkzODAsDQogImh0dHA6Ly9leGFtcGxlLmNvbS9pc19yb290Ijp0cnVlfQ";

struct Example {
  const char* name;
  const char* jwk;
  const char* header;
  const char* signature;
};
constexpr Example kExamples[] = {
    {"A.1", R"({"kty":"oct","k":"AyM1SysPpbyDfgZld3umj1qzKObwVMkoqQ-EstJQLr_T-1qS0gZH75aKtMN3Yj0iPS4hcgUuTwjAzZr1Z9CAow"})",
     "eyJ0eXAiOiJKV1QiLA0KICJhbGciOiJIUzI1NiJ9", "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk"},
    {"A.2",
     R"({"kty":"RSA","e":"AQAB","n":"ofgWCuLjybRlzo0tZWJjNiuSfb4p4fAkd_wWJcyQoTbji9k0l8W26mPddxHmfHQp-Vaw-4qPCJrcS2mJPMEzP1Pt0Bm4d4QlL-yRT-SFd2lZS-pCgNMsD1W_YpRPEwOWvG6b32690r2jZ47soMZo9wGzjb_7OMg0LOL-bSf63kpaSHSXndS5z5rexMdbBYUsLA9e-KXBdQOS-UTo7WTBEMa2R2CapHg665xsmtdVMTBQY4uDZlxvb3qCo5ZwKh9kG4LT6_I5IhlJH7aGhyxXFvUK-DWNmoudF8NAco9_h9iaGNj8q2ethFkMLs91kzk2PAcDTW9gb54h4FRWyuXpoQ"})",
     "eyJhbGciOiJSUzI1NiJ9",
     "cC4hiUPoj9Eetdgtv3hF80EGrhuB__dzERat0XF9g2VtQgr9PJbu3XOiZj5RZmh7AAuHIm4Bh-0Qc_lF5YKt_O8W2Fp5jujGbds9uJdbF9CUAr7t1dnZcAcQjbKBYNX4BAynRFdiuB--f_"
     "nZLgrnbyTyWzO75vRK5h6xBArLIARNPvkSjtQBMHlb1L07Qe7K0GarZRmB_eSN9383LcOLn6_dO--xi12jzDwusC-"
     "eOkHWEsqtFZESc6BfI7noOPqvhJ1phCnvWh6IeYI2w9QOYEUipUTI8np6LbgGY9Fs98rqVt5AXLIhWkWywlVmtVrBp0igcN_IoypGlUPQGe77Rw"},
    {"A.3", R"({"kty":"EC","crv":"P-256","x":"f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU","y":"x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a0"})",
     "eyJhbGciOiJFUzI1NiJ9", "DtEhU3ljbEg8L38VWAfUAqOyKAM6-Xx-F4GawxaepmXFCgfTjDxw5djxLa8ISlSApmWQxfKTUJqPP3-Kg6NU1Q"},
};

TEST(JwtSignature, is_right_in_the_examples_of_the_rfc_and_nowhere_near_them) {
  for (const Example& example : kExamples) {
    const auto keys = JwkSet::parse(std::string("{\"keys\":[") + example.jwk + "]}", "").value();
    const std::string text = std::string(example.header) + "." + std::string(kPayload) + ".";
    const auto read = read_signed(text + example.signature, keys);
    ASSERT_TRUE(read) << example.name << ": " << read.error().message();
    EXPECT_EQ(read->payload, "{\"iss\":\"joe\",\r\n \"exp\":1300819380,\r\n \"http://example.com/is_root\":true}");
    EXPECT_TRUE(keys.has(read->key));
    std::string other = text + example.signature;
    for (const std::size_t at : {text.size() - 4, text.size(), other.size() / 2 + text.size() / 2}) {
      std::string changed = other;
      changed[at] = changed[at] == 'A' ? 'B' : 'A';
      EXPECT_FALSE(read_signed(changed, keys)) << example.name << " " << at;
    }
    EXPECT_FALSE(read_signed(text, keys)) << example.name;
    EXPECT_FALSE(read_signed(text + example.signature + "AA", keys)) << example.name;
    EXPECT_THAT(read_jwt(other, keys, {}, kNow).error().message(), HasSubstr("it has expired"));
  }
}

class Signed : public testing::Test {
 protected:
  static std::string problem(const std::string& token, const JwtRules& rules = {}) {
    const auto jwt = read_jwt(token, keys(), rules, kNow);
    return jwt ? "" : jwt.error().message();
  }
  static const TokenSigner& secret() {
    static const auto kSigner = TokenSigner::hs256("hs");
    return kSigner;
  }
  static const TokenSigner& rsa() {
    static const auto kSigner = TokenSigner::rs256("rs");
    return kSigner;
  }
  static const TokenSigner& curve() {
    static const auto kSigner = TokenSigner::es256("es");
    return kSigner;
  }
  static const JwkSet& keys() {
    static const auto kKeys = JwkSet::parse("{\"keys\":[" + secret().jwk() + "," + rsa().jwk() + "," + curve().jwk() + "]}", "").value();
    return kKeys;
  }
};

TEST_F(Signed, token_says_who_it_is_what_it_may_do_and_until_when) {
  for (const TokenSigner* const signer : {&secret(), &rsa(), &curve()}) {
    const auto jwt = read_jwt(signer->token(kClaims), keys(), {}, kNow);
    ASSERT_TRUE(jwt) << jwt.error().message();
    EXPECT_EQ(jwt->subject, "alice@example.com");
    EXPECT_EQ(jwt->scopes, Scopes().with(Scope::CallRead));
    EXPECT_EQ(jwt->end, 1'800'000'160s);
    EXPECT_TRUE(keys().has(jwt->key));
  }
}

TEST_F(Signed, token_is_not_taken_under_another_algorithm) {
  for (const char* const none : {"none", "None", "NONE", "", "hs256", "HS512", "RS384", "PS256", "EdDSA"}) {
    const std::string header = std::string(R"({"alg":")") + none + R"(","kid":"hs"})";
    EXPECT_THAT(problem(secret().sign(header, kClaims)), HasSubstr("there are HS256, RS256 and ES256")) << none;
    EXPECT_NE(problem(to_base64url(header) + "." + to_base64url(kClaims) + "."), "") << none;
  }
  EXPECT_THAT(problem(secret().sign(R"({"kid":"hs"})", kClaims)), HasSubstr("no alg"));
  // What everybody knows of the RSA key as the secret of an HMAC.
  const auto confused = TokenSigner::hs256("rs", rsa().jwk());
  EXPECT_THAT(problem(confused.token(kClaims)), HasSubstr("its alg is HS256, but the key \"rs\" is for RS256"));
  EXPECT_THAT(problem(rsa().sign(R"({"alg":"ES256","kid":"rs"})", kClaims)), HasSubstr("is for RS256"));
}

TEST_F(Signed, token_is_not_taken_with_another_key) {
  EXPECT_THAT(problem(TokenSigner::es256("es").token(kClaims)), HasSubstr("its signature is wrong"));
  EXPECT_THAT(problem(TokenSigner::es256("who").token(kClaims)), HasSubstr("no key of its kid \"who\""));
  EXPECT_THAT(problem(curve().sign(R"({"alg":"ES256","kid":7})", kClaims)), HasSubstr("its kid is no text"));
  // A key that comes with the token is not looked at.
  const auto own = TokenSigner::es256("own");
  EXPECT_THAT(problem(own.sign(R"({"alg":"ES256","jwk":)" + own.jwk() + "}", kClaims)), HasSubstr("its signature is wrong"));
  EXPECT_EQ(problem(curve().sign(R"({"alg":"ES256"})", kClaims)), "") << "there is one key for ES256";
  EXPECT_THAT(problem(curve().sign(R"({"alg":"ES256","kid":")" + std::string(2000, 'k') + "\"}", kClaims)), testing::SizeIs(testing::Lt(200U)));
}

TEST_F(Signed, token_is_not_taken_with_a_header_that_is_not_understood) {
  EXPECT_THAT(problem(curve().sign(R"({"alg":"ES256","crit":["b64"],"b64":false})", kClaims)), HasSubstr("crit"));
  EXPECT_THAT(problem(curve().sign(R"({"alg":"none","alg":"ES256"})", kClaims)), HasSubstr("its header has \"alg\" twice"));
  EXPECT_THAT(problem(curve().sign(R"(["ES256"])", kClaims)), HasSubstr("its header is no JSON object"));
  EXPECT_THAT(problem(curve().sign(R"({"alg":"ES256","typ":"secevent+jwt"})", kClaims)), HasSubstr("its typ is neither"));
  for (const char* const type : {"JWT", "jwt", "at+jwt", "application/at+jwt"}) {
    EXPECT_EQ(problem(curve().sign(std::string(R"({"alg":"ES256","typ":")") + type + "\"}", kClaims)), "") << type;
  }
  EXPECT_NE(problem(curve().sign(std::string(1000, '[') + std::string(1000, ']'), kClaims)), "");
}

TEST_F(Signed, token_is_refused_when_it_is_malformed_or_too_long) {
  const std::string good = curve().token(kClaims);
  const std::size_t dot = good.find('.');
  for (const std::string& token : {std::string(), std::string(".."), std::string("a.b"), good + ".x", good + "=", " " + good, "!" + good.substr(1),
                                   good.substr(0, dot) + "=" + good.substr(dot)}) {
    EXPECT_NE(problem(token), "") << token;
  }
  EXPECT_THAT(problem(curve().token(R"({"x":")" + std::string(6000, 'x') + "\"}")), HasSubstr("6144 are the most"));
}

TEST_F(Signed, token_is_over_at_its_end_and_not_before_its_beginning) {
  const auto at = [](const std::string& times) { return problem(curve().token(R"({"sub":"a","scope":"admin")" + times + "}")); };
  EXPECT_THAT(at(""), HasSubstr("it has no exp"));
  EXPECT_EQ(at(R"(,"exp":1799999941)"), "") << "the clocks may be a minute apart";
  EXPECT_EQ(at(R"(,"exp":1.8000001e9)"), "");
  EXPECT_THAT(at(R"(,"exp":1799999940)"), HasSubstr("it has expired"));
  EXPECT_THAT(at(R"(,"exp":1800000100,"nbf":1800000061)"), HasSubstr("not in force yet"));
  EXPECT_EQ(at(R"(,"exp":1800000100,"nbf":1800000060)"), "");
  EXPECT_THAT(at(R"(,"exp":1800000100,"iat":1800000061)"), HasSubstr("made in the future"));
  EXPECT_EQ(at(R"(,"exp":1800000100,"iat":1800000060)"), "");
  for (const char* const time : {"1e99", "1e999999999", "-1", "1e-999999999", "\"1800000100\"", "null", "253402300800", "99999999999999999999999999"}) {
    EXPECT_NE(at(std::string(",\"exp\":") + time), "") << time;
    EXPECT_NE(at(std::string(R"(,"exp":1800000100,"nbf":)") + time), "") << time;
  }
  EXPECT_EQ(at(R"(,"exp":253402300799)"), "") << "the end of the year 9999";
}

TEST_F(Signed, token_has_to_come_from_whom_it_should_and_be_for_us) {
  const auto with = [](const std::string& parties, const JwtRules& rules) {
    return problem(curve().token(R"({"sub":"a","scope":"admin","exp":1800000100)" + parties + "}"), rules);
  };
  const JwtRules rules{.issuer = "https://id.example", .audience = "callwright"};
  EXPECT_EQ(with(R"(,"iss":"https://id.example","aud":"callwright")", rules), "");
  EXPECT_EQ(with(R"(,"iss":"https://id.example","aud":["x","callwright"])", rules), "");
  EXPECT_THAT(with(R"(,"aud":"callwright")", rules), HasSubstr("not call_api.jwt_issuer"));
  EXPECT_THAT(with(R"(,"iss":"https://id.example.evil","aud":"callwright")", rules), HasSubstr("not call_api.jwt_issuer"));
  EXPECT_THAT(with(R"(,"iss":["https://id.example"],"aud":"callwright")", rules), HasSubstr("not call_api.jwt_issuer"));
  EXPECT_THAT(with(R"(,"iss":"https://id.example","aud":["x"])", rules), HasSubstr("is not in its aud"));
  EXPECT_THAT(with(R"(,"iss":"https://id.example")", rules), HasSubstr("is not in its aud"));
  EXPECT_EQ(with(R"(,"iss":"anybody")", {}), "");
  EXPECT_THAT(with(R"(,"aud":"somebody")", {}), HasSubstr("call_api.jwt_audience")) << "RFC 7519 §4.1.3";
}

TEST_F(Signed, token_needs_a_name_and_scopes) {
  const auto jwt = [](const std::string& claims) { return read_jwt(curve().token("{\"exp\":1800000100" + claims + "}"), keys(), {}, kNow); };
  EXPECT_EQ(jwt(R"(,"sub":"a","scope":["call:read","call:control","x",5])")->scopes, Scopes::parse("call:read,call:control"));
  EXPECT_EQ(jwt(R"(,"sub":"a","scope":" admin  x ")")->scopes, Scopes::all());
  for (const char* const none : {"", R"(,"scope":"")", R"(,"scope":"call:readx call")", R"(,"scope":{"admin":true})", R"(,"scope":"call:read,admin")"}) {
    EXPECT_THAT(jwt(std::string(R"(,"sub":"a")") + none).error().message(), HasSubstr("its scope has none of call:read, call:control, admin")) << none;
  }
  for (const std::string& subject : {std::string(R"("")"), std::string("7"), std::string(R"("a\nb")"), "\"" + std::string(129, 'a') + "\""}) {
    EXPECT_THAT(jwt(R"(,"scope":"admin","sub":)" + subject).error().message(), HasSubstr("its sub")) << subject;
  }
  EXPECT_FALSE(jwt(R"(,"scope":"admin")"));
  EXPECT_THAT(jwt(R"(,"sub":"a","scope":"call:read","scope":"admin")").error().message(), HasSubstr("its payload has \"scope\" twice"));
  EXPECT_THAT(problem(curve().token("[1]")), HasSubstr("its payload is no JSON object"));
}

}  // namespace
}  // namespace callwright::server
