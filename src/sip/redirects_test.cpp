#include "sip/redirects.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace callwright::sip {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

class RedirectsTest : public testing::Test {
 protected:
  static void add(Redirects& redirects, const std::string& contacts) {
    const std::string text =
        "SIP/2.0 302 Moved\r\nVia: SIP/2.0/UDP h;branch=z9hG4bK1\r\nFrom: <sip:a@h>;tag=1\r\nTo: <sip:b@h>;tag=2\r\nCall-ID: c\r\nCSeq: 1 INVITE\r\n" +
        contacts + "Content-Length: 0\r\n\r\n";
    Message response;
    ASSERT_TRUE(response.parse(text)) << response.error().reason;
    redirects.add(response);
  }
  static std::vector<std::string> all(Redirects& redirects) {
    std::vector<std::string> uris;
    while (auto uri = redirects.next()) {
      uris.push_back(*uri);
    }
    return uris;
  }
};

TEST_F(RedirectsTest, come_by_q_then_as_written) {
  Redirects redirects(RedirectPolicy::All, "sip:bob@h");
  add(redirects, "Contact: <sip:low@h>;q=0.1, <sip:first@h>, <sip:middle@h>;q=0.55\r\nContact: <sip:second@h>;q=1.0\r\n");
  EXPECT_THAT(all(redirects), ElementsAre("sip:first@h", "sip:second@h", "sip:middle@h", "sip:low@h"));
}

TEST_F(RedirectsTest, never_lead_back) {
  Redirects redirects(RedirectPolicy::All, "sip:bob@h");
  add(redirects, "Contact: <sip:bob@H>, <sip:x@h>, <sip:x@h>\r\n");
  EXPECT_EQ(redirects.next(), "sip:x@h");
  add(redirects, "Contact: <sip:bob@h>, <sip:x@h>\r\n");
  EXPECT_THAT(all(redirects), IsEmpty());
}

TEST_F(RedirectsTest, of_a_later_response_come_first) {
  Redirects redirects(RedirectPolicy::All, "sip:bob@h");
  add(redirects, "Contact: <sip:a@h>, <sip:b@h>\r\n");
  EXPECT_EQ(redirects.next(), "sip:a@h");
  add(redirects, "Contact: <sip:a1@h>\r\n");
  EXPECT_THAT(all(redirects), ElementsAre("sip:a1@h", "sip:b@h"));
}

TEST_F(RedirectsTest, stay_in_the_domain_when_told_to_and_never_lose_security) {
  Redirects same(RedirectPolicy::SameDomain, "sip:bob@h");
  add(same, "Contact: <sip:a@elsewhere>, <sip:b@H:5080>\r\n");
  EXPECT_THAT(all(same), ElementsAre("sip:b@H:5080"));
  Redirects secure(RedirectPolicy::All, "sips:bob@h");
  add(secure, "Contact: <sip:a@h>, <sips:b@h>, <tel:+491>\r\n");
  EXPECT_THAT(all(secure), ElementsAre("sips:b@h"));
}

TEST_F(RedirectsTest, bring_no_header_fields_along) {
  Redirects redirects(RedirectPolicy::All, "sip:bob@h");
  add(redirects, "Contact: <sip:a@h;transport=tcp?Replaces=x>\r\n");
  EXPECT_THAT(all(redirects), ElementsAre("sip:a@h;transport=tcp"));
}

TEST_F(RedirectsTest, are_bounded) {
  Redirects redirects(RedirectPolicy::All, "sip:bob@h");
  for (int i = 0; i < 30; ++i) {
    add(redirects, "Contact: <sip:u" + std::to_string(i) + "@h>, <sip:v" + std::to_string(i) + "@h>\r\n");
  }
  EXPECT_EQ(all(redirects).size(), Redirects::kMaxTargets);
}

TEST(QValue, is_read_in_thousandths) {
  for (const auto& [text, expected] : std::vector<std::pair<std::string, unsigned>>{{"<sip:a>", 1000},
                                                                                    {"<sip:a>;q=0.5", 500},
                                                                                    {"<sip:a>;q=0.123", 123},
                                                                                    {"<sip:a>;q=1", 1000},
                                                                                    {"<sip:a>;q=0", 0},
                                                                                    {"<sip:a>;q=1.9", 1000},
                                                                                    {"<sip:a>;q=x", 0},
                                                                                    {"<sip:a>;q=0x5", 0},
                                                                                    {"<sip:a>;q=0.12345", 0}}) {
    EXPECT_EQ(q_of(NameAddr::parse(text).value()), expected) << text;
  }
}

}  // namespace
}  // namespace callwright::sip
