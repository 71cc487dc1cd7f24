#include "sip/message.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace callwright::sip {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

/// A message that keeps the bytes it was parsed from.
class KeptMessage : public Message {
 public:
  [[nodiscard]] bool parse(std::string_view bytes) {
    text_ = bytes;
    return Message::parse(text_);
  }

 private:
  std::string text_;
};

constexpr std::string_view kInvite =
    "INVITE sip:bob@biloxi.example.com SIP/2.0\r\n"
    "Via: SIP/2.0/UDP pc33.atlanta.example.com:5066;branch=z9hG4bK776asdhds;rport\r\n"
    "Max-Forwards: 70\r\n"
    "To: Bob <sip:bob@biloxi.example.com>\r\n"
    "From: \"Alice, A.\" <sip:alice@atlanta.example.com>;tag=1928301774\r\n"
    "Call-ID: a84b4c76e66710@pc33.atlanta.example.com\r\n"
    "CSeq: 314159 INVITE\r\n"
    "Contact: <sip:alice@pc33.atlanta.example.com>\r\n"
    "Content-Type: application/sdp;charset=utf-8\r\n"
    "Content-Length: 4\r\n"
    "\r\n"
    "v=0\n";

/// A valid OPTIONS request whose header fields are followed by `extra` (ready-made lines), then the empty line and the body.
std::string options_with(std::string_view extra, std::string_view body = {}) {
  std::string text =
      "OPTIONS sip:bob@example.com SIP/2.0\r\n"
      "Via: SIP/2.0/UDP 192.0.2.1;branch=z9hG4bK1\r\n"
      "From: <sip:a@example.com>;tag=1\r\n"
      "To: <sip:b@example.com>\r\n"
      "Call-ID: 1@example.com\r\n"
      "CSeq: 7 OPTIONS\r\n";
  return text.append(extra).append("\r\n").append(body);
}

/// `text` with the first `old` replaced.
std::string replaced(std::string text, std::string_view old, std::string_view with) {
  const std::size_t at = text.find(old);
  EXPECT_NE(at, std::string::npos) << old;
  return text.replace(at, old.size(), with);
}

std::vector<std::string> values_of(const Message& message, Header id) {
  std::vector<std::string> values;
  message.for_each_value(id, [&values](std::string_view value) {
    values.emplace_back(value);
    return true;
  });
  return values;
}

/// Expects that `text` is refused at the first byte of `at_text` plus `offset`.
void expect_refused(const std::string& text, std::string_view at_text, std::size_t offset, std::string_view reason, bool answerable) {
  KeptMessage message;
  EXPECT_FALSE(message.parse(text)) << text;
  EXPECT_EQ(message.error().position, text.find(at_text) + offset) << message.error().reason << "\n" << text;
  EXPECT_EQ(message.error().reason, reason);
  EXPECT_EQ(message.error().answerable, answerable);
}

TEST(Message, reads_a_request) {
  KeptMessage message;
  ASSERT_TRUE(message.parse(kInvite)) << message.error().reason;
  EXPECT_TRUE(message.is_request());
  EXPECT_EQ(message.method(), Method::Invite);
  EXPECT_EQ(message.method_text(), "INVITE");
  EXPECT_EQ(message.request_uri(), "sip:bob@biloxi.example.com");
  EXPECT_EQ(message.top_via().transport, "UDP");
  EXPECT_EQ(message.top_via().host, "pc33.atlanta.example.com");
  EXPECT_EQ(message.top_via().port, 5066);
  EXPECT_EQ(message.top_via().branch(), "z9hG4bK776asdhds");
  EXPECT_TRUE(message.top_via().parameters.has("rport"));
  EXPECT_EQ(message.from().display_name, "Alice, A.");
  EXPECT_EQ(message.from().uri, "sip:alice@atlanta.example.com");
  EXPECT_EQ(message.from().tag(), "1928301774");
  EXPECT_EQ(message.to().display_name, "Bob");
  EXPECT_EQ(message.to().tag(), "");
  EXPECT_EQ(message.call_id(), "a84b4c76e66710@pc33.atlanta.example.com");
  EXPECT_EQ(message.cseq().number, 314159U);
  EXPECT_EQ(message.cseq().method, Method::Invite);
  EXPECT_EQ(message.headers().size(), 9U);
  EXPECT_EQ(message.content_type(), "application/sdp");
  EXPECT_EQ(message.body(), "v=0\n");
  EXPECT_EQ(message.bytes(), kInvite);
}

