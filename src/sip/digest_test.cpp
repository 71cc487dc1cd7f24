#include "sip/digest.hpp"

#include "sip/digest_hash.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace callwright::sip {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;
using Verdict = DigestServer::Verdict;

DigestResponse parsed(std::string_view value) {
  const auto answer = DigestResponse::parse(value);
  EXPECT_TRUE(answer) << value << ": " << (answer ? "" : answer.error().detail);
  return answer ? answer.value() : DigestResponse{};
}

TEST(DigestHash, matches_rfc_2617_3_5) {
  const DigestResponse answer = parsed(
      "Digest username=\"Mufasa\", realm=\"testrealm@host.com\", nonce=\"dcd98b7102dd2f0e8b11d0f600bfb0c093\", uri=\"/dir/index.html\", qop=auth,"
      " nc=00000001, cnonce=\"0a4f113b\", response=\"6629fae49393a05397450978507c4ef1\", opaque=\"5ccc069c403ebaf9f0171e9517f40e41\"");
  const std::string ha1 = digest_ha1(DigestAlgorithm::Md5, "Mufasa", "testrealm@host.com", "Circle Of Life");
  EXPECT_EQ(ha1, "939e7578ed9e3c518a452acee763bce9");
  EXPECT_EQ(expected_response(answer, "GET", ha1), answer.response);
}

TEST(DigestHash, matches_rfc_7616_3_9_1) {
  constexpr std::string_view kFields =
      "Digest username=\"Mufasa\", realm=\"http-auth@example.org\", uri=\"/dir/index.html\", nonce=\"7ypf/xlj9XXwfDPEoM4URrv/xwf94BcCAzFZH4GiTo0v\", "
      "nc=00000001,"
      " cnonce=\"f2/wE4q74E6zIJEtWaHKaf5wv/H5QzzpXusqGemxURZJ\", qop=auth, ";
  const std::string md5_text = std::string(kFields) + "algorithm=MD5, response=\"8ca523f5e9506fed4657c9700eebdbec\"";
  const DigestResponse md5 = parsed(md5_text);
  EXPECT_EQ(expected_response(md5, "GET", digest_ha1(md5.algorithm, "Mufasa", "http-auth@example.org", "Circle of Life")), md5.response);
  const std::string sha_text = std::string(kFields) + "algorithm=SHA-256, response=\"753927fa0e85d155564e2e272a28d1802ca10daf4496794697cf8db5856cb6c1\"";
  const DigestResponse sha = parsed(sha_text);
  EXPECT_EQ(sha.algorithm, DigestAlgorithm::Sha256);
  EXPECT_EQ(expected_response(sha, "GET", digest_ha1(sha.algorithm, "Mufasa", "http-auth@example.org", "Circle of Life")), sha.response);
}

TEST(DigestHash, matches_the_form_without_qop) {
  // MD5(HA1 ":" nonce ":" HA2) with the account of RFC 2617 §3.5, as in its erratum for RFC 2069.
  const DigestResponse answer =
      parsed("Digest username=\"Mufasa\", realm=\"testrealm@host.com\", nonce=\"dcd98b7102dd2f0e8b11d0f600bfb0c093\", uri=\"/dir/index.html\", response=\"x\"");
  EXPECT_EQ(expected_response(answer, "GET", digest_ha1(DigestAlgorithm::Md5, "Mufasa", "testrealm@host.com", "CircleOfLife")),
            "1949323746fe6a43ef61f9606e7febea");
}

TEST(DigestChallenge, reads_parameters_in_any_order_quoted_or_not) {
  const auto challenge =
      DigestChallenge::parse(" digest  qop=\"auth-int, auth\" ,stale=TRUE,algorithm=\"sha-256\",nonce=abc, realm=\"a \\\"b\\\", c\", opaque=\"o\", x=y,");
  ASSERT_TRUE(challenge) << challenge.error().detail;
  EXPECT_EQ(challenge->algorithm, DigestAlgorithm::Sha256);
  EXPECT_TRUE(challenge->algorithm_named);
  EXPECT_EQ(challenge->realm, "a \"b\", c");
  EXPECT_EQ(challenge->nonce, "abc");
  EXPECT_EQ(challenge->opaque, "o");
  EXPECT_EQ(challenge->protection, DigestChallenge::Protection::Auth);
  EXPECT_TRUE(challenge->stale);
}

