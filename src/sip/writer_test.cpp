#include "sip/writer.hpp"

#include "sip/message.hpp"

#include <gtest/gtest.h>

#include <string>

namespace callwright::sip {
namespace {

TEST(Writer, writes_a_request) {
  std::string out;
  Writer writer(out);
  writer.request(Method::Invite, "sip:bob@example.com")
      .header(Header::Via, "SIP/2.0/UDP 192.0.2.1;branch=z9hG4bK1")
      .header(Header::MaxForwards, 70U)
      .raw("From: <sip:a@example.com>;tag=1\r\nTo: <sip:bob@example.com>\r\n")
      .header("Call-ID", "1")
      .cseq(4294967295U, "INVITE")
      .body("application/sdp", "v=0\r\n");
  EXPECT_EQ(out,
            "INVITE sip:bob@example.com SIP/2.0\r\nVia: SIP/2.0/UDP 192.0.2.1;branch=z9hG4bK1\r\nMax-Forwards: 70\r\n"
            "From: <sip:a@example.com>;tag=1\r\nTo: <sip:bob@example.com>\r\nCall-ID: 1\r\nCSeq: 4294967295 INVITE\r\n"
            "Content-Type: application/sdp\r\nContent-Length: 5\r\n\r\nv=0\r\n");
}

TEST(Writer, writes_a_response_and_appends) {
  std::string out = "kept";
  Writer(out).response(486).end();
  Writer(out).response(180, "Alerting").end();
  Writer(out).response(299).body("", "");
  EXPECT_EQ(out,
            "keptSIP/2.0 486 Busy Here\r\nContent-Length: 0\r\n\r\nSIP/2.0 180 Alerting\r\nContent-Length: 0\r\n\r\n"
            "SIP/2.0 299 \r\nContent-Length: 0\r\n\r\n");
}

TEST(Writer, writes_what_the_parser_reads) {
  std::string out;
  Writer writer(out);
  writer.request("SERVICE", "sip:b@h;x=y").header(Header::Via, "SIP/2.0/TCP h;branch=z9hG4bK2").header(Header::From, "\"A\" <sip:a@h>;tag=1");
  writer.header(Header::To, "<sip:b@h>").header(Header::CallId, "id").cseq(2, "SERVICE").header(Header::Expires, 0U).body("text/plain", "one\r\n\r\ntwo");
  Message message;
  ASSERT_TRUE(message.parse(out)) << message.error().reason;
  EXPECT_EQ(message.method_text(), "SERVICE");
  EXPECT_EQ(message.request_uri(), "sip:b@h;x=y");
  EXPECT_EQ(message.top_via().branch(), "z9hG4bK2");
  EXPECT_EQ(message.from().tag(), "1");
  EXPECT_EQ(message.cseq().number, 2U);
  EXPECT_EQ(message.header(Header::Expires), "0");
  EXPECT_EQ(message.content_type(), "text/plain");
  EXPECT_EQ(message.body(), "one\r\n\r\ntwo");

  std::string again;
  Writer copy(again);
  copy.request(message.method_text(), message.request_uri());
  for (const HeaderField& field : message.headers()) {
    if (field.id != Header::ContentType && field.id != Header::ContentLength) copy.header(field.name, field.value);
  }
  copy.body(message.content_type(), message.body());
  EXPECT_EQ(again, out);
}

TEST(HeaderSafety, excludes_control_characters_but_the_tab) {
  EXPECT_TRUE(is_header_safe(""));
  EXPECT_TRUE(is_header_safe("a value, with \t a tab and \xc3\xa9"));
  for (int c = 0; c < 256; ++c) {
    const bool safe = c == '\t' || (c >= 0x20 && c != 0x7f);
    const std::string text = std::string("0123456789abcdef") + static_cast<char>(c) + "0123456789abcdef";
    EXPECT_EQ(is_header_safe(text), safe) << c;
    EXPECT_EQ(is_header_safe(std::string(1, static_cast<char>(c))), safe) << c;
  }
}

}  // namespace
}  // namespace callwright::sip