TEST(Message, reads_a_response) {
  KeptMessage message;
  const std::string text = replaced(options_with(""), "OPTIONS sip:bob@example.com SIP/2.0", "SIP/2.0 486 Busy Here");
  ASSERT_TRUE(message.parse(text)) << message.error().reason;
  EXPECT_FALSE(message.is_request());
  EXPECT_EQ(message.status(), 486);
  EXPECT_EQ(message.reason(), "Busy Here");
  EXPECT_EQ(message.method(), Method::Options);
  EXPECT_EQ(message.method_text(), "OPTIONS");
}

TEST(Message, takes_a_response_without_reason) {
  KeptMessage message;
  EXPECT_TRUE(message.parse(replaced(options_with(""), "OPTIONS sip:bob@example.com SIP/2.0", "SIP/2.0 100 ")));
  EXPECT_EQ(message.reason(), "");
  EXPECT_TRUE(message.parse(replaced(options_with(""), "OPTIONS sip:bob@example.com SIP/2.0", "SIP/2.0 100")));
  EXPECT_EQ(message.status(), 100);
}

TEST(Message, takes_the_version_in_any_case) {
  KeptMessage message;
  EXPECT_TRUE(message.parse(replaced(options_with(""), "SIP/2.0", "sip/2.0")));
  EXPECT_TRUE(message.parse(replaced(options_with(""), "OPTIONS sip:bob@example.com SIP/2.0", "sIP/2.0 200 OK")));
  EXPECT_EQ(message.status(), 200);
}

TEST(Message, knows_compact_forms) {
  KeptMessage message;
  const std::string text =
      "INVITE sip:b@example.com SIP/2.0\r\n"
      "v: SIP/2.0/TCP 192.0.2.1\r\nf: sip:a@example.com;tag=1\r\nt: sip:b@example.com\r\ni: x\r\nCSeq: 1 INVITE\r\n"
      "m: <sip:a@192.0.2.1>\r\nc: text/plain\r\nl: 2\r\nk: 100rel, timer\r\nr: <sip:c@example.com>\r\nb: <sip:d@example.com>\r\n"
      "o: refer\r\nu: presence\r\nx: 90\r\ns: hi\r\ne: gzip\r\n\r\nok";
  ASSERT_TRUE(message.parse(text)) << message.error().reason;
  EXPECT_EQ(message.contact()->uri, "sip:a@192.0.2.1");
  EXPECT_EQ(message.content_type(), "text/plain");
  EXPECT_TRUE(message.lists(Header::Supported, "TIMER"));
  EXPECT_EQ(message.header("Refer-To"), "<sip:c@example.com>");
  EXPECT_EQ(message.header("r"), "<sip:c@example.com>");
  EXPECT_EQ(message.header(Header::ReferredBy), "<sip:d@example.com>");
  EXPECT_EQ(message.header(Header::Event), "refer");
  EXPECT_EQ(message.header(Header::AllowEvents), "presence");
  EXPECT_EQ(message.header(Header::SessionExpires), "90");
  EXPECT_EQ(message.header(Header::Subject), "hi");
  EXPECT_EQ(message.header(Header::ContentEncoding), "gzip");
  EXPECT_EQ(message.body(), "ok");
}

TEST(Message, finds_other_fields_by_name_in_any_case) {
  KeptMessage message;
  ASSERT_TRUE(message.parse(options_with("X-Phone-Id :  7 \r\nx-empty:\r\n")));
  EXPECT_EQ(message.header("x-phone-ID"), "7");
  EXPECT_EQ(message.header("X-Empty"), "");
  EXPECT_EQ(message.header("X-None"), std::nullopt);
  EXPECT_FALSE(message.has(Header::Route));
}