TEST(DigestChallenge, has_defaults) {
  const auto challenge = DigestChallenge::parse("Digest realm=\"\", nonce=\"n\"");
  ASSERT_TRUE(challenge);
  EXPECT_EQ(challenge->algorithm, DigestAlgorithm::Md5);
  EXPECT_FALSE(challenge->algorithm_named);
  EXPECT_EQ(challenge->protection, DigestChallenge::Protection::None);
  EXPECT_FALSE(challenge->stale);
}

TEST(DigestChallenge, says_what_is_unsupported) {
  for (const std::string_view value :
       {"Basic realm=\"a\"", "Digest realm=\"a\", nonce=\"n\", algorithm=SHA-512", "Digest realm=\"a\", nonce=\"n\", qop=\"other\"", ""}) {
    const auto challenge = DigestChallenge::parse(value);
    ASSERT_FALSE(challenge) << value;
    EXPECT_EQ(challenge.error().code, base::make_error_code(base::Errc::Unsupported)) << value;
  }
}

TEST(DigestChallenge, refuses_malformed_parameters) {
  for (const std::string_view value :
       {"Digest", "Digest realm=\"a\"", "Digest nonce=\"a\"", "Digest realm=\"a\", nonce=\"\"", "Digest realm=\"a\", nonce=\"b",
        "Digest realm=\"a\" nonce=\"b\"", "Digest realm=\"a\", nonce=\"b\", realm=\"c\"", "Digest realm, nonce=\"b\"", "Digest =\"a\""}) {
    const auto challenge = DigestChallenge::parse(value);
    ASSERT_FALSE(challenge) << value;
    EXPECT_EQ(challenge.error().code, base::make_error_code(base::Errc::InvalidArgument)) << value;
  }
  EXPECT_THAT(DigestChallenge::parse("Digest realm=\"a\", nonce=\"b").error().detail, HasSubstr("at byte 24"));
}

TEST(DigestResponse, refuses_what_cannot_be_judged) {
  constexpr std::string_view kGood = "Digest username=\"u\", realm=\"r\", nonce=\"n\", uri=\"sip:a\", response=\"x\"";
  EXPECT_TRUE(DigestResponse::parse(kGood));
  for (const std::string_view name : {"username", "realm", "nonce", "uri", "response"}) {
    std::string text(kGood);
    text.replace(text.find(name), name.size(), "other");
    EXPECT_FALSE(DigestResponse::parse(text)) << text;
  }
  for (const std::string_view more : {", qop=auth", ", qop=auth, nc=00000001", ", qop=auth, cnonce=\"c\"", ", qop=other, nc=00000001, cnonce=\"c\"",
                                      ", algorithm=MD5-sess", ", uri=\"sip:b\""}) {
    EXPECT_FALSE(DigestResponse::parse(std::string(kGood).append(more))) << more;
  }
}

class DigestTest : public ::testing::Test {
 protected:
  static constexpr std::string_view kUri = "sip:example.com";

  DigestServer make_server(std::size_t remembered = 100) {
    return DigestServer("callwright", clock_, random_, {.nonce_lifetime = std::chrono::minutes(5), .remembered_nonces = remembered});
  }
  static DigestChallenge challenge_of(DigestServer& server, DigestAlgorithm algorithm = DigestAlgorithm::Md5) {
    return DigestChallenge::parse(server.challenge(algorithm, false)).value();
  }
  static Verdict judge(DigestServer& server, std::string_view value, std::string_view method = "REGISTER", std::string_view password = "pw") {
    const DigestResponse answer = parsed(value);
    return server.verify(answer, method, digest_ha1(answer.algorithm, "bob", "callwright", password));
  }

  base::ManualClock clock_;
  base::DeterministicRandom random_{1};
  DigestClient client_{{"bob", "pw"}, random_};
};

TEST_F(DigestTest, accepts_the_right_password_with_each_algorithm) {
  DigestServer server = make_server();
  for (const DigestAlgorithm algorithm : kDigestAlgorithms) {
    const DigestChallenge challenge = challenge_of(server, algorithm);
    EXPECT_EQ(challenge.algorithm, algorithm);
    EXPECT_EQ(judge(server, client_.authorize(challenge, "REGISTER", kUri)), Verdict::Accepted);
  }
}

