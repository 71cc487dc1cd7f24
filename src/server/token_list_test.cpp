#include "server/token_list.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <set>

namespace callwright::server {
namespace {

using testing::HasSubstr;
using testing::Not;

// SHA-256 of "abc" (FIPS 180-4).
constexpr std::string_view kHashOfAbc = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad";

std::string line(std::string_view name, std::string_view scopes, std::string_view hash = kHashOfAbc) {
  return std::string(name) + " " + std::string(scopes) + " sha256:" + std::string(hash) + "\n";
}

TEST(TokenList, finds_a_token_by_its_secret) {
  const auto list = TokenList::parse(line("other", "admin", hash_of_secret("abd")) + line("ci", "call:read,call:control"), "tokens").value();
  const Token* const token = list.find("abc");
  ASSERT_NE(token, nullptr);
  EXPECT_EQ(token->name, "ci");
  EXPECT_EQ(token->scopes, Scopes().with(Scope::CallRead).with(Scope::CallControl));
  EXPECT_EQ(token->hash, kHashOfAbc);
  EXPECT_EQ(list.find("ab"), nullptr);
  EXPECT_EQ(list.find(""), nullptr);
  EXPECT_EQ(list.find(kHashOfAbc), nullptr) << "the hash is no secret";
}

TEST(TokenList, reads_what_people_write) {
  const auto list = TokenList::parse("# who may call\r\n\r\n  \t\n  a\tcall:read   sha256:" + std::string(kHashOfAbc) +
                                         "  \r\n# b admin\nc admin sha256:" + std::string(kHashOfAbc),
                                     "tokens")
                        .value();
  ASSERT_EQ(list.tokens().size(), 2U);
  EXPECT_NE(list.named("a"), nullptr);
  EXPECT_NE(list.named("c"), nullptr);
  EXPECT_EQ(list.named("b"), nullptr);
  EXPECT_TRUE(TokenList::parse("", "tokens")->tokens().empty());
}

TEST(TokenList, names_the_line_that_is_wrong_and_does_not_repeat_it) {
  const std::string good = line("good", "admin");
  const std::string digits(kHashOfAbc);
  for (const std::string& wrong : {std::string("SECRET"), line("n\xC3\xA4me", "admin"), line(std::string(65, 'n'), "admin"), line("SECRET", "call"),
                                   std::string("a admin SECRET"), "a admin " + digits, "a admin md5:" + digits, line("a", "admin", digits + "0"),
                                   line("a", "admin", "BA" + digits.substr(2)), "a admin sha256:" + digits + " SECRET", line("good", "call:read")}) {
    const auto list = TokenList::parse("# c\n" + good + wrong, "my.tokens");
    ASSERT_FALSE(list) << wrong;
    EXPECT_THAT(list.error().message(), HasSubstr("my.tokens:3: "));
    EXPECT_THAT(list.error().message(), Not(HasSubstr("SECRET")));
  }
}

TEST(TokenList, reads_the_line_that_was_written_for_a_token) {
  base::SystemRandom random;
  const std::string secret = make_secret(random);
  const Token token{"phone.desk_1-a", Scopes::all(), hash_of_secret(secret)};
  const auto list = TokenList::parse(line_of(token), "tokens").value();
  ASSERT_NE(list.find(secret), nullptr);
  EXPECT_EQ(list.find(secret)->name, token.name);
  EXPECT_EQ(list.find(secret)->scopes, token.scopes);
  EXPECT_THAT(line_of(token), Not(HasSubstr(secret)));
}

TEST(TokenList, makes_secrets_of_256_bits_that_fit_a_url) {
  base::SystemRandom random;
  std::set<std::string> seen;
  for (int round = 0; round < 100; ++round) {
    const std::string secret = make_secret(random);
    EXPECT_THAT(secret, testing::MatchesRegex("cw_[0-9a-f]{64}"));
    EXPECT_TRUE(seen.insert(secret).second);
  }
}

TEST(TokenList, loses_the_line_of_a_token_and_nothing_else) {
  const std::string text = "# ci is old\n" + line("ci2", "admin") + "\n  ci admin sha256:x\n" + line("a", "admin");
  EXPECT_EQ(without_token(text, "ci"), "# ci is old\n" + line("ci2", "admin") + "\n" + line("a", "admin"));
  EXPECT_EQ(without_token(text, "b"), text);
  EXPECT_EQ(without_token("ci admin", "ci"), "");
}

}  // namespace
}  // namespace callwright::server