TEST(Message, joins_folded_lines) {
  Message message;
  const std::string text =
      options_with("Subject: I know you're there,\r\n pick up\r\n\t the phone\r\nExpires:\r\n 60\r\nContent-Length: 5\r\n", "a\r\n b, and more");
  ASSERT_TRUE(message.parse(text)) << message.error().reason;
  EXPECT_EQ(message.header(Header::Subject), "I know you're there,   pick up  \t the phone");
  EXPECT_EQ(message.header(Header::Expires), "60");
  EXPECT_EQ(message.call_id(), "1@example.com");
  EXPECT_EQ(message.body(), "a\r\n b");
  EXPECT_EQ(message.body().data(), text.data() + text.find("a\r\n b"));
}

TEST(Message, keeps_byte_positions_in_a_message_with_folded_lines) {
  expect_refused(options_with("Subject: a\r\n b\r\nBroken\r\n"), "Broken", 6, "':' expected after the header field name", true);
}

TEST(Message, takes_a_folded_line_of_blanks_alone) {
  KeptMessage message;
  ASSERT_TRUE(message.parse(options_with("Subject: a\r\n \t\r\nExpires: 3\r\n"))) << message.error().reason;
  EXPECT_EQ(message.header(Header::Subject), "a");
  EXPECT_EQ(message.header(Header::Expires), "3");
}

TEST(Message, takes_bare_line_feeds) {
  KeptMessage message;
  std::string text = options_with("Subject: a\r\n b\r\nContent-Length: 2\r\n", "ok");
  std::erase(text, '\r');
  ASSERT_TRUE(message.parse(text)) << message.error().reason;
  EXPECT_EQ(message.header(Header::Subject), "a  b");
  EXPECT_EQ(message.body(), "ok");
}

TEST(Message, skips_empty_lines_before_the_start_line) {
  KeptMessage message;
  const std::string text = "\r\n\r\n" + options_with("");
  ASSERT_TRUE(message.parse(text));
  EXPECT_EQ(message.method(), Method::Options);
  EXPECT_EQ(message.bytes(), text.substr(4));
  EXPECT_FALSE(message.parse("\r\n" + options_with("Broken\r\n")));
  EXPECT_EQ(message.error().position, 2 + options_with("Broken\r\n").find("Broken") + 6);
}

TEST(Message, takes_the_first_of_several_via_values) {
  KeptMessage message;
  const std::string text = replaced(options_with("Via: SIP/2.0/UDP c\r\n"), "Via: ", "Via: SIP/2.0/TCP a;x=\"1,2\" , ");
  ASSERT_TRUE(message.parse(text)) << message.error().reason;
  EXPECT_EQ(message.top_via().host, "a");
  EXPECT_THAT(values_of(message, Header::Via), ElementsAre("SIP/2.0/TCP a;x=\"1,2\"", "SIP/2.0/UDP 192.0.2.1;branch=z9hG4bK1", "SIP/2.0/UDP c"));
}

TEST(Message, cuts_a_datagram_to_its_content_length) {
  KeptMessage message;
  const std::string text = options_with("Content-Length: 3\r\n", "abcdef");
  ASSERT_TRUE(message.parse(text));
  EXPECT_EQ(message.body(), "abc");
  EXPECT_EQ(message.bytes(), text.substr(0, text.size() - 3));
}

TEST(Message, takes_the_rest_as_body_when_content_length_is_absent) {
  KeptMessage message;
  ASSERT_TRUE(message.parse(options_with("", std::string_view("a\0b", 3))));
  EXPECT_EQ(message.body(), std::string_view("a\0b", 3));
}

TEST(Message, separates_values_by_commas_but_not_in_quotes_and_brackets) {
  KeptMessage message;
  ASSERT_TRUE(message.parse(options_with("Contact: \"a\\\", b\" <sip:c,d@e>;q=1,,  <sip:f@g>\r\nContact: sip:h@i\r\nRoute: ,\r\nAllow:\r\n")));
  EXPECT_THAT(values_of(message, Header::Contact), ElementsAre("\"a\\\", b\" <sip:c,d@e>;q=1", "<sip:f@g>", "sip:h@i"));
  EXPECT_THAT(values_of(message, Header::Route), IsEmpty());
  EXPECT_THAT(values_of(message, Header::Allow), IsEmpty());
  EXPECT_EQ(message.contact()->display_name, "a\\\", b");
}

