#include "call/caller_identity.hpp"

#include <gtest/gtest.h>

namespace callwright::call {
namespace {

std::string invite_with(std::string_view lines) {
  return std::string(
             "INVITE sip:bob@x SIP/2.0\r\nVia: SIP/2.0/UDP h;branch=z9hG4bK1\r\nFrom: <sip:alice@x>;tag=1\r\nTo: <sip:bob@x>\r\nCall-ID: 1\r\n"
             "CSeq: 1 INVITE\r\n")
      .append(lines)
      .append("Content-Length: 0\r\n\r\n");
}

/// "<From's URI> | <lines>" of the call that goes to that peer.
std::string call_to(Peer peer, bool trusted_source, std::string_view lines) {
  const std::string text = invite_with(lines);
  sip::Message invite;
  if (!invite.parse(text)) {
    return "not parsed";
  }
  const CallerIdentity identity = trusted_source ? CallerIdentity::vouched_for(invite) : CallerIdentity("sip:alice@x", invite);
  sip::InviteSession::CallerOptions call;
  call.from = "<sip:alice@x>";
  identity.apply(peer, call);
  return call.from + " | " + call.headers;
}

constexpr const char* kAlice = "<sip:alice@x> | ";
constexpr const char* kAliceAsserted = "<sip:alice@x> | P-Asserted-Identity: <sip:alice@x>\r\n";
constexpr const char* kAnonymous = "\"Anonymous\" <sip:anonymous@anonymous.invalid> | ";

struct Row {
  const char* privacy;
  std::string user;
  std::string trusted;
  std::string stranger;
};

TEST(CallerIdentity, goes_as_far_as_the_caller_wants) {
  const std::string asserted = kAliceAsserted;
  const Row rows[] = {
      {"", kAliceAsserted, asserted, kAlice},
      {"Privacy: none\r\n", asserted + "Privacy: none\r\n", asserted + "Privacy: none\r\n", asserted + "Privacy: none\r\n"},
      {"Privacy: id\r\n", kAlice, asserted + "Privacy: id\r\n", kAlice},
      {"Privacy: header\r\n", kAliceAsserted, asserted + "Privacy: header\r\n", kAlice},
      {"Privacy: user\r\n", kAnonymous, asserted + "Privacy: user\r\n", kAnonymous},
      {"Privacy: user;id;critical\r\n", kAnonymous, asserted + "Privacy: user;id;critical\r\n", kAnonymous},
      {"Privacy: id;none\r\n", asserted + "Privacy: none\r\n", asserted + "Privacy: id;none\r\n", asserted + "Privacy: none\r\n"},
  };
  for (const Row& row : rows) {
    EXPECT_EQ(call_to(Peer::User, false, row.privacy), row.user) << row.privacy;
    EXPECT_EQ(call_to(Peer::Trusted, false, row.privacy), row.trusted) << row.privacy;
    EXPECT_EQ(call_to(Peer::Stranger, false, row.privacy), row.stranger) << row.privacy;
  }
}

TEST(CallerIdentity, is_what_was_proved_and_not_what_the_phone_says) {
  EXPECT_EQ(call_to(Peer::User, false, "P-Asserted-Identity: <sip:bank@x>\r\n"), kAliceAsserted);
}

TEST(CallerIdentity, of_a_trusted_network_is_passed_on) {
  const char* const lines = "P-Asserted-Identity: \"Cullen\" <sip:c@y>, <tel:+4930123>\r\n";
  const std::string both = "<sip:alice@x> | P-Asserted-Identity: <sip:c@y>\r\nP-Asserted-Identity: <tel:+4930123>\r\n";
  EXPECT_EQ(call_to(Peer::User, true, lines), both);
  EXPECT_EQ(call_to(Peer::Trusted, true, lines), both);
  EXPECT_EQ(call_to(Peer::Stranger, true, lines), kAlice);
  EXPECT_EQ(call_to(Peer::User, true, std::string(lines) + "Privacy: id\r\n"), kAlice);
  EXPECT_EQ(call_to(Peer::User, true, {}), kAlice) << "nobody is asserted";
}

TEST(CallerIdentity, critical_privacy_of_the_session_is_not_to_be_had) {
  for (const auto& [lines, too_much] :
       {std::pair{"Privacy: session;critical\r\n", true}, {"Privacy: session\r\n", false}, {"Privacy: id;critical\r\n", false}}) {
    const std::string text = invite_with(lines);
    sip::Message invite;
    ASSERT_TRUE(invite.parse(text));
    EXPECT_EQ(CallerIdentity("sip:alice@x", invite).wants_too_much(), too_much) << lines;
  }
}

}  // namespace
}  // namespace callwright::call
