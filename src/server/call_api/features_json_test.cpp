#include "server/call_api/features_json.hpp"

#include <gtest/gtest.h>

namespace callwright::server::call_api {
namespace {

using namespace std::chrono_literals;

std::string text_of(const Json& json) {
  std::string text;
  append_json(text, json, MemberOrder::Sorted);
  return text;
}

base::Result<call::FeatureChange> read(std::string_view text) { return read_features(parse_json(text, 8).value()); }

constexpr std::string_view kAll =
    R"({"do_not_disturb":true,"find_me":[{"time_s":15,"to":["phones"]},{"time_s":20,"to":["carol","sip:bob@example.net"]}],)"
    R"("forward":{"after_s":10,"always":"carol","no_answer":"0301234"},"screening":{"incoming":{"allow":["alice"],"deny":["anonymous","x*"]},)"
    R"("outgoing":{"allow":[],"deny":["0900*"]}}})";

TEST(FeaturesJson, is_read_as_it_is_written) {
  const auto change = read(kAll);
  ASSERT_TRUE(change) << change.error().message();
  call::UserFeatures features;
  change->apply_to(features);
  EXPECT_EQ(features.forward.after, 10s);
  EXPECT_EQ(features.find_me.at(1).places.at(1), "sip:bob@example.net");
  EXPECT_EQ(text_of(to_json(features)), kAll);
}

TEST(FeaturesJson, changes_only_what_it_names) {
  call::UserFeatures features{.forward = {.always = "carol"}, .do_not_disturb = true};
  const auto change = read(R"({"user":"bob","find_me":[{"to":"phones"}],"do_not_disturb":false})");
  ASSERT_TRUE(change);
  change->apply_to(features);
  EXPECT_EQ(features.forward.always, "carol");
  EXPECT_FALSE(features.do_not_disturb);
  ASSERT_EQ(features.find_me.size(), 1U);
  EXPECT_EQ(features.find_me.front().time, 20s);
}

TEST(FeaturesJson, names_what_is_wrong) {
  for (const auto& [text, problem] :
       {std::pair{R"({"forward":"carol"})", "forward: expected an object"},
        {R"({"forward":{"busi":"carol"}})", "forward.busi: unknown key"},
        {R"({"forward":{"busy":7}})", "forward.busy: expected a text"},
        {R"({"forward":{"after_s":601}})", "forward.after_s: expected seconds, 1 to 600"},
        {R"({"forward":{"after_s":"x"}})", "forward.after_s: expected seconds, 1 to 600"},
        {R"({"find_me":{}})", "find_me: expected a list of steps such as {\"to\":[\"phones\"],\"time_s\":15}"},
        {R"({"find_me":[{"time_s":5}]})", "find_me.to: expected \"phones\", a user, a number or a URI, or a list of 1 to 10 of them"},
        {R"({"screening":{"in":{}}})", "screening.in: unknown key"},
        {R"({"do_not_disturb":1})", "do_not_disturb: expected true or false"}}) {
    const auto change = read(text);
    ASSERT_FALSE(change) << text;
    EXPECT_EQ(change.error().message(), problem);
  }
  for (const char* const place : {"carol@example.com", "tel:+4930", "sips:carol@h", "sip:h", "a b", "sip:x@h?Replaces=1", "<x>", "x\\r\\ny"}) {
    EXPECT_FALSE(read(R"({"forward":{"always":")" + std::string(place) + "\"}}")) << place;
  }
}

}  // namespace
}  // namespace callwright::server::call_api