TEST(Message, does_not_split_credentials) {
  KeptMessage message;
  ASSERT_TRUE(message.parse(options_with("Authorization: Digest a=\"b\", c=d\r\nAuthorization: Digest e=f\r\n")));
  EXPECT_THAT(values_of(message, Header::Authorization), ElementsAre("Digest a=\"b\", c=d", "Digest e=f"));
}

TEST(Message, stops_visiting_when_told) {
  KeptMessage message;
  ASSERT_TRUE(message.parse(options_with("Allow: INVITE, ACK\r\nAllow: BYE\r\n")));
  int visits = 0;
  message.for_each_value(Header::Allow, [&visits](std::string_view) { return ++visits < 2; });
  EXPECT_EQ(visits, 2);
}

TEST(Message, lists_tokens_over_all_fields) {
  KeptMessage message;
  ASSERT_TRUE(message.parse(options_with("Accept: application/sdp;level=1, text/plain\r\nAccept: x/y\r\n")));
  EXPECT_TRUE(message.lists(Header::Accept, "application/SDP"));
  EXPECT_TRUE(message.lists(Header::Accept, "x/y"));
  EXPECT_FALSE(message.lists(Header::Accept, "text"));
  EXPECT_FALSE(message.lists(Header::Supported, "x/y"));
}

TEST(Message, has_no_contact_when_the_first_is_malformed) {
  KeptMessage message;
  ASSERT_TRUE(message.parse(options_with("Contact: \"x <sip:a@b>\r\n")));
  EXPECT_FALSE(message.contact().has_value());
}

TEST(Message, takes_what_phones_send) {
  KeptMessage message;
  const std::string text =
      "REGISTER sip:example.com SIP/2.0\r\n"
      "Via : SIP/2.0/UDP 192.0.2.1:5060 ;branch=z9hG4bK1;rport;\r\n"
      "From: Front Desk 2 <sip:2@example.com> ;tag=77\r\n"
      "To: sip:2@example.com;x=y\r\n"
      "Call-ID:1\r\nCSeq:1  REGISTER\r\nContact: <sip:2@192.0.2.1>;expires=60\r\nUser-Agent:\r\nMax-Forwards:70\r\n\r\n";
  ASSERT_TRUE(message.parse(text)) << message.error().reason << message.error().position;
  EXPECT_EQ(message.top_via().branch(), "z9hG4bK1");
  EXPECT_EQ(message.from().display_name, "Front Desk 2");
  EXPECT_EQ(message.from().tag(), "77");
  EXPECT_EQ(message.to().uri, "sip:2@example.com");
  EXPECT_EQ(message.to().parameters.find("x"), "y");
  EXPECT_EQ(message.contact()->parameters.find("Expires"), "60");
  EXPECT_EQ(message.header(Header::UserAgent), "");
}

TEST(Message, replaces_what_it_held) {
  KeptMessage message;
  ASSERT_TRUE(message.parse(kInvite));
  ASSERT_TRUE(message.parse(options_with("Subject: x\r\n y\r\n")));
  EXPECT_EQ(message.headers().size(), 6U);
  EXPECT_EQ(message.body(), "");
  EXPECT_FALSE(message.parse("nonsense"));
  EXPECT_EQ(message.headers().size(), 0U);
  EXPECT_EQ(message.call_id(), "");
  EXPECT_TRUE(message.parse(kInvite));
  EXPECT_EQ(message.error().reason, "");
}

TEST(MessageRefusal, names_missing_fields_at_the_empty_line) {
  for (const std::string_view name : {"Via", "From", "To", "Call-ID", "CSeq"}) {
    std::string text = options_with("");
    const std::size_t at = text.find(std::string("\n").append(name).append(":")) + 1;
    text.erase(at, text.find('\n', at) + 1 - at);
    expect_refused(text, "\r\n\r\n", 2, std::string(name).append(" is missing"), false);
  }
}

TEST(MessageRefusal, names_duplicates_at_the_second_field) {
  expect_refused(options_with("t: <sip:c@example.com>\r\n"), "t: <sip:c", 0, "To is there twice", true);
  expect_refused(options_with("f: <sip:c@example.com>\r\n"), "f: <sip:c", 0, "From is there twice", true);
  expect_refused(options_with("i: 1@example.com\r\n"), "i: 1", 0, "Call-ID is there twice", true);
  expect_refused(options_with("cseq: 7 OPTIONS\r\n"), "cseq", 0, "CSeq is there twice", true);
}

