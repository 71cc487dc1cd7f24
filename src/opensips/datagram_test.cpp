#include "opensips/datagram.hpp"

#include <gtest/gtest.h>

namespace callwright::opensips {
namespace {

MiAnswer answer_of(std::string_view bytes) { return std::get<MiAnswer>(read_datagram(bytes)); }
bool is_unreadable(std::string_view bytes) { return std::holds_alternative<Unreadable>(read_datagram(bytes)); }

TEST(Datagram, an_answer_has_a_result_or_an_error) {
  const MiAnswer good = answer_of(R"({"jsonrpc":"2.0","result":"OK","id":"a-1"})");
  EXPECT_FALSE(good.failed);
  EXPECT_EQ(good.id, "a-1");
  EXPECT_EQ(text_of(&good.result), "OK");
  const MiAnswer bad = answer_of(R"({"jsonrpc":"2.0","error":{"code":404,"message":"Dialog not found","data":"x"},"id":7})");
  EXPECT_TRUE(bad.failed);
  EXPECT_EQ(bad.id, "7");
  EXPECT_EQ(bad.error_text(), "404 Dialog not found");
  EXPECT_EQ(answer_of(R"({"error":{"code":-32000,"message":"Server error"},"id":7})").error_text(), "-32000 Server error");
  EXPECT_EQ(answer_of(R"({"error":{"message":7},"id":null})").error_text(), "0 7");
}

TEST(Datagram, an_event_has_parameters_of_which_some_are_null) {
  const auto read = read_datagram(R"({"jsonrpc":"2.0","method":"E_CALL_TRANSFER","params":{"callid":"c","leg":null,"status":486}})");
  const auto& event = std::get<ProxyEvent>(read);
  EXPECT_EQ(event.name, "E_CALL_TRANSFER");
  EXPECT_EQ(event.text("callid"), "c");
  EXPECT_EQ(event.text("leg"), "");
  EXPECT_EQ(event.text("status"), "486");
  EXPECT_EQ(event.text("absent"), "");
  const auto bare = read_datagram(R"({"method":"E_X"})");
  EXPECT_EQ(std::get<ProxyEvent>(bare).text("x"), "");
}

TEST(Datagram, what_is_neither_is_passed_over) {
  for (const std::string_view text : {"", "400 Parse_error", "500 Internal error", "{}", "[]", "7", R"({"id":1})", R"({"result":1})", R"({"method":1})"}) {
    EXPECT_TRUE(is_unreadable(text)) << text;
  }
  EXPECT_TRUE(is_unreadable(std::string(kMaxDatagram + 1, ' ')));
  EXPECT_TRUE(is_unreadable(std::string(100, '[') + std::string(100, ']')));
}

TEST(Datagram, a_request_is_one_object_with_escaped_texts) {
  EXPECT_EQ(write_request("a-1", "dlg_end_dlg", {parameter("dialog_id", "x\"\r\n")}),
            R"({"jsonrpc":"2.0","id":"a-1","method":"dlg_end_dlg","params":{"dialog_id":"x\"\r\n"}})");
}

}  // namespace
}  // namespace callwright::opensips
