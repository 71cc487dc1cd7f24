#include "app/config.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace callwright::app {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

std::string problems_of(std::string_view text, const std::vector<Override>& overrides = {}) {
  const auto config = read_config(text, "test.toml", overrides);
  return config ? "" : config.error().message();
}

Config config_of(std::string_view text, const std::vector<Override>& overrides = {}) { return read_config(text, "test.toml", overrides).value(); }

TEST(Config, has_demo_accounts_on_loopback_when_there_is_nothing_else) {
  const Config config = config_of("");
  EXPECT_TRUE(config.demo_accounts);
  EXPECT_EQ(config.accounts.size(), 3U);
  EXPECT_EQ(config.sip_listen.front().to_string(), "127.0.0.1:5060");
  EXPECT_EQ(config.call_api_listen.front().to_string(), "127.0.0.1:5059");
  EXPECT_EQ(config.http_listen.front().to_string(), "127.0.0.1:8080");
}

TEST(Config, takes_addresses_as_text_and_as_list) {
  EXPECT_EQ(config_of("[sip]\nlisten = '127.0.0.1:7000'").sip_listen.size(), 1U);
  EXPECT_EQ(config_of("[sip]\nlisten = ['127.0.0.1:7000', '[::1]:7000']").sip_listen.size(), 2U);
}

TEST(Config, names_line_and_near_key_of_an_unknown_one) {
  EXPECT_EQ(problems_of("[sip]\n\nlistn = 'x'"), "test.toml:3: sip.listn: unknown key (did you mean sip.listen?)");
}

TEST(Config, tells_all_that_is_wrong_in_the_order_of_the_file) {
  EXPECT_EQ(problems_of("[log]\nlevel = 3\n[sip]\nlisten = '127.0.0.1'\n[nonsense]\n"),
            "test.toml:2: log.level: expected one of trace, debug, info, warn, error, off\n"
            "test.toml:4: sip.listen: expected an address with port such as \"127.0.0.1:5060\", or a list of them\n"
            "test.toml:5: nonsense: unknown section; there are sip, exchange, call_api, http, server, log, [[accounts]] and [[routes]]");
}

TEST(Config, names_the_line_of_a_syntax_error) { EXPECT_THAT(problems_of("[sip]\nlisten = = 3"), HasSubstr("test.toml:2:")); }

TEST(Config, lets_a_variable_override_the_file_and_a_flag_both) {
  const std::vector<Override> overrides{{"CALLWRIGHT_SIP_LISTEN", "sip.listen", "127.0.0.1:1"}, {"--sip", "sip.listen", "127.0.0.1:2"}};
  EXPECT_EQ(config_of("[sip]\nlisten = '127.0.0.1:3'", overrides).sip_listen.front().port, 2);
}

TEST(Config, reads_numbers_booleans_and_lists_from_text) {
  const Config config =
      config_of("", {{"a", "exchange.max_calls", "7"}, {"b", "call_api.allow_unauthenticated", "true"}, {"c", "sip.domains", "one.example,two.example"}});
  EXPECT_EQ(config.max_calls, 7U);
  EXPECT_TRUE(config.allow_unauthenticated);
  EXPECT_THAT(config.domains, ElementsAre("one.example", "two.example"));
}

TEST(Config, names_the_variable_that_is_wrong) {
  EXPECT_EQ(problems_of("", {{"CALLWRIGHT_EXCHANGE_MAX_CALLS", "exchange.max_calls", "many"}}),
            "CALLWRIGHT_EXCHANGE_MAX_CALLS: expected a number from 1 to 10000000, got \"many\"");
}

TEST(Config, takes_variables_of_known_sections_only) {
  const char* const environment[] = {"PATH=/bin", "CALLWRIGHT_BIN=/x", "CALLWRIGHT_CALL_API_ON_DISCONNECT=cancel", nullptr};
  const auto overrides = environment_overrides(environment);
  ASSERT_EQ(overrides.size(), 1U);
  EXPECT_EQ(overrides.front().key, "call_api.on_disconnect");
  EXPECT_EQ(overrides.front().text, "cancel");
}

TEST(Config, refuses_a_call_api_open_to_the_network) {
  EXPECT_THAT(problems_of("[call_api]\nlisten = '0.0.0.0:5059'"), HasSubstr("without authentication"));
  EXPECT_EQ(problems_of("[call_api]\nlisten = '0.0.0.0:5059'\nallow_unauthenticated = true"), "");
}

TEST(Config, refuses_sip_open_to_the_network_without_accounts) {
  EXPECT_THAT(problems_of("[sip]\nlisten = '0.0.0.0:5060'"), HasSubstr("no [[accounts]]"));
  EXPECT_EQ(problems_of("[sip]\nlisten = '0.0.0.0:5060'\n[[accounts]]\nusername = 'a'\npassword = 'b'"), "");
}

TEST(Config, refuses_accounts_that_cannot_register) {
  EXPECT_THAT(problems_of("[[accounts]]\nusername = 'a'"), HasSubstr("password is missing"));
  EXPECT_THAT(problems_of("[[accounts]]\nusername = 'a b'\npassword = 'x'"), HasSubstr("a character that a SIP user may not have"));
  EXPECT_THAT(problems_of("[[accounts]]\nusername = 'a'\npassword = 'x'\n[[accounts]]\nusername = 'a'\npassword = 'y'"), HasSubstr("is there twice"));
}

TEST(Config, never_repeats_a_password) {
  const std::string problems =
      problems_of("[[accounts]]\nusername = 'a b'\npassword = 'top-secret'\n[[routes]]\nuser='1'\ntarget='nonsense'\nusername='u'\npassword='top-secret'");
  EXPECT_THAT(problems, HasSubstr("routes.target"));
  EXPECT_EQ(problems.find("top-secret"), std::string::npos);
}

TEST(Config, refuses_a_route_that_is_no_prefix_or_leads_nowhere) {
  EXPECT_THAT(problems_of("[[routes]]\nuser = '0*0'\ntarget = 'sip:192.0.2.1'"), HasSubstr("routes.user"));
  EXPECT_THAT(problems_of("[[routes]]\nuser = '0*'\ntarget = 'tel:1'"), HasSubstr("routes.target"));
  EXPECT_EQ(problems_of("[[routes]]\nuser = '0*'\ntarget = 'sip:192.0.2.1'"), "");
}

TEST(Config, takes_the_digest_algorithms_in_order) {
  EXPECT_THAT(config_of("[sip]\ndigest = ['SHA-256', 'MD5']").digest_algorithms, ElementsAre(sip::DigestAlgorithm::Sha256, sip::DigestAlgorithm::Md5));
  EXPECT_THAT(problems_of("[sip]\ndigest = ['SHA-1']"), HasSubstr("sip.digest"));
}

}  // namespace
}  // namespace callwright::app