TEST(MessageRefusal, keeps_the_accessors_of_an_answerable_request) {
  KeptMessage message;
  ASSERT_FALSE(message.parse(options_with("Content-Length: 1\r\n")));
  ASSERT_TRUE(message.error().answerable);
  EXPECT_EQ(message.error().status, 400);
  EXPECT_EQ(message.top_via().branch(), "z9hG4bK1");
  EXPECT_EQ(message.from().tag(), "1");
  EXPECT_EQ(message.to().uri, "sip:b@example.com");
  EXPECT_EQ(message.call_id(), "1@example.com");
  EXPECT_EQ(message.cseq().number, 7U);
}

TEST(MessageRefusal, never_calls_a_response_or_an_ack_answerable) {
  const std::string response = replaced(options_with("Content-Length: 1\r\n"), "OPTIONS sip:bob@example.com SIP/2.0", "SIP/2.0 200 OK");
  expect_refused(response, "1\r\n\r\n", 0, "Content-Length is more than the bytes there are", false);
  const std::string ack = replaced(replaced(options_with("Content-Length: 1\r\n"), "OPTIONS", "ACK"), "7 OPTIONS", "7 ACK");
  expect_refused(ack, "1\r\n\r\n", 0, "Content-Length is more than the bytes there are", false);
}

TEST(MessageRefusal, judges_content_length) {
  expect_refused(options_with("Content-Length: 9\r\n", "12345678"), "9\r\n", 0, "Content-Length is more than the bytes there are", true);
  expect_refused(options_with("Content-Length: -1\r\n"), "-1", 0, "Content-Length must be a number", true);
  expect_refused(options_with("Content-Length: 4294967296\r\n"), "4294967296", 0, "Content-Length must be a number", true);
  expect_refused(options_with("Content-Length: 99999999999999999999999999\r\n"), "99999", 0, "Content-Length must be a number", true);
  expect_refused(options_with("Content-Length:\r\n"), "Content-Length:", 15, "Content-Length must be a number", true);
  expect_refused(options_with("Content-Length: 3;x\r\n", "abc"), "3;x", 0, "Content-Length must be a number", true);
  expect_refused(options_with("Content-Length: 3\r\nl: 2\r\n", "abc"), "2\r\n\r\nabc", 0, "two different values of Content-Length", true);
  KeptMessage message;
  EXPECT_TRUE(message.parse(options_with("Content-Length: 3\r\nl: 03\r\n", "abc")));
}

TEST(MessageRefusal, judges_the_cseq) {
  KeptMessage message;
  EXPECT_TRUE(message.parse(replaced(options_with(""), "7 OPTIONS", "2147483647 OPTIONS")));
  expect_refused(replaced(options_with(""), "7 OPTIONS", "2147483648 OPTIONS"), "2147483648", 0, "sequence number below 2^31 expected", false);
  expect_refused(replaced(options_with(""), "7 OPTIONS", "-7 OPTIONS"), "-7", 0, "sequence number below 2^31 expected", false);
  expect_refused(replaced(options_with(""), "7 OPTIONS", "7"), "CSeq: 7", 7, "blank expected after the sequence number", false);
  expect_refused(replaced(options_with(""), "7 OPTIONS", "7 INVITE"), "INVITE", 0, "the method of CSeq is not that of the request", true);
  expect_refused(replaced(options_with(""), "7 OPTIONS", "7 OPTIONS x"), "7 OPTIONS", 9, "nothing may follow the method", false);
}

TEST(MessageRefusal, judges_the_start_line) {
  const std::string good = options_with("");
  const std::string_view line = "OPTIONS sip:bob@example.com SIP/2.0";
  expect_refused(replaced(good, line, " OPTIONS sip:b@c SIP/2.0"), " OPTIONS", 0, "method expected", true);
  expect_refused(replaced(good, line, "OPTIONS"), "OPTIONS", 7, "one space expected after the method", true);
  expect_refused(replaced(good, line, "OPT(IONS sip:b@c SIP/2.0"), "OPT(", 3, "one space expected after the method", true);
  expect_refused(replaced(good, line, "OPTIONS  sip:b@c SIP/2.0"), "OPTIONS ", 8, "Request-URI expected", true);
  expect_refused(replaced(good, line, "OPTIONS sip:b@c"), "OPTIONS sip:b@c", 15, "SIP version expected", true);
  expect_refused(replaced(good, line, "OPTIONS sip:b@c  SIP/2.0"), " SIP/2.0", 0, "SIP/2.0 expected", true);
  expect_refused(replaced(good, line, "OPTIONS sip:b@c SIP/2.0 "), "SIP/2.0 ", 0, "SIP/2.0 expected", true);
  expect_refused(replaced(good, line, "OPTIONS sip:b@c HTTP/1.1"), "HTTP", 0, "SIP/2.0 expected", true);
}