TEST_F(DigestTest, refuses_another_password_method_realm_or_uri) {
  DigestServer server = make_server();
  const DigestChallenge challenge = challenge_of(server);
  EXPECT_EQ(judge(server, client_.authorize(challenge, "REGISTER", kUri), "REGISTER", "other"), Verdict::Wrong);
  EXPECT_EQ(judge(server, client_.authorize(challenge, "REGISTER", kUri), "INVITE"), Verdict::Wrong);
  std::string other_uri = client_.authorize(challenge, "REGISTER", kUri);
  other_uri.replace(other_uri.find(kUri), kUri.size(), "sip:example.org");
  EXPECT_EQ(judge(server, other_uri), Verdict::Wrong);
  DigestChallenge other_realm = challenge;
  other_realm.realm = "elsewhere";
  EXPECT_EQ(judge(server, client_.authorize(other_realm, "REGISTER", kUri)), Verdict::Wrong);
  EXPECT_EQ(judge(server, client_.authorize(challenge, "REGISTER", kUri)), Verdict::Accepted);
}

TEST_F(DigestTest, client_writes_what_servers_want) {
  DigestServer server = make_server();
  DigestChallenge challenge = challenge_of(server);
  challenge.opaque = "o\"p";
  const std::string first = client_.authorize(challenge, "REGISTER", kUri);
  EXPECT_THAT(first, HasSubstr(", qop=auth, nc=00000001, cnonce=\""));
  EXPECT_THAT(first, HasSubstr(", algorithm=MD5"));
  EXPECT_THAT(first, HasSubstr(", opaque=\"o\\\"p\""));
  for (int i = 2; i < 16; ++i)
    static_cast<void>(client_.authorize(challenge, "REGISTER", kUri));
  EXPECT_THAT(client_.authorize(challenge, "REGISTER", kUri), HasSubstr("nc=00000010"));
  EXPECT_THAT(client_.authorize(challenge_of(server), "REGISTER", kUri), HasSubstr("nc=00000001"));
  challenge.algorithm_named = false;
  challenge.protection = DigestChallenge::Protection::None;
  const std::string plain = client_.authorize(challenge, "REGISTER", kUri);
  EXPECT_THAT(plain, Not(HasSubstr("algorithm")));
  EXPECT_THAT(plain, Not(HasSubstr("qop")));
  EXPECT_THAT(plain, Not(HasSubstr("nc=")));
}

TEST_F(DigestTest, counts_the_uses_of_a_nonce) {
  DigestServer server = make_server();
  const DigestChallenge challenge = challenge_of(server);
  const std::string first = client_.authorize(challenge, "REGISTER", kUri);
  const std::string second = client_.authorize(challenge, "REGISTER", kUri);
  const std::string third = client_.authorize(challenge, "REGISTER", kUri);
  EXPECT_EQ(judge(server, first), Verdict::Accepted);
  EXPECT_EQ(judge(server, first), Verdict::Stale);
  EXPECT_EQ(judge(server, third), Verdict::Accepted);
  EXPECT_EQ(judge(server, second), Verdict::Accepted) << "requests may overtake each other";
  EXPECT_EQ(judge(server, second), Verdict::Stale);
  EXPECT_EQ(judge(server, third), Verdict::Stale);
}

TEST_F(DigestTest, takes_no_count_that_is_far_behind) {
  DigestServer server = make_server();
  const DigestChallenge challenge = challenge_of(server);
  std::vector<std::string> values;
  for (int use = 0; use < 70; ++use) {
    values.push_back(client_.authorize(challenge, "REGISTER", kUri));
  }
  EXPECT_EQ(judge(server, values[69]), Verdict::Accepted);
  EXPECT_EQ(judge(server, values[5]), Verdict::Stale);
  EXPECT_EQ(judge(server, values[6]), Verdict::Accepted);
  EXPECT_EQ(judge(server, values[6]), Verdict::Stale);
}

TEST(DigestHash, matches_other_implementations_for_sessions_bodies_and_sha_512_256) {
  // Computed with Python's hashlib.
  DigestResponse answer;
  answer.nonce = "n";
  answer.cnonce = "c";
  answer.nonce_count = "00000001";
  answer.qop = "auth-int";
  answer.uri = "sip:r";
  for (const auto& [algorithm, expected] : {std::pair{DigestAlgorithm::Md5Session, "646c5475cdbb5d8d30e8d32d5ffeae4a"},
                                            {DigestAlgorithm::Sha256Session, "68b5c9f34b6f70d611f38be01ceb96cc1f9d3847ff4dfe7c3a67c5dcc57bad98"},
                                            {DigestAlgorithm::Sha512256Session, "a8c080dbe34f2d7a9d24a90f81775b0d69e30a8a997ce7feefc2a1f5fd482581"}}) {
    answer.algorithm = algorithm;
    EXPECT_EQ(expected_response(answer, "REGISTER", digest_ha1(algorithm, "bob", "r", "pw"), "body"), expected) << to_string(algorithm);
    EXPECT_NE(expected_response(answer, "REGISTER", digest_ha1(algorithm, "bob", "r", "pw"), "Body"), expected) << to_string(algorithm);
  }
}

