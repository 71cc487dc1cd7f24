#include "sip/message.hpp"

#include <gtest/gtest.h>

#include <string>

namespace callwright::sip {
namespace {

TEST(Masked, hides_the_secrets_of_digest) {
  EXPECT_EQ(masked("REGISTER sip:a SIP/2.0\r\n"
                   "Authorization: Digest username=\"bob\", realm=\"r\", uri=\"sip:a\", response=\"6629fae4\", cnonce = \"0a4f\", nc=00000001\r\n"
                   "To: <sip:bob@a>\r\n\r\n"),
            "REGISTER sip:a SIP/2.0\r\n"
            "Authorization: Digest username=\"bob\", realm=\"r\", uri=\"sip:a\", response=\"***\", cnonce = \"***\", nc=00000001\r\n"
            "To: <sip:bob@a>\r\n\r\n");
}

TEST(Masked, hides_unquoted_and_folded_secrets_and_those_without_end) {
  EXPECT_EQ(masked("A\r\nproxy-authorization : digest response=abc,\r\n cnonce=def\r\n\r\n"),
            "A\r\nproxy-authorization : digest response=***,\r\n cnonce=***\r\n\r\n");
  EXPECT_EQ(masked("A\r\nAuthorization:\r\n Digest response=\"abc"), "A\r\nAuthorization:\r\n Digest response=\"***");
  EXPECT_EQ(masked("A\r\nAuthentication-Info: rspauth=\"abc\", nextnonce=\"n\"\r\n\r\n"), "A\r\nAuthentication-Info: rspauth=\"***\", nextnonce=\"n\"\r\n\r\n");
}

TEST(Masked, is_not_led_astray_by_a_quoted_name) {
  EXPECT_EQ(masked("A\r\nAuthorization: Digest username=\"x\\\", response=1\", response=\"2\"\r\n"),
            "A\r\nAuthorization: Digest username=\"x\\\", response=1\", response=\"***\"\r\n");
}

TEST(Masked, hides_all_of_other_schemes) {
  EXPECT_EQ(masked("A\r\nAuthorization: Bearer abc.def \r\nX: y\r\n\r\n"), "A\r\nAuthorization: Bearer *** \r\nX: y\r\n\r\n");
  EXPECT_EQ(masked("A\r\nProxy-Authorization:Basic a,b\r\n\r\n"), "A\r\nProxy-Authorization:Basic ***\r\n\r\n");
  EXPECT_EQ(masked("A\r\nAuthorization:\r\n\r\n"), "A\r\nAuthorization:\r\n\r\n");
}

TEST(Masked, hides_passwords_in_uris) {
  EXPECT_EQ(masked("INVITE sip:bob:secret@host:5060 SIP/2.0\r\nTo: <SIPS:bob:pw@h>, <sip:h:5060>, <sip:bob@h:1>\r\n"
                   "Authorization: Digest uri=\"sip:bob:secret@host\"\r\n\r\n"),
            "INVITE sip:bob:***@host:5060 SIP/2.0\r\nTo: <SIPS:bob:***@h>, <sip:h:5060>, <sip:bob@h:1>\r\n"
            "Authorization: Digest uri=\"sip:bob:***@host\"\r\n\r\n");
}

TEST(Masked, hides_media_keys_in_the_body) {
  EXPECT_EQ(masked("A\r\n\r\na=crypto:1 AES_CM_128_HMAC_SHA1_80 inline:d0RmdmcmVCspeEc3|2^20;inline:KEY\r\na=ice-pwd:asd88\r\na=sendrecv\r\n"),
            "A\r\n\r\na=crypto:1 AES_CM_128_HMAC_SHA1_80 inline:***|2^20;inline:***\r\na=ice-pwd:***\r\na=sendrecv\r\n");
}

TEST(Masked, hides_credentials_behind_leading_line_ends_and_in_bodies) {
  EXPECT_EQ(masked("\r\n\r\nA\r\nAuthorization: X y\r\n\r\nAuthorization: X y\r\n"), "\r\n\r\nA\r\nAuthorization: X ***\r\n\r\nAuthorization: X ***\r\n");
}

TEST(Masked, leaves_the_rest_as_it_is) {
  for (const std::string_view text : {"", "\r\n", "no line end", "A\r\nX: response=\"1\"\r\n\r\nbody\r\n"})
    EXPECT_EQ(masked(text), text);
}

TEST(Masked, is_linear_in_hostile_text) {
  std::string uris = "A\r\nX: ";
  for (int i = 0; i < 16'000; ++i)
    uris += "sip:";
  EXPECT_EQ(masked(uris), uris);
}

}  // namespace
}  // namespace callwright::sip
