#include "server/call_api/openrpc.hpp"

#include "server/call_api/command.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <map>

namespace callwright::server::call_api {
namespace {

using testing::HasSubstr;

/// A value that is right for a parameter, as JSON.
std::string right_value(const ParameterInfo& parameter) {
  static const std::map<ParameterType, std::string> kValues = {{ParameterType::Text, R"("x")"},
                                                               {ParameterType::Uri, R"("sip:a@h")"},
                                                               {ParameterType::CallId, R"("a@h")"},
                                                               {ParameterType::Keys, R"("12#")"},
                                                               {ParameterType::Flag, "true"},
                                                               {ParameterType::Codecs, R"("opus,PCMA")"},
                                                               {ParameterType::Headers, R"({"X-A":"b"})"},
                                                               {ParameterType::Forwarding, R"({"busy":"bob"})"},
                                                               {ParameterType::FindMe, R"([{"to":"phones"}])"},
                                                               {ParameterType::Screening, R"({"incoming":{}})"}};
  switch (parameter.type) {
    case ParameterType::Word: return "\"" + std::string(parameter.words.front()) + "\"";
    case ParameterType::Count: return std::to_string(parameter.least);
    default: return kValues.at(parameter.type);
  }
}
/// One that is not, whatever the type.
constexpr const char* kWrong = "[7]";

struct OpenRpc : testing::TestWithParam<MethodInfo> {
  std::variant<ParsedCommand, RpcError> parse(const std::string& params) {
    return parse_command({.id = "1", .method = std::string(GetParam().name), .params = parse_json(params, 8).value()}, random);
  }
  /// All parameters but one, which has that value; "" leaves it out.
  std::string params(std::string_view other, const std::string& value) {
    std::string text = "{";
    for (const ParameterInfo& parameter : GetParam().parameters) {
      const std::string given = parameter.name == other ? value : right_value(parameter);
      if (!given.empty()) {
        text.append(text.size() > 1 ? "," : "").append("\"").append(parameter.name).append("\":").append(given);
      }
    }
    return text + "}";
  }
  base::DeterministicRandom random{1};
};
INSTANTIATE_TEST_SUITE_P(methods, OpenRpc, testing::ValuesIn(method_infos()), [](const auto& method) { return std::string(method.param.name); });

TEST_P(OpenRpc, names_the_parameters_that_the_method_takes) {
  const auto whole = parse(params("", ""));
  ASSERT_TRUE(std::holds_alternative<ParsedCommand>(whole)) << std::get<RpcError>(whole).message;
  EXPECT_FALSE(std::holds_alternative<Incomplete>(std::get<ParsedCommand>(whole).command));
  for (const ParameterInfo& parameter : GetParam().parameters) {
    const std::string name(parameter.name);
    const auto wrong = parse(params(name, kWrong));
    ASSERT_TRUE(std::holds_alternative<RpcError>(wrong)) << name << " is not looked at";
    EXPECT_THAT(std::get<RpcError>(wrong).message, HasSubstr(name));
    const auto missing = std::get<ParsedCommand>(parse(params(name, ""))).command;
    const auto* const incomplete = std::get_if<Incomplete>(&missing);
    EXPECT_EQ(incomplete != nullptr, parameter.presence == ParameterInfo::Presence::Required) << name;
    EXPECT_EQ(incomplete == nullptr ? name + " not specified" : incomplete->problem, name + " not specified");
  }
}

TEST(OpenRpcDocument, has_all_methods_and_no_others) {
  std::string names;
  for (const MethodInfo& method : method_infos()) {
    names.append(names.empty() ? "" : ", ").append(method.name);
  }
  base::DeterministicRandom random{1};
  const auto unknown = parse_command({.id = "1", .method = "nothing", .params = Json{Json::Object{}}}, random);
  EXPECT_EQ(std::get<RpcError>(unknown).message, "Method not found; this server knows " + names);
}

TEST(OpenRpcDocument, is_one) {
  const std::string& text = openrpc_text();
  EXPECT_THAT(text, testing::StartsWith(R"({"openrpc":"1.3.2","info":{"title":"Callwright Call API","version":")" CALLWRIGHT_VERSION "\","));
  EXPECT_THAT(text, HasSubstr(R"({"name":"callee","summary":"whom to connect with it","required":true,"schema":{"type":"string","format":"uri",)"));
  EXPECT_TRUE(parse_json(text, 32));
}

}  // namespace
}  // namespace callwright::server::call_api
