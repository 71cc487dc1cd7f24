// Messages after the ideas of RFC 4475 (the names of its sections are kept), with the outcome that this parser must have.
#include "sip/message.hpp"
#include "sip/uri.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace callwright::sip {
namespace {

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

/// The required fields for a method, none of which is interesting.
std::string fields(std::string_view method) {
  return std::string(
             "To: <sip:callee@example.com>\r\nFrom: <sip:caller@example.net>;tag=fr1\r\nCall-ID: torture\r\nVia: SIP/2.0/UDP "
             "host5.example.net;branch=z9hG4bKt\r\nCSeq: 8 ")
      .append(method)
      .append("\r\n");
}

void expect_refused(const std::string& text, std::string_view at, std::string_view reason, bool answerable, std::size_t offset = 0) {
  KeptMessage message;
  EXPECT_FALSE(message.parse(text)) << text;
  EXPECT_EQ(message.error().position, text.find(at) + offset) << message.error().reason;
  EXPECT_EQ(message.error().reason, reason);
  EXPECT_EQ(message.error().answerable, answerable);
}

TEST(Torture, wsinv_has_blanks_and_folds_everywhere) {
  const std::string text =
      "INVITE sip:vivekg@chair-dnrc.example.com;unknownparam SIP/2.0\r\n"
      "TO :\r\n sip:vivekg@chair-dnrc.example.com ;   tag    = 1918181833n\r\n"
      "from   : \"J Rosenberg \\\\\\\"\"       <sip:jdrosen@example.com>\r\n  ;\r\n  tag = 98asjd8\r\n"
      "MaX-fOrWaRdS: 0068\r\n"
      "Call-ID: wsinv.ndaksdj@192.0.2.1\r\n"
      "Content-Length   : 3\r\n"
      "cseq: 0009\r\n  INVITE\r\n"
      "Via  : SIP  /   2.0\r\n /UDP\r\n    192.0.2.2;branch=390skdjuw\r\n"
      "s :\r\n"
      "NewFangledHeader:   newfangled value\r\n continued newfangled value\r\n"
      "UnknownHeaderWithUnusualValue: ;;,,;;,;\r\n"
      "Route:\r\n <sip:services.example.com;lr;unknownwith=value;unknown-no-value>\r\n"
      "v:  SIP  / 2.0  / TCP     spindle.example.com   ;\r\n  branch  =   z9hG4bK9ikj8  ,\r\n SIP  /    2.0   / UDP  192.168.255.111   ; branch=\r\n "
      "z9hG4bK30239\r\n"
      "m:\"Quoted string \\\"\\\"\" <sip:jdrosen@example.com> ; newparam =\r\n      newvalue ;\r\n  secondparam ; q = 0.33\r\n"
      "\r\nv=0";
  KeptMessage message;
  ASSERT_TRUE(message.parse(text)) << message.error().reason << " at " << message.error().position;
  EXPECT_EQ(message.request_uri(), "sip:vivekg@chair-dnrc.example.com;unknownparam");
  EXPECT_EQ(message.to().tag(), "1918181833n");
  EXPECT_EQ(message.from().tag(), "98asjd8");
  EXPECT_EQ(message.from().display_name, "J Rosenberg \\\\\\\"");
  EXPECT_EQ(parse_number(*message.header(Header::MaxForwards)), 68U);
  EXPECT_EQ(message.cseq().number, 9U);
  EXPECT_EQ(message.top_via().host, "192.0.2.2");
  EXPECT_EQ(message.top_via().branch(), "390skdjuw");
  EXPECT_EQ(message.header(Header::Subject), "");
  EXPECT_EQ(message.header("newfangledheader"), "newfangled value   continued newfangled value");
  EXPECT_EQ(message.contact()->parameters.find("q"), "0.33");
  EXPECT_EQ(message.body(), "v=0");
  std::vector<std::string> branches;
  message.for_each_value(Header::Via, [&branches](std::string_view value) {
    branches.emplace_back(Via::parse(value)->branch());
    return true;
  });
  EXPECT_THAT(branches, ::testing::ElementsAre("390skdjuw", "z9hG4bK9ikj8", "z9hG4bK30239"));
}

TEST(Torture, intmeth_has_unusual_but_legal_characters) {
  constexpr std::string_view kMethod = "!interesting-Method0123456789_*+`.%indeed'~";
  const std::string text = std::string(kMethod) +
                           " sip:1_unusual.URI~(to-be!sure)&isn't+it$/crazy?,/;;*:&it+has=1,weird!*pas$wo~d_too.(doesn't-it)@example.com SIP/2.0\r\n"
                           "Via: SIP/2.0/TCP host1.example.com;branch=z9hG4bK-.!%66*_+`'~\r\n"
                           "To: \"BEL:\\\x07 DEL:\\\x7f\" <sip:1_unusual.URI~(to-be!sure)&isn't+it$/crazy?,/;;*@example.com>\r\n"
                           "From: token1~` token2'+_ token3*%!.- <sip:mundane@example.com>;fromParam''~+*_!.-%=\"\xd1\x80\xd0\xb0\";tag=_token~1'+`*%!-.\r\n"
                           "Call-ID: intmeth.word%ZK-!.*_+'@word`~)(><:\\/\"][?}{\r\n"
                           "CSeq: 139122385 " +
                           std::string(kMethod) +
                           "\r\n"
                           "Max-Forwards: 255\r\n"
                           "extensionHeader-!.%*+_`'~:\xef\xbb\xbf\xe5\xa4\xa7\r\n"
                           "Content-Length: 0\r\n\r\n";
  KeptMessage message;
  ASSERT_TRUE(message.parse(text)) << message.error().reason << " at " << message.error().position;
  EXPECT_EQ(message.method(), Method::Unknown);
  EXPECT_EQ(message.method_text(), kMethod);
  EXPECT_EQ(message.from().tag(), "_token~1'+`*%!-.");
  EXPECT_EQ(message.top_via().branch(), "z9hG4bK-.!%66*_+`'~");
  EXPECT_EQ(message.header("EXTENSIONHEADER-!.%*+_`'~"), "\xef\xbb\xbf\xe5\xa4\xa7");
  const auto uri = UriView::parse(message.request_uri());
  ASSERT_TRUE(uri) << uri.error().detail;
  EXPECT_EQ(uri->password, "&it+has=1,weird!*pas$wo~d_too.(doesn't-it)");
}

TEST(Torture, esc01_has_escapes_that_are_not_resolved) {
  const std::string text = "INVITE sip:sips%3Auser%40example.com@example.net SIP/2.0\r\n" + fields("INVITE") +
                           "Contact: <sip:cal%6Cer@host5.example.net;%6C%72;n%61me=v%61lue%25%34%31>\r\n\r\n";
  KeptMessage message;
  ASSERT_TRUE(message.parse(text)) << message.error().reason;
  const auto uri = UriView::parse(message.request_uri());
  ASSERT_TRUE(uri);
  EXPECT_EQ(uri->user, "sips%3Auser%40example.com");
  EXPECT_EQ(unescape(uri->user), "sips:user@example.com");
  const auto contact = UriView::parse(message.contact()->uri);
  ASSERT_TRUE(contact);
  EXPECT_EQ(unescape(*contact->parameter("n%61me")), "value%41");
}

TEST(Torture, esc02_takes_a_percent_sign_in_a_method_as_it_is) {
  KeptMessage message;
  ASSERT_TRUE(message.parse("RE%47IST%45R sip:registrar.example.com SIP/2.0\r\n" + fields("RE%47IST%45R") + "\r\n"));
  EXPECT_EQ(message.method(), Method::Unknown);
}

TEST(Torture, escnull_is_a_user_of_its_own) { EXPECT_EQ(UriView::parse("sip:null-%00-null@example.com")->address_of_record(), "null-%00-null@example.com"); }

TEST(Torture, lwsdisp_has_no_blank_before_the_bracket) {
  KeptMessage message;
  std::string text = "OPTIONS sip:user@example.com SIP/2.0\r\n" + fields("OPTIONS") + "\r\n";
  text.replace(text.find("From: <"), 7, "From: caller<");
  ASSERT_TRUE(message.parse(text));
  EXPECT_EQ(message.from().display_name, "caller");
  EXPECT_EQ(message.from().uri, "sip:caller@example.net");
}

TEST(Torture, longreq_has_long_values) {
  const std::string token(2000, 'x');
  const std::string text = "INVITE sip:user@example.com SIP/2.0\r\n" + fields("INVITE") + "unknown-" + token + ": " + token + "\r\nContact: <sip:" + token +
                           "@h;" + token + "=" + token + ">\r\n\r\n";
  KeptMessage message;
  ASSERT_TRUE(message.parse(text));
  EXPECT_EQ(message.header("unknown-" + token), token);
}

TEST(Torture, dblreq_is_cut_after_the_first) {
  const std::string first = "REGISTER sip:example.com SIP/2.0\r\n" + fields("REGISTER") + "Content-Length: 0\r\n\r\n";
  KeptMessage message;
  ASSERT_TRUE(message.parse(first + "INVITE sip:joe@example.com SIP/2.0\r\n" + fields("INVITE") + "Content-Length: 150\r\n\r\n"));
  EXPECT_EQ(message.bytes(), first);
}

TEST(Torture, semiuri_has_a_semicolon_in_the_user) { EXPECT_EQ(UriView::parse("sip:user;par=u%40example.net@example.com")->user, "user;par=u%40example.net"); }

TEST(Torture, unreason_and_noreason_are_fine) {
  KeptMessage message;
  ASSERT_TRUE(message.parse("SIP/2.0 200 = 2**3 * 5**2 \xd0\xbd\xd0\xbe\r\n" + fields("INVITE") + "\r\n"));
  EXPECT_EQ(message.reason(), "= 2**3 * 5**2 \xd0\xbd\xd0\xbe");
  ASSERT_TRUE(message.parse("SIP/2.0 100 \r\n" + fields("INVITE") + "\r\n"));
  EXPECT_EQ(message.reason(), "");
}

TEST(Torture, badinv01_has_stray_separators) {
  std::string text = "INVITE sip:user@example.com SIP/2.0\r\n" + fields("INVITE") + "\r\n";
  text.replace(text.find("host5.example.net;"), 18, "host5.example.net;;,;,,");
  expect_refused(text, ";,;,,", "parameter name expected", false);
}

TEST(Torture, clerr_announces_more_than_there_is) {
  expect_refused("INVITE sip:user@example.com SIP/2.0\r\n" + fields("INVITE") + "Content-Length: 9999\r\n\r\nv=0\r\n", "9999",
                 "Content-Length is more than the bytes there are", true);
}

TEST(Torture, ncl_is_negative) {
  expect_refused("INVITE sip:user@example.com SIP/2.0\r\n" + fields("INVITE") + "Content-Length: -999\r\n\r\n", "-999", "Content-Length must be a number",
                 true);
}

TEST(Torture, scalar02_overflows_in_a_request) {
  std::string text = "REGISTER sip:example.com SIP/2.0\r\n" + fields("REGISTER") + "Max-Forwards: 300\r\nExpires: 10000000000000000\r\n\r\n";
  KeptMessage message;
  ASSERT_TRUE(message.parse(text));
  EXPECT_EQ(parse_number(*message.header(Header::Expires)), std::nullopt);
  text.replace(text.find("CSeq: 8"), 7, "CSeq: 36893488147419103232");
  expect_refused(text, "36893488147419103232", "sequence number below 2^31 expected", false);
}

TEST(Torture, scalarlg_overflows_in_a_response) {
  std::string text = "SIP/2.0 503 Service Unavailable\r\n" + fields("INVITE") + "Retry-After: 949302838503028349304023988\r\n\r\n";
  text.replace(text.find("CSeq: 8"), 7, "CSeq: 9292394834772304023312");
  expect_refused(text, "9292394834772304023312", "sequence number below 2^31 expected", false);
}

TEST(Torture, quotbal_has_an_unterminated_quote) {
  std::string text = "INVITE sip:user@example.com SIP/2.0\r\n" + fields("INVITE") + "\r\n";
  text.replace(text.find("To: <"), 5, "To: \"Mr. J. User <");
  expect_refused(text, "\"Mr. J", "the quoted string has no end", false);
}

TEST(Torture, ltgtruri_has_brackets_around_the_request_uri) {
  expect_refused("INVITE <sip:user@example.com> SIP/2.0\r\n" + fields("INVITE") + "\r\n", "<sip:user", "the Request-URI may not stand in angle brackets", true);
}

TEST(Torture, lwsruri_has_a_blank_in_the_request_uri) {
  expect_refused("INVITE sip:user@example.com; lr SIP/2.0\r\n" + fields("INVITE") + "\r\n", "lr SIP", "SIP/2.0 expected", true);
}

TEST(Torture, lwsstart_has_too_many_blanks_in_the_start_line) {
  expect_refused("INVITE  sip:user@example.com  SIP/2.0\r\n" + fields("INVITE") + "\r\n", " sip:user@example.com ", "Request-URI expected", true);
}

TEST(Torture, trws_has_blanks_behind_the_start_line) {
  expect_refused("OPTIONS sip:user@example.com SIP/2.0  \r\n" + fields("OPTIONS") + "\r\n", "SIP/2.0  ", "SIP/2.0 expected", true);
}

TEST(Torture, badvers_asks_for_505) {
  KeptMessage message;
  EXPECT_FALSE(message.parse("OPTIONS sip:t.watson@example.org SIP/7.0\r\n" + fields("OPTIONS") + "\r\n"));
  EXPECT_EQ(message.error().status, 505);
  EXPECT_TRUE(message.error().answerable);
}

TEST(Torture, mismatch01_and_02_have_another_method_in_cseq) {
  expect_refused("OPTIONS sip:user@example.com SIP/2.0\r\n" + fields("INVITE") + "\r\n", "INVITE", "the method of CSeq is not that of the request", true);
  expect_refused("NEWMETHOD sip:user@example.com SIP/2.0\r\n" + fields("INVITE") + "\r\n", "INVITE", "the method of CSeq is not that of the request", true);
}

TEST(Torture, bigcode_is_no_status) {
  expect_refused("SIP/2.0 4294967301 better not break the receiver\r\n" + fields("INVITE") + "\r\n", "4294967301", "status code from 100 to 699 expected",
                 false);
}

TEST(Torture, unksm2_and_novelsc_pass_as_messages_but_not_as_uris) {
  for (const std::string_view uri : {"nobodyKnowsThisScheme:totallyopaquecontent", "soap.beep://192.0.2.103:3002"}) {
    KeptMessage message;
    ASSERT_TRUE(message.parse(std::string("OPTIONS ").append(uri).append(" SIP/2.0\r\n") + fields("OPTIONS") + "\r\n"));
    EXPECT_EQ(message.request_uri(), uri);
    EXPECT_EQ(UriView::parse(uri).error().code, base::make_error_code(base::Errc::Unsupported));
  }
  std::string text = "REGISTER sip:example.com SIP/2.0\r\n" + fields("REGISTER") + "\r\n";
  text.replace(text.find("<sip:callee@example.com>"), 24, "isbn:2983792873");
  KeptMessage message;
  ASSERT_TRUE(message.parse(text));
  EXPECT_EQ(message.to().uri, "isbn:2983792873");
}

TEST(Torture, multi01_has_everything_twice) {
  expect_refused("INVITE sip:user@company.com SIP/2.0\r\n" + fields("INVITE") + "CSeq: 59 INVITE\r\nCall-ID: 2\r\n\r\n", "CSeq: 59", "CSeq is there twice",
                 true);
}

TEST(Torture, mcl01_has_two_lengths) {
  expect_refused("OPTIONS sip:user@example.com SIP/2.0\r\n" + fields("OPTIONS") + "Content-Length: 13\r\nContent-Length: 5\r\n\r\nThere's no way",
                 "5\r\n\r\nThere", "two different values of Content-Length", true);
}

TEST(Torture, insuf_lacks_what_every_request_has) {
  expect_refused("INVITE sip:user@example.com SIP/2.0\r\nCSeq: 193942 INVITE\r\nVia: SIP/2.0/UDP 192.0.2.95;branch=z9hG4bKkdj.insuf\r\n\r\n", "\r\n\r\n",
                 "From is missing", false, 2);
}

TEST(Torture, regbadct_has_a_contact_that_needs_brackets) {
  KeptMessage message;
  ASSERT_TRUE(
      message.parse("REGISTER sip:example.com SIP/2.0\r\n" + fields("REGISTER") + "Contact: sip:user@example.com?Route=%3Csip:sip.example.com%3E\r\n\r\n"));
  EXPECT_FALSE(message.contact().has_value());
}

TEST(Torture, inv2543_has_no_branch_and_no_tags) {
  KeptMessage message;
  ASSERT_TRUE(message.parse(
      "INVITE sip:UserB@example.com SIP/2.0\r\nVia: SIP/2.0/UDP iftgw.example.com\r\nFrom: <sip:+13035551111@ift.client.example.net;user=phone>\r\n"
      "Record-Route: <sip:UserB@example.com;maddr=ss1.example.com>\r\nTo: sip:+16505552222@ss1.example.net;user=phone\r\nCall-ID: inv2543.1717@ift\r\nCSeq: 56 "
      "INVITE\r\n\r\n"));
  EXPECT_EQ(message.top_via().branch(), "");
  EXPECT_EQ(message.from().tag(), "");
  EXPECT_EQ(message.to().parameters.find("user"), "phone");
}

TEST(Torture, badaspec_has_blanks_in_the_brackets) {
  std::string text = "OPTIONS sip:user@example.org SIP/2.0\r\n" + fields("OPTIONS") + "\r\n";
  text.replace(text.find("To: <sip"), 8, "To: \"Watson, Thomas\" < sip");
  expect_refused(text, " sip:callee", "URI scheme expected", false);
}

}  // namespace
}  // namespace callwright::sip
