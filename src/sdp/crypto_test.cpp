#include "sdp/crypto.hpp"

#include <gmock/gmock.h>

#include <set>

namespace callwright::sdp {
namespace {

using base::Errc;
using testing::SizeIs;

// RFC 4568 §4 has 30 bytes of key and salt in this form.
constexpr const char* kKey = "inline:WVNfX19zZW1jdGwgKCkgewkyMjA7fQp9CnVubGVz";

std::string attribute(std::string_view suite, std::string_view key) { return "1 " + std::string(suite) + " " + std::string(key); }

TEST(Crypto, is_read_and_written) {
  const auto crypto = Crypto::parse(std::string("1 AES_CM_128_HMAC_SHA1_80 ") + kKey + "|2^20");
  ASSERT_TRUE(crypto) << crypto.error().detail;
  EXPECT_EQ(crypto->tag, 1U);
  EXPECT_EQ(crypto->suite, CryptoSuite::AesCm128HmacSha1Tag80);
  EXPECT_THAT(crypto->key_and_salt, SizeIs(30));
  EXPECT_EQ(crypto->to_string(), std::string("1 AES_CM_128_HMAC_SHA1_80 ") + kKey);
  EXPECT_TRUE(Crypto::parse(std::string("7 aes_cm_128_hmac_sha1_32 ") + kKey + "|1048576"));
  EXPECT_TRUE(Crypto::parse(std::string("1 AES_CM_128_HMAC_SHA1_80 ") + kKey + " WSH=64 -NEWS=1")) << "what may be ignored is";
}

TEST(Crypto, refuses_what_it_cannot_do_and_does_not_tell_the_key) {
  const std::string suite = "AES_CM_128_HMAC_SHA1_80";
  const std::string key = kKey;
  const auto code = [](const std::string& value) {
    const auto crypto = Crypto::parse(value);
    EXPECT_EQ(crypto.error().detail.find("WVNf"), std::string::npos);
    return crypto.error().code;
  };
  EXPECT_EQ(code(attribute("F8_128_HMAC_SHA1_80", key)), Errc::Unsupported);
  EXPECT_EQ(code(attribute(suite, key + "|2^20|1:4")), Errc::Unsupported);
  EXPECT_EQ(code(attribute(suite, key + ";" + key)), Errc::Unsupported);
  EXPECT_EQ(code(attribute(suite, key + " UNENCRYPTED_SRTP")), Errc::Unsupported);
  EXPECT_EQ(code(attribute(suite, key + "|2^99")), Errc::InvalidArgument);
  EXPECT_EQ(code(attribute(suite, key + "AAAA")), Errc::InvalidArgument);
  EXPECT_EQ(code(attribute("AES_256_CM_HMAC_SHA1_80", key)), Errc::InvalidArgument);
  EXPECT_EQ(code(attribute(suite, "inline:")), Errc::InvalidArgument);
  EXPECT_EQ(code(attribute(suite, "uri:x")), Errc::InvalidArgument);
  EXPECT_EQ(code("x " + suite + " " + key), Errc::InvalidArgument);
  EXPECT_EQ(code(""), Errc::InvalidArgument);
}

class CryptoOf : public testing::Test {
 protected:
  Media media(std::string protocol, std::vector<Crypto> crypto = {}) const {
    Media result;
    result.protocol = std::move(protocol);
    set_crypto(result, crypto);
    return result;
  }
  base::DeterministicRandom random_{1};
  const std::vector<Crypto> offer_ = make_crypto_offer(kUsualSuites, random_);
  const std::vector<Crypto> ours_ = make_crypto_offer(kUsualSuites, random_);
};

TEST_F(CryptoOf, an_offer_has_a_key_of_its_own_for_each_suite) {
  std::set<base::SecretBytes> keys;
  for (std::size_t i = 0; i < offer_.size(); ++i) {
    EXPECT_EQ(offer_[i].tag, i + 1);
    EXPECT_EQ(offer_[i].suite, kUsualSuites[i]);
    EXPECT_THAT(offer_[i].key_and_salt, SizeIs(key_size_of(kUsualSuites[i])));
    EXPECT_EQ(Crypto::parse(offer_[i].to_string()).value(), offer_[i]);
    keys.insert(offer_[i].key_and_salt);
  }
  EXPECT_THAT(keys, SizeIs(kUsualSuites.size()));
}

TEST_F(CryptoOf, both_sides_agree_on_each_others_keys) {
  const Media offer = media("RTP/SAVP", offer_);
  const std::array suites{CryptoSuite::AeadAes256Gcm, CryptoSuite::AeadAes128Gcm};
  const auto answered = answer_crypto(offer, make_crypto_offer(suites, random_), MediaSecurity::Required);
  ASSERT_TRUE(answered && *answered);
  EXPECT_EQ((*answered)->remote, offer_[2]) << "the first of the offer that is allowed here";
  EXPECT_EQ((*answered)->local.tag, 3U);
  const Media answer = media("RTP/SAVP", {(*answered)->local});
  const auto accepted = accept_crypto_answer(offer, answer, MediaSecurity::Required);
  ASSERT_TRUE(accepted && *accepted);
  EXPECT_EQ((*accepted)->local, (*answered)->remote);
  EXPECT_EQ((*accepted)->remote, (*answered)->local);
}

TEST_F(CryptoOf, a_secure_offer_is_never_answered_in_the_clear) {
  for (const MediaSecurity policy : {MediaSecurity::Off, MediaSecurity::Optional, MediaSecurity::Required}) {
    EXPECT_EQ(answer_crypto(media("RTP/SAVP"), ours_, policy).error().code, Errc::Unsupported);
    EXPECT_EQ(answer_crypto(media("RTP/SAVPF", offer_), {}, policy).error().code, Errc::Unsupported);
  }
  EXPECT_FALSE(answer_crypto(media("RTP/SAVP", offer_), ours_, MediaSecurity::Off));
}

TEST_F(CryptoOf, the_policy_decides_on_a_plain_offer) {
  EXPECT_EQ(answer_crypto(media("RTP/AVP"), ours_, MediaSecurity::Required).error().code, Errc::Unsupported);
  EXPECT_FALSE(answer_crypto(media("RTP/AVP"), ours_, MediaSecurity::Optional).value());
  EXPECT_FALSE(answer_crypto(media("RTP/AVP", offer_), ours_, MediaSecurity::Off).value());
  EXPECT_TRUE(answer_crypto(media("RTP/AVP", offer_), ours_, MediaSecurity::Optional).value());
  EXPECT_TRUE(answer_crypto(media("RTP/AVP", offer_), ours_, MediaSecurity::Required).value());
}

TEST_F(CryptoOf, an_answer_without_keys_is_taken_only_where_both_allow_it) {
  const Media plain = media("RTP/AVP");
  EXPECT_FALSE(accept_crypto_answer(media("RTP/AVP", offer_), plain, MediaSecurity::Optional).value());
  EXPECT_EQ(accept_crypto_answer(media("RTP/AVP", offer_), plain, MediaSecurity::Required).error().code, Errc::Refused);
  EXPECT_EQ(accept_crypto_answer(media("RTP/SAVP", offer_), plain, MediaSecurity::Optional).error().code, Errc::Refused);
  EXPECT_EQ(accept_crypto_answer(media("RTP/AVP", offer_), media("RTP/SAVP"), MediaSecurity::Optional).error().code, Errc::Refused);
  EXPECT_FALSE(accept_crypto_answer(plain, media("RTP/AVP", {offer_[0]}), MediaSecurity::Off).value());
}

TEST_F(CryptoOf, an_answer_that_was_not_offered_is_refused) {
  const Media offer = media("RTP/SAVP", {offer_[0], offer_[1]});
  Crypto other_tag = offer_[0];
  other_tag.tag = 2;
  for (const std::vector<Crypto>& answer : {std::vector{other_tag}, {offer_[2]}, {offer_[0], offer_[1]}}) {
    EXPECT_EQ(accept_crypto_answer(offer, media("RTP/SAVP", answer), MediaSecurity::Optional).error().code, Errc::Refused);
  }
  Media unreadable = media("RTP/AVP");
  unreadable.attributes.push_back({"crypto", "1 AES_CM_128_HMAC_SHA1_80 inline:short"});
  EXPECT_EQ(accept_crypto_answer(media("RTP/AVP", offer_), unreadable, MediaSecurity::Optional).error().code, Errc::Refused);
}

}  // namespace
}  // namespace callwright::sdp