TEST(MessageRefusal, asks_for_505_on_another_version) {
  KeptMessage message;
  ASSERT_FALSE(message.parse(replaced(options_with(""), "SIP/2.0", "SIP/7.0")));
  EXPECT_EQ(message.error().status, 505);
  EXPECT_TRUE(message.error().answerable);
}

TEST(MessageRefusal, judges_the_status_line) {
  const std::string_view line = "OPTIONS sip:bob@example.com SIP/2.0";
  const std::string good = options_with("");
  for (const std::string_view code : {"099", "700", "20", "2000", "4294967501", "2x0", "-20"}) {
    expect_refused(replaced(good, line, std::string("SIP/2.0 ").append(code).append(" OK")), code, 0, "status code from 100 to 699 expected", false);
  }
  expect_refused(replaced(good, line, "SIP/3.0 200 OK"), "SIP/3.0", 0, "SIP/2.0 expected", false);
  expect_refused(replaced(good, line, "SIP/2.0"), "SIP/2.0", 7, "status code expected", false);
}

TEST(MessageRefusal, judges_line_ends_and_control_characters) {
  expect_refused(options_with("Subject: a\rb\r\n"), "a\rb", 1, "a CR without LF", true);
  expect_refused(options_with(std::string_view("Subject: a\0b\r\n", 14)), "Subject: a", 10, "a NUL byte in the header", true);
  expect_refused(options_with("Subject\r\n"), "Subject", 7, "':' expected after the header field name", true);
  expect_refused(options_with(": x\r\n"), "\n: x", 1, "header field name expected", true);
  expect_refused(options_with("Sub ject: x\r\n"), "ject", 0, "':' expected after the header field name", true);
}

TEST(MessageRefusal, wants_the_empty_line) {
  std::string text = options_with("");
  text.resize(text.size() - 2);
  KeptMessage message;
  EXPECT_FALSE(message.parse(text));
  EXPECT_EQ(message.error().reason, "the message ends within its header");
  EXPECT_EQ(message.error().position, text.size());
}

TEST(MessageRefusal, refuses_every_proper_prefix_of_a_message_with_content_length) {
  for (std::size_t size = 0; size < kInvite.size(); ++size) {
    const std::vector<char> prefix(kInvite.begin(),
                                   kInvite.begin() + static_cast<std::ptrdiff_t>(size));  // No terminator, so that reading past its end is seen.
    Message message;
    EXPECT_FALSE(message.parse({prefix.data(), prefix.size()})) << size;
    EXPECT_LE(message.error().position, size);
    EXPECT_NE(message.error().reason, "");
  }
}

TEST(MessageRefusal, has_limits_of_size_and_fields) {
  KeptMessage message;
  std::string lines;
  for (std::size_t i = 6; i < Message::kMaxHeaders; ++i)
    lines += "X: y\r\n";  // Five required fields and one more below make up the difference.
  EXPECT_TRUE(message.parse(options_with(lines + "Last: 1\r\n")));
  EXPECT_EQ(message.headers().size(), Message::kMaxHeaders);
  expect_refused(options_with(lines + "Last: 1\r\nOver: 1\r\n"), "Over", 0, "more than 256 header fields", true);

  const std::size_t room = Message::kMaxSize - options_with("").size();
  EXPECT_TRUE(message.parse(options_with("", std::string(room, 'x'))));
  EXPECT_FALSE(message.parse(options_with("", std::string(room + 1, 'x'))));
  EXPECT_EQ(message.error().position, Message::kMaxSize);
}

}  // namespace
}  // namespace callwright::sip