TEST_F(DigestTest, protects_the_body_when_the_server_wants_it) {
  DigestServer server("callwright", clock_, random_, {.body_protection = DigestServer::BodyProtection::Required});
  const DigestChallenge challenge = challenge_of(server);
  EXPECT_EQ(challenge.protection, DigestChallenge::Protection::Body);
  const std::string ha1 = digest_ha1(DigestAlgorithm::Md5, "bob", "callwright", "pw");
  const std::string value = client_.authorize(challenge, "REGISTER", kUri, "body");
  EXPECT_EQ(server.verify(parsed(value), "REGISTER", ha1, "other body"), Verdict::Wrong);
  EXPECT_EQ(server.verify(parsed(value), "REGISTER", ha1, "body"), Verdict::Accepted);
  DigestServer offering("callwright", clock_, random_, {.body_protection = DigestServer::BodyProtection::Offered});
  EXPECT_EQ(challenge_of(offering).protection, DigestChallenge::Protection::Auth);
  DigestChallenge plain = challenge_of(server);
  plain.protection = DigestChallenge::Protection::Auth;
  EXPECT_EQ(judge(server, client_.authorize(plain, "REGISTER", kUri)), Verdict::Wrong) << "less than what is required";
}

TEST_F(DigestTest, gives_a_new_nonce_before_the_old_one_ends) {
  DigestServer server = make_server();
  client_.remember();
  const std::string first = client_.authorize(challenge_of(server), "REGISTER", kUri);
  EXPECT_EQ(server.next_nonce(parsed(first)), "");
  clock_.advance(std::chrono::minutes(3));
  const std::string line = server.next_nonce(parsed(first));
  ASSERT_THAT(line, HasSubstr("Authentication-Info: nextnonce=\""));
  client_.take_next_nonce(std::string_view(line).substr(line.find(' '), line.size() - line.find(' ') - 2));
  clock_.advance(std::chrono::minutes(3));
  ASSERT_NE(client_.remembered(), nullptr);
  const std::string second = client_.authorize(*client_.remembered(), "REGISTER", kUri);
  EXPECT_THAT(second, HasSubstr("nc=00000001"));
  EXPECT_EQ(judge(server, second), Verdict::Accepted);
}

TEST_F(DigestTest, takes_the_form_without_qop_once_for_a_nonce) {
  DigestServer server = make_server();
  DigestChallenge challenge = challenge_of(server);
  challenge.protection = DigestChallenge::Protection::None;
  const std::string value = client_.authorize(challenge, "REGISTER", kUri);
  EXPECT_EQ(judge(server, value), Verdict::Accepted);
  EXPECT_EQ(judge(server, value), Verdict::Stale);
}

TEST_F(DigestTest, calls_an_expired_nonce_stale_to_those_who_know_the_password) {
  DigestServer server = make_server();
  const DigestChallenge challenge = challenge_of(server);
  clock_.advance(std::chrono::minutes(5) - std::chrono::nanoseconds(1));
  EXPECT_EQ(judge(server, client_.authorize(challenge, "REGISTER", kUri)), Verdict::Accepted);
  clock_.advance(std::chrono::nanoseconds(1));
  const std::string late = client_.authorize(challenge, "REGISTER", kUri);
  EXPECT_EQ(judge(server, late), Verdict::Stale);
  EXPECT_EQ(judge(server, late, "REGISTER", "other"), Verdict::Wrong);
}

TEST_F(DigestTest, never_accepts_a_forged_nonce) {
  DigestServer server = make_server();
  const DigestChallenge good = challenge_of(server);
  for (std::size_t at = 0; at < good.nonce.size(); ++at) {
    DigestChallenge forged = good;
    forged.nonce[at] = forged.nonce[at] == '0' ? '1' : '0';
    EXPECT_EQ(judge(server, client_.authorize(forged, "REGISTER", kUri)), Verdict::Stale) << at;
  }
  for (const std::string& nonce : {std::string("x"), good.nonce + "0", good.nonce.substr(1), std::string(64, '0'), std::string(64, '-')}) {
    DigestChallenge forged = good;
    forged.nonce = nonce;
    EXPECT_EQ(judge(server, client_.authorize(forged, "REGISTER", kUri)), Verdict::Stale) << nonce;
  }
  DigestServer other = make_server();
  EXPECT_EQ(judge(server, client_.authorize(challenge_of(other), "REGISTER", kUri)), Verdict::Stale);
}

