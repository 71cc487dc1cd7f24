#include "server/call_api/request.hpp"

#include <gtest/gtest.h>

namespace callwright::server::call_api {
namespace {

Request request_of(std::string_view text) {
  const Envelope envelope = decode_envelope(text);
  EXPECT_EQ(envelope.shape, Envelope::Shape::Single);
  const auto* request = std::get_if<Request>(&envelope.entries.at(0));
  if (request == nullptr) {
    ADD_FAILURE() << "refused: " << std::get<RefusedRequest>(envelope.entries[0]).error.message;
    return {};
  }
  return *request;
}

RefusedRequest refusal_of(std::string_view text) {
  const Envelope envelope = decode_envelope(text);
  EXPECT_EQ(envelope.shape, Envelope::Shape::Single);
  const auto* refused = std::get_if<RefusedRequest>(&envelope.entries.at(0));
  if (refused == nullptr) {
    ADD_FAILURE() << "accepted: " << text;
    return {};
  }
  return *refused;
}

TEST(Request, carries_method_params_and_id) {
  const Request request = request_of(R"({"jsonrpc":"2.0","id":"e1","method":"Echo","params":{"a":"b"}})");
  EXPECT_EQ(request.method, "Echo");
  EXPECT_EQ(request.id, "\"e1\"");
  ASSERT_TRUE(request.params);
  EXPECT_EQ(*request.params->find("a")->string(), "b");
}

TEST(Request, repeats_ids_of_any_kind_exactly) {
  for (const char* id :
       {"12345678901234567890", "1.5", "1.50", "1e3", "-0", "null", "true", "\"\"", R"("a\"b")", R"({"a":1})", R"({"z":1,"a":[2.0],"z":2})", "[1,[2]]"}) {
    EXPECT_EQ(request_of(R"({"method":"Echo","id":)" + std::string(id) + "}").id, id);
  }
}

TEST(Request, without_id_is_a_notification) { EXPECT_FALSE(request_of(R"({"jsonrpc":"2.0","method":"Echo","params":{}})").id); }

TEST(Request, needs_no_params_here) { EXPECT_FALSE(request_of(R"({"method":"Echo","id":1})").params); }

TEST(Request, lets_the_last_of_duplicate_members_win) {
  const Request request = request_of(R"({"method":"A","id":1,"id":2,"method":"B"})");
  EXPECT_EQ(request.method, "B");
  EXPECT_EQ(request.id, "2");
}

TEST(Request, accepts_old_version_numbers_and_none) {
  EXPECT_EQ(request_of(R"({"jsonrpc":"1.0","method":"Echo"})").method, "Echo");
  EXPECT_EQ(request_of(R"({"method":"Echo"})").method, "Echo");
}

TEST(Request, refuses_other_versions_under_its_id) {
  for (const char* version : {"\"3.0\"", "2.0", "null", "\"\""}) {
    const auto refused = refusal_of(R"({"id":7,"method":"Echo","jsonrpc":)" + std::string(version) + "}");
    EXPECT_EQ(refused.error.code, RpcCode::InvalidRequest);
    EXPECT_EQ(refused.id, "7");
  }
}

TEST(Request, refuses_text_that_is_no_json_with_a_parse_error) {
  for (const char* text : {"not json", "", "{", "{\"id\":1", "\xFF"}) {
    const auto refused = refusal_of(text);
    EXPECT_EQ(refused.error.code, RpcCode::ParseError) << text;
    EXPECT_EQ(refused.id, "null");
  }
}

TEST(Request, refuses_values_that_are_no_request) {
  for (const char* text : {"1", "\"x\"", "null", "true", "[]", "{}", R"({"foo":1})", R"({"method":1})", R"({"method":null})"}) {
    const auto refused = refusal_of(text);
    EXPECT_EQ(refused.error.code, RpcCode::InvalidRequest) << text;
    EXPECT_EQ(refused.id, "null") << text;
  }
  EXPECT_EQ(refusal_of(R"({"id":"x","method":5})").id, "\"x\"");
}

TEST(Request, takes_its_member_names_in_any_letter_case) {
  const Request request = request_of(R"({"JsonRpc":"2.0","ID":1,"Method":"Echo","PARAMS":{"A":"b"}})");
  EXPECT_EQ(request.method, "Echo");
  EXPECT_EQ(request.id, "1");
  ASSERT_TRUE(request.params);
  EXPECT_NE(request.params->find("A"), nullptr);
  EXPECT_EQ(request.params->find("a"), nullptr);
  EXPECT_EQ(request_of(R"({"id":1,"method":"Echo","ID":2,"METHOD":"CallEnd"})").method, "CallEnd");
  EXPECT_EQ(request_of(R"({"id":1,"method":"Echo","ID":2})").id, "2");
  EXPECT_EQ(refusal_of(R"({"method":"Echo","JSONRPC":"3.0"})").error.code, RpcCode::InvalidRequest);
}

TEST(Request, refuses_more_than_32_levels) {
  const std::string deep = std::string(32, '[') + std::string(32, ']');
  EXPECT_EQ(refusal_of(R"({"method":"Echo","params":)" + deep + "}").error.code, RpcCode::ParseError);
}

TEST(Request, may_say_any_version_where_errors_are_those_of_the_reference) {
  const Envelope envelope = decode_envelope(R"({"jsonrpc":3,"id":7,"method":"Echo","params":{}})", reference_errors());
  EXPECT_EQ(std::get<Request>(envelope.entries.at(0)).id, "7");
}

TEST(Batch, keeps_the_order_of_its_entries) {
  const Envelope envelope = decode_envelope(R"([{"method":"A","id":1},5,{"method":"B"}])");
  EXPECT_EQ(envelope.shape, Envelope::Shape::Batch);
  ASSERT_EQ(envelope.entries.size(), 3U);
  EXPECT_EQ(std::get<Request>(envelope.entries[0]).method, "A");
  EXPECT_EQ(std::get<RefusedRequest>(envelope.entries[1]).error.code, RpcCode::InvalidRequest);
  EXPECT_EQ(std::get<Request>(envelope.entries[2]).method, "B");
}

TEST(Batch, is_limited_in_length) {
  std::string text = "[";
  for (std::size_t entry = 0; entry < kMaxBatch; ++entry) {
    text += R"({"method":"A"},)";
  }
  text.back() = ']';
  EXPECT_EQ(decode_envelope(text).entries.size(), kMaxBatch);
  text.back() = ',';
  EXPECT_EQ(refusal_of(text + "1]").error.code, RpcCode::InvalidRequest);
}

}  // namespace
}  // namespace callwright::server::call_api
