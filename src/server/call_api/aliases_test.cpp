#include "server/call_api/aliases.hpp"

#include <gtest/gtest.h>

namespace callwright::server::call_api {
namespace {

TEST(Aliases, lead_from_an_older_spelling_to_the_method) {
  EXPECT_EQ(method_meant("CallUnHold"), "CallUnhold");
  for (const char* name : {"CallUnhold", "callunhold", "CallStart", ""}) {
    EXPECT_EQ(method_meant(name), name);
  }
}

TEST(Aliases, lead_to_parameters_under_their_older_names) {
  const Json params = parse_json(R"({"callid_a":"1","leg_a":"2","callid_b":"3","leg_b":"4","other_c":"5"})", 8).value();
  for (const auto& [name, value] : {std::pair{"callidA", "1"}, std::pair{"legA", "2"}, std::pair{"callidB", "3"}, std::pair{"legB", "4"}}) {
    const Json* found = find_parameter(params, name);
    ASSERT_NE(found, nullptr) << name;
    EXPECT_EQ(*found->string(), value);
  }
  EXPECT_EQ(find_parameter(params, "otherC"), nullptr);
  EXPECT_EQ(find_parameter(Json{}, "callidA"), nullptr);
}

TEST(Aliases, give_way_to_the_newer_name) {
  const Json params = parse_json(R"({"callidA":"new","callid_a":"old"})", 8).value();
  EXPECT_EQ(*find_parameter(params, "callidA")->string(), "new");
}

}  // namespace
}  // namespace callwright::server::call_api