TEST_F(DigestTest, refuses_a_malformed_nonce_count) {
  DigestServer server = make_server();
  const std::string good = client_.authorize(challenge_of(server), "REGISTER", kUri);
  for (const std::string_view count : {"00000000", "000000001", "0000000g", "-0000001", "+1"}) {
    std::string bad = good;
    bad.replace(bad.find("00000001"), 8, count);
    EXPECT_EQ(judge(server, bad), Verdict::Wrong) << count;
  }
}

TEST_F(DigestTest, takes_the_response_in_upper_case) {
  DigestServer server = make_server();
  std::string value = client_.authorize(challenge_of(server), "REGISTER", kUri);
  const std::size_t at = value.find("response=\"") + 10;
  for (std::size_t i = at; i < at + 32; ++i)
    value[i] = static_cast<char>(std::toupper(value[i]));
  EXPECT_EQ(judge(server, value), Verdict::Accepted);
}

TEST_F(DigestTest, takes_a_uri_with_escapes_hashed_either_way) {
  DigestServer server = make_server();
  const DigestChallenge challenge = challenge_of(server);
  EXPECT_EQ(judge(server, client_.authorize(challenge, "REGISTER", "sip:a\"b\\c@d")), Verdict::Accepted);

  const std::string raw_uri = "sip:a\\\"b@d";
  DigestResponse answer;
  answer.username = "bob", answer.realm = "callwright", answer.uri = raw_uri, answer.qop = "auth", answer.nonce_count = "00000009", answer.cnonce = "c";
  answer.nonce = challenge.nonce;
  const std::string ha1 = digest_ha1(DigestAlgorithm::Md5, "bob", "callwright", "pw");
  const std::string response = expected_response(answer, "REGISTER", ha1);
  answer.response = response;
  EXPECT_EQ(server.verify(answer, "REGISTER", ha1), Verdict::Accepted);
}

TEST_F(DigestTest, escapes_a_realm_with_quotes) {
  DigestServer server("a \"b\" \\c", clock_, random_);
  const DigestChallenge challenge = challenge_of(server);
  EXPECT_EQ(challenge.realm, "a \"b\" \\c");
  const std::string value = client_.authorize(challenge, "REGISTER", kUri);
  EXPECT_EQ(server.verify(parsed(value), "REGISTER", digest_ha1(DigestAlgorithm::Md5, "bob", "a \"b\" \\c", "pw")), Verdict::Accepted);
}

TEST_F(DigestTest, marks_a_stale_challenge) {
  DigestServer server = make_server();
  EXPECT_TRUE(DigestChallenge::parse(server.challenge(DigestAlgorithm::Md5, true))->stale);
  EXPECT_FALSE(DigestChallenge::parse(server.challenge(DigestAlgorithm::Md5, false))->stale);
}

TEST_F(DigestTest, cannot_be_replayed_when_it_had_to_forget) {
  DigestServer server = make_server(2);
  std::vector<std::string> used;
  const std::string waiting = client_.authorize(challenge_of(server), "REGISTER", kUri);
  for (int i = 0; i < 5; ++i) {
    clock_.advance(std::chrono::seconds(1));
    used.push_back(client_.authorize(challenge_of(server), "REGISTER", kUri));
    EXPECT_EQ(judge(server, used.back()), Verdict::Accepted);
  }
  for (const std::string& value : used)
    EXPECT_EQ(judge(server, value), Verdict::Stale);
  EXPECT_EQ(judge(server, waiting), Verdict::Stale);  // As old as one that was forgotten, so it might be a replay.
  clock_.advance(std::chrono::seconds(1));
  EXPECT_EQ(judge(server, client_.authorize(challenge_of(server), "REGISTER", kUri)), Verdict::Accepted);
}

TEST_F(DigestTest, forgets_expired_nonces_first) {
  DigestServer server = make_server(2);
  EXPECT_EQ(judge(server, client_.authorize(challenge_of(server), "REGISTER", kUri)), Verdict::Accepted);
  EXPECT_EQ(judge(server, client_.authorize(challenge_of(server), "REGISTER", kUri)), Verdict::Accepted);
  clock_.advance(std::chrono::minutes(4));
  const std::string waiting = client_.authorize(challenge_of(server), "REGISTER", kUri);
  clock_.advance(std::chrono::minutes(1));
  EXPECT_EQ(judge(server, client_.authorize(challenge_of(server), "REGISTER", kUri)), Verdict::Accepted);
  EXPECT_EQ(judge(server, waiting), Verdict::Accepted);
}

}  // namespace
}  // namespace callwright::sip
