#include "server/call_api/error_style.hpp"

#include <gtest/gtest.h>

namespace callwright::server::call_api {
namespace {

/// The code of the refusal and its text, "accepted" when there is none.
std::string refusal(const ErrorStyle& style, std::string_view text) {
  const auto error = style.refusal(parse_json(text, 8).value());
  return error ? std::to_string(static_cast<int>(error->code)) + " " + error->message : "accepted";
}

TEST(ErrorStyle, has_two_names) {
  EXPECT_EQ(find_error_style("json-rpc"), &json_rpc_errors());
  EXPECT_EQ(find_error_style("reference"), &reference_errors());
  EXPECT_EQ(find_error_style(""), nullptr);
  EXPECT_EQ(find_error_style("Reference"), nullptr);
}

TEST(JsonRpcErrors, give_each_error_its_code_and_text) {
  EXPECT_EQ(json_rpc_errors().answer("null", {RpcCode::InvalidParams, "no <caller>"}),
            R"({"jsonrpc":"2.0","id":null,"error":{"code":-32602,"message":"no \u003ccaller\u003e"}})");
  EXPECT_EQ(json_rpc_errors().answer("7", {RpcCode::InvalidParams, "x must be a string", RpcError::Detail::NoString}),
            R"({"jsonrpc":"2.0","id":7,"error":{"code":-32602,"message":"x must be a string"}})");
}

TEST(JsonRpcErrors, look_at_version_and_method_and_leave_the_parameters_to_the_method) {
  EXPECT_EQ(refusal(json_rpc_errors(), "null"), "-32600 Invalid request: a request is a JSON object");
  EXPECT_EQ(refusal(json_rpc_errors(), R"({"jsonrpc":"3.0","method":"Echo"})"), "-32600 Invalid request: jsonrpc must be \"2.0\"");
  EXPECT_EQ(refusal(json_rpc_errors(), "{}"), "-32600 Invalid request: method must be a string");
  EXPECT_EQ(refusal(json_rpc_errors(), R"({"METHOD":"Nope"})"), "accepted");
}

TEST(ReferenceErrors, have_one_code_and_the_texts_that_clients_know) {
  const ErrorStyle& style = reference_errors();
  for (const RpcCode code : {RpcCode::ParseError, RpcCode::InvalidRequest}) {
    EXPECT_EQ(style.answer("null", {code, "x"}), R"({"jsonrpc":"2.0","id":"","error":{"code":32000,"message":"failed to parse JSON-RPC request"}})");
  }
  EXPECT_EQ(style.answer("7", {RpcCode::MethodNotFound, "x"}), R"({"jsonrpc":"2.0","id":7,"error":{"code":32000,"message":"unknown JSON-RPC method"}})");
  EXPECT_EQ(style.answer("7", {RpcCode::InvalidParams, "x", RpcError::Detail::NoString}),
            R"({"jsonrpc":"2.0","id":7,"error":{"code":32000,"message":"bad JSON-RPC parameters"}})");
}

TEST(ReferenceErrors, keep_the_texts_of_this_server_where_clients_know_none) {
  for (const RpcCode code : {RpcCode::InvalidParams, RpcCode::Busy}) {
    EXPECT_EQ(reference_errors().answer("7", {code, "try again"}), R"({"jsonrpc":"2.0","id":7,"error":{"code":32000,"message":"try again"}})");
  }
}

TEST(ReferenceErrors, look_at_parameters_and_cmd_id_before_the_method) {
  const ErrorStyle& style = reference_errors();
  for (const char* text : {"5", "\"x\"", "true", "[]", R"({"method":5,"params":{}})"}) {
    EXPECT_EQ(refusal(style, text), "-32600 ") << text;
  }
  for (const char* text : {"{}", "null", R"({"method":"Nope"})", R"({"method":"Echo","params":null})", R"({"method":"Echo","params":["a"]})"}) {
    EXPECT_EQ(refusal(style, text), "-32602 non-object parameters are not accepted") << text;
  }
  EXPECT_EQ(refusal(style, R"({"method":"Nope","params":{"cmd_id":5}})"), "-32602 bad cmd_id (must be a string)");
  for (const char* text : {R"({"params":{}})", R"({"method":null,"params":{}})", R"({"jsonrpc":5,"Method":"Nope","PARAMS":{"a":5}})"}) {
    EXPECT_EQ(refusal(style, text), "accepted") << text;
  }
}

TEST(ErrorStyle, says_what_becomes_of_requests_that_lack_a_parameter) {
  EXPECT_EQ(json_rpc_errors().incomplete_requests(), ErrorStyle::Incomplete::Refused);
  EXPECT_EQ(reference_errors().incomplete_requests(), ErrorStyle::Incomplete::Fails);
}

}  // namespace
}  // namespace callwright::server::call_api
