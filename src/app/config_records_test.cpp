#include "app/config.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace callwright::app {
namespace {

using testing::HasSubstr;
using testing::Not;

std::string problems(const std::string& text, const std::vector<Override>& overrides = {}) {
  const auto config = read_config("[records]\n" + text, "c.toml", overrides);
  return config ? std::string() : config.error().message();
}

constexpr const char* kWebhook = "webhook = \"https://crm.example.com/calls\"\nwebhook_secret = \"0123456789abcdef\"\nwebhook_dead_letters = \"d.jsonl\"\n";

TEST(RecordsConfig, takes_each_place_alone_or_all_together) {
  const auto config =
      read_config("[records]\nfile = \"f\"\ndatabase = \"d\"\nwebhook_ca_file = \"ca\"\nwebhook_give_up_s = 60\n" + std::string(kWebhook), "c", {});
  ASSERT_TRUE(config) << config.error().message();
  EXPECT_EQ(config->records.file, "f");
  EXPECT_EQ(config->records.database, "d");
  EXPECT_EQ(config->records.webhook_ca_file, "ca");
  EXPECT_EQ(config->records.webhook_give_up, std::chrono::seconds(60));
  EXPECT_TRUE(config->records.wanted());
  EXPECT_EQ(problems("file = \"f\""), "");
  EXPECT_FALSE(read_config("", "c", {})->records.wanted());
}

TEST(RecordsConfig, needs_a_secret_and_dead_letters_for_a_webhook) {
  EXPECT_EQ(problems(kWebhook), "");
  const std::string alone = problems("webhook = \"https://crm.example.com/calls\"");
  EXPECT_THAT(alone, HasSubstr("c.toml: records.webhook needs a records.webhook_secret of 16 characters"));
  EXPECT_THAT(alone, HasSubstr("c.toml: records.webhook needs records.webhook_dead_letters"));
  EXPECT_THAT(problems("webhook_secret = \"0123456789abcdef\""), HasSubstr("records.webhook is missing"));
}

TEST(RecordsConfig, lets_nothing_cross_the_network_in_clear_and_repeats_no_secret) {
  const auto with = [](const std::string& url) {
    return problems("webhook_secret = \"hidden\"\nwebhook_dead_letters = \"d\"\n", {{"CALLWRIGHT_RECORDS_WEBHOOK", "records.webhook", url}});
  };
  EXPECT_THAT(with("http://crm.example.com/?key=hidden"), HasSubstr("would cross the network in clear"));
  EXPECT_THAT(with("http://127.0.0.1:8000/?key=hidden"), Not(HasSubstr("in clear")));
  EXPECT_THAT(with("ftp://hidden"), HasSubstr("records.webhook: expected a URL such as"));
  for (const char* const url : {"http://crm.example.com/?key=hidden", "http://127.0.0.1:8000/?key=hidden", "ftp://hidden"}) {
    EXPECT_THAT(with(url), Not(HasSubstr("hidden"))) << url;
  }
}

TEST(RecordsConfig, refuses_other_values) {
  EXPECT_THAT(problems("webhook_give_up_s = 0"), HasSubstr("c.toml:2: records.webhook_give_up_s: expected seconds, 1 to 604800"));
  EXPECT_THAT(problems("file = 1"), HasSubstr("records.file: expected a file name"));
  EXPECT_THAT(problems("databse = \"d\""), HasSubstr("did you mean records.database?"));
}

}  // namespace
}  // namespace callwright::app
