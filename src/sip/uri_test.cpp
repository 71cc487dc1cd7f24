#include "sip/uri.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <utility>
#include <vector>

namespace callwright::sip {
namespace {

using ::testing::HasSubstr;

UriView uri(std::string_view text) {
  const auto parsed = UriView::parse(text);
  EXPECT_TRUE(parsed) << text << ": " << (parsed ? "" : parsed.error().detail);
  return parsed ? parsed.value() : UriView{};
}

bool same(std::string_view left, std::string_view right) {
  const bool forth = equivalent(uri(left), uri(right));
  EXPECT_EQ(forth, equivalent(uri(right), uri(left))) << left << " " << right;
  return forth;
}

TEST(Uri, has_parts) {
  const UriView full = uri("sips:alice:secret@atlanta.example.com:5061;transport=tcp;lr?Subject=project%20x&priority=urgent");
  EXPECT_EQ(full.scheme, UriView::Scheme::Sips);
  EXPECT_EQ(full.user, "alice");
  EXPECT_EQ(full.password, "secret");
  EXPECT_EQ(full.host, "atlanta.example.com");
  EXPECT_EQ(full.port, 5061);
  EXPECT_EQ(full.parameters, ";transport=tcp;lr");
  EXPECT_EQ(full.headers, "?Subject=project%20x&priority=urgent");
  EXPECT_EQ(full.parameter("TRANSPORT"), "tcp");
  EXPECT_EQ(full.parameter("lr"), "");
  EXPECT_EQ(full.parameter("l"), std::nullopt);
  EXPECT_TRUE(full.has_parameter("lr"));
  EXPECT_EQ(full.header("subject"), "project%20x");
  EXPECT_EQ(full.header("Priority"), "urgent");
  EXPECT_EQ(full.header("urgent"), std::nullopt);
}

TEST(Uri, may_have_a_host_alone) {
  const UriView host = uri("SIP:example.com");
  EXPECT_EQ(host.user, "");
  EXPECT_EQ(host.host, "example.com");
  EXPECT_EQ(host.port, 0);
  EXPECT_EQ(uri("sip:[2001:db8::1]:5070;lr").host, "[2001:db8::1]");
  EXPECT_EQ(uri("sip:[2001:db8::1]:5070;lr").port, 5070);
  EXPECT_EQ(uri("sip:my_pbx:5060").host, "my_pbx");
}

TEST(Uri, keeps_odd_characters_of_a_user) {
  EXPECT_EQ(uri("sip:user;par=u%40example.net@example.com").user, "user;par=u%40example.net");
  EXPECT_EQ(uri("sip:*97#@h").user, "*97#");
  EXPECT_EQ(uri("sip:+1(201)555@h;user=phone").user, "+1(201)555");
  EXPECT_EQ(uri("sip:null-%00-null@h").user, "null-%00-null");
}

TEST(Uri, knows_tel) {
  const UriView tel = uri("tel:+1-201-555-0123;phone-context=example.com");
  EXPECT_EQ(tel.scheme, UriView::Scheme::Tel);
  EXPECT_EQ(tel.user, "+1-201-555-0123");
  EXPECT_EQ(tel.host, "");
  EXPECT_EQ(tel.parameter("phone-context"), "example.com");
  EXPECT_EQ(tel.address_of_record(), "+12015550123");
}

TEST(Uri, tells_unknown_schemes_from_malformed_text) {
  EXPECT_EQ(UriView::parse("http://example.com").error().code, base::make_error_code(base::Errc::Unsupported));
  EXPECT_EQ(UriView::parse("sip:").error().code, base::make_error_code(base::Errc::InvalidArgument));
  EXPECT_EQ(UriView::parse("sip").error().code, base::make_error_code(base::Errc::InvalidArgument));
}

TEST(Uri, names_the_byte_that_is_wrong) {
  const std::vector<std::pair<std::string, int>> refused = {
      {"", 0},
      {"alice", 0},
      {"sip:", 4},
      {"sip:@h", 4},
      {"sip:a b@h", 5},
      {"sip:a@", 6},
      {"sip:a@h:", 8},
      {"sip:a@h:65536", 8},
      {"sip:a@h:5x", 9},
      {"sip:a@h x", 7},
      {"sip:a%4@h", 5},
      {"sip:a%zz@h", 5},
      {"sip:a@[::1", 10},
      {"sip:a@[]", 7},
      {"sip:a@h;x=<", 10},
      {"sip:a@h;x y", 9},
      {"sip:a@h?x=%4", 10},
      {"sip:<a>@h", 4},
      {"sip:a@h\r\nX: y", 7},
      {"tel:", 4},
      {"tel:12x", 6},
      {"sip:a@h@i", 7},
      {"sip:\xff@h", 4},
      {" sip:a@h", 0},
  };
  for (const auto& [text, position] : refused) {
    const auto parsed = UriView::parse(text);
    ASSERT_FALSE(parsed) << text;
    if (text.starts_with(' ')) continue;  // Another scheme, as far as the grammar goes.
    EXPECT_THAT(parsed.error().detail, HasSubstr("at byte " + std::to_string(position) + ":")) << text;
  }
}

TEST(Uri, has_a_limit_of_length) {
  EXPECT_TRUE(UriView::parse("sip:h;" + std::string(2042, 'x')));
  EXPECT_FALSE(UriView::parse("sip:h;" + std::string(2043, 'x')));
}

TEST(Uri, prints_what_it_read) {
  for (const std::string_view text : {"sip:a:p@h:1;x=y;z?A=b&C=d", "sips:h", "sip:[::1]:5060", "tel:+1-2;ext=3", "sip:a@h"})
    EXPECT_EQ(uri(text).to_string(), text);
}

TEST(Uri, makes_the_key_of_a_registrar) {
  EXPECT_EQ(uri("sip:%61lice@Atlanta.Example.COM:5060;transport=tcp?X=y").address_of_record(), "alice@atlanta.example.com");
  EXPECT_EQ(uri("sips:Alice:pw@h").address_of_record(), "Alice@h");
  EXPECT_EQ(uri("sip:a%40b%2f@h").address_of_record(), "a%40b%2F@h");
  EXPECT_EQ(uri("sip:H").address_of_record(), "h");
}

TEST(UriEquivalence, holds_as_rfc_3261_19_1_4_says) {
  EXPECT_TRUE(same("sip:%61lice@atlanta.com;transport=TCP", "sip:alice@AtlanTa.CoM;Transport=tcp"));
  EXPECT_TRUE(same("sip:carol@chicago.com", "sip:carol@chicago.com;newparam=5"));
  EXPECT_TRUE(same("sip:carol@chicago.com;security=on", "sip:carol@chicago.com;newparam=5"));
  EXPECT_TRUE(
      same("sip:biloxi.com;transport=tcp;method=REGISTER?to=sip:bob%40biloxi.com", "sip:biloxi.com;method=REGISTER;transport=tcp?to=sip:bob%40biloxi.com"));
  EXPECT_TRUE(same("sip:alice@atlanta.com?subject=project%20x&priority=urgent", "sip:alice@atlanta.com?priority=urgent&subject=project%20x"));
  EXPECT_TRUE(same("sip:a@[2001:DB8:0::1]", "sip:a@[2001:db8::1]"));
  EXPECT_TRUE(same("tel:+1-201-555", "tel:+1201555"));
}

TEST(UriEquivalence, fails_as_rfc_3261_19_1_4_says) {
  EXPECT_FALSE(same("SIP:ALICE@AtLanTa.CoM;Transport=udp", "sip:alice@AtLanTa.CoM;Transport=UDP"));
  EXPECT_FALSE(same("sip:bob@biloxi.com", "sip:bob@biloxi.com:5060"));
  EXPECT_FALSE(same("sip:bob@biloxi.com", "sip:bob@biloxi.com;transport=udp"));
  EXPECT_FALSE(same("sip:bob@biloxi.com;transport=udp", "sip:bob@biloxi.com:6000;transport=tcp"));
  EXPECT_FALSE(same("sip:carol@chicago.com", "sip:carol@chicago.com?Subject=next%20meeting"));
  EXPECT_FALSE(same("sip:bob@phone21.boxesbybob.com", "sip:bob@192.0.2.4"));
  EXPECT_FALSE(same("sip:carol@chicago.com;security=on", "sip:carol@chicago.com;security=off"));
  EXPECT_FALSE(same("sip:a@h", "sips:a@h"));
  EXPECT_FALSE(same("sip:a@h", "sip:a:b@h"));
  EXPECT_FALSE(same("sip:a%40b@h", "sip:a+b@h"));
  EXPECT_FALSE(same("sip:a%3bb@h", "sip:a;b@h"));
  EXPECT_FALSE(same("sip:a@h", "sip:ab@h"));
  EXPECT_FALSE(same("sip:a@h;maddr=1.2.3.4", "sip:a@h"));
}

TEST(Escapes, are_resolved_and_made) {
  EXPECT_EQ(unescape("a%40b%2F%zz%4"), "a@b/%zz%4");
  EXPECT_EQ(escape_header_value("12345@h;to-tag=a b"), "12345%40h%3Bto-tag%3Da%20b");
  EXPECT_EQ(escape_header_value("[]/?:+$-_.!~*'()"), "[]/?:+$-_.!~*'()");
  std::string all;
  for (int c = 0; c < 256; ++c)
    all += static_cast<char>(c);
  EXPECT_EQ(unescape(escape_header_value(all)), all);
}

}  // namespace
}  // namespace callwright::sip
