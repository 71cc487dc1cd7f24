#include "sip/dialog.hpp"

#include <gmock/gmock.h>

#include <string>

namespace callwright::sip {
namespace {

using ::testing::ElementsAre;

/// An INVITE or its response with these lines added.
std::string text(std::string_view start_line, std::string_view to, std::string_view lines) {
  std::string message(start_line);
  message.append("\r\nVia: SIP/2.0/UDP h;branch=z9hG4bK1\r\nFrom: \"Alice \\\"A\\\"\" <sip:alice@a>;tag=at\r\nTo: ").append(to);
  message.append("\r\nCall-ID: id\r\nCSeq: 7 INVITE\r\n").append(lines).append("Content-Length: 0\r\n\r\n");
  return message;
}

TEST(Dialog, of_the_answerer_takes_all_from_the_request) {
  const std::string bytes = text("INVITE sip:bob@b SIP/2.0", "<sip:bob@b>",
                                 "Contact: <sip:alice@192.0.2.1:5070>;x=1\r\nRecord-Route: <sip:p1;lr>,<sip:p2;lr>\r\nRecord-Route: <sip:p3;lr>\r\n");
  Message request;
  ASSERT_TRUE(request.parse(bytes));
  const Dialog dialog = Dialog::answering(request, "bt");
  EXPECT_EQ(dialog.remote_cseq, 7U);
  const OutgoingRequest bye = dialog.request(Method::Bye);
  EXPECT_EQ(bye.uri, "sip:alice@192.0.2.1:5070");
  EXPECT_THAT(bye.routes, ElementsAre("<sip:p1;lr>", "<sip:p2;lr>", "<sip:p3;lr>"));
  EXPECT_EQ(bye.parties, "From: <sip:bob@b>;tag=bt\r\nTo: \"Alice \\\"A\\\"\" <sip:alice@a>;tag=at\r\nCall-ID: id\r\n");
}

TEST(Dialog, of_the_caller_turns_the_recorded_route_round) {
  Dialog dialog;
  dialog.call_id = "id";
  dialog.local_tag = "at";
  dialog.local = "<sip:alice@a>";
  dialog.remote = "<sip:bob@b>";
  dialog.remote_target = "sip:bob@b";
  dialog.route_set = {"<sip:outbound;lr>"};
  EXPECT_EQ(dialog.request(Method::Invite).parties, "From: <sip:alice@a>;tag=at\r\nTo: <sip:bob@b>\r\nCall-ID: id\r\n");
  EXPECT_THAT(dialog.request(Method::Invite).routes, ElementsAre("<sip:outbound;lr>"));

  const std::string bytes = text("SIP/2.0 200 OK", "<sip:bob@b>;tag=bt", "Contact: <sip:bob@192.0.2.2>\r\nRecord-Route: <sip:p1;lr>,<sip:p2;lr>\r\n");
  Message response;
  ASSERT_TRUE(response.parse(bytes));
  dialog.establish(response);
  const OutgoingRequest ack = dialog.request(Method::Ack);
  EXPECT_EQ(ack.uri, "sip:bob@192.0.2.2");
  EXPECT_THAT(ack.routes, ElementsAre("<sip:p2;lr>", "<sip:p1;lr>"));
  EXPECT_EQ(ack.parties, "From: <sip:alice@a>;tag=at\r\nTo: <sip:bob@b>;tag=bt\r\nCall-ID: id\r\n");
}

TEST(Dialog, response_without_contact_leaves_the_target) {
  Dialog dialog;
  dialog.remote_target = "sip:bob@b";
  const std::string bytes = text("SIP/2.0 200 OK", "<sip:bob@b>;tag=bt", "");
  Message response;
  ASSERT_TRUE(response.parse(bytes));
  dialog.establish(response);
  EXPECT_EQ(dialog.remote_target, "sip:bob@b");
}

TEST(Dialog, strict_router_first_makes_the_target_the_last_route) {
  Dialog dialog;
  dialog.remote_target = "sip:bob@192.0.2.2";
  dialog.route_set = {"<sip:strict>", "<sip:p2;lr>"};
  const OutgoingRequest request = dialog.request(Method::Bye);
  EXPECT_EQ(request.uri, "sip:strict");
  EXPECT_THAT(request.routes, ElementsAre("<sip:p2;lr>", "<sip:bob@192.0.2.2>"));
}

TEST(Dialog, address_without_angle_brackets_keeps_its_tag_apart) {
  const std::string bytes =
      "INVITE sip:bob@b SIP/2.0\r\nVia: SIP/2.0/UDP h;branch=z9hG4bK1\r\nFrom: sip:alice@a;tag=at\r\nTo: sip:bob@b\r\nCall-ID: id\r\nCSeq: 1 "
      "INVITE\r\nContent-Length: 0\r\n\r\n";
  Message request;
  ASSERT_TRUE(request.parse(bytes));
  const OutgoingRequest bye = Dialog::answering(request, "bt").request(Method::Bye);
  EXPECT_EQ(bye.parties, "From: sip:bob@b;tag=bt\r\nTo: <sip:alice@a>;tag=at\r\nCall-ID: id\r\n");
}

TEST(Dialog, refresh_changes_the_target_but_not_the_route) {
  Dialog dialog;
  dialog.remote_target = "sip:old@h";
  dialog.route_set = {"<sip:p1;lr>"};
  const std::string bytes = text("INVITE sip:bob@b SIP/2.0", "<sip:bob@b>;tag=bt", "Contact: <sip:new@h>\r\nRecord-Route: <sip:evil;lr>\r\n");
  Message request;
  ASSERT_TRUE(request.parse(bytes));
  dialog.refresh_target(request);
  EXPECT_EQ(dialog.remote_target, "sip:new@h");
  EXPECT_THAT(dialog.route_set, ElementsAre("<sip:p1;lr>"));
}

}  // namespace
}  // namespace callwright::sip
