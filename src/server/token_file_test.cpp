#include "server/token_file.hpp"

#include "base/log.hpp"
#include "server/token_test_file.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <iterator>
#include <thread>
#include <vector>

#include <sys/stat.h>

namespace callwright::server {
namespace {

namespace fs = std::filesystem;
using base::Errc;
using testing::HasSubstr;

class Tokens : public testing::Test {
 protected:
  [[nodiscard]] std::string path(const std::string& name = "tokens") const { return file_.folder() / name; }
  [[nodiscard]] std::string text() const {
    std::ifstream stream(path());
    return {std::istreambuf_iterator<char>(stream), {}};
  }
  void write(const std::string& text) const {
    std::ofstream(path()) << text;
    fs::permissions(path(), fs::perms(0600));
  }
  [[nodiscard]] unsigned mode() const {
    struct stat status {};
    EXPECT_EQ(::stat(path().c_str(), &status), 0);
    return status.st_mode & 0777U;
  }
  static Token token(const std::string& name) { return {name, Scopes::all(), hash_of_secret("secret of " + name)}; }

  TokenTestFile file_;
};

TEST_F(Tokens, are_kept_as_hashes_in_a_file_of_the_owner_alone) {
  ASSERT_TRUE(blocking_add_token(path(), token("a")));
  ASSERT_TRUE(blocking_add_token(path(), token("b")));
  EXPECT_EQ(mode(), 0600U);
  const auto list = blocking_read_tokens(path()).value();
  ASSERT_NE(list.find("secret of b"), nullptr);
  EXPECT_EQ(list.find("secret of b")->name, "b");
  EXPECT_EQ(text().find("secret of"), std::string::npos);
  EXPECT_EQ(std::distance(fs::directory_iterator(file_.folder()), {}), 1) << "nothing else is left in the folder";
}

TEST_F(Tokens, keep_names_apart_and_can_be_revoked) {
  ASSERT_TRUE(blocking_add_token(path(), token("a")));
  const auto again = blocking_add_token(path(), token("a"));
  EXPECT_EQ(again.error().code, make_error_code(Errc::AlreadyExists));
  ASSERT_TRUE(blocking_add_token(path(), token("b")));
  ASSERT_TRUE(blocking_remove_token(path(), "a"));
  EXPECT_EQ(blocking_read_tokens(path())->find("secret of a"), nullptr);
  EXPECT_NE(blocking_read_tokens(path())->find("secret of b"), nullptr);
  EXPECT_EQ(blocking_remove_token(path(), "a").error().code, make_error_code(Errc::NotFound));
}

TEST_F(Tokens, leave_what_people_wrote_and_how_the_file_may_be_read) {
  write("# mine\n" + line_of(token("a")) + "# end");
  fs::permissions(path(), fs::perms(0640));
  ASSERT_TRUE(blocking_add_token(path(), token("b")));
  EXPECT_EQ(text(), "# mine\n" + line_of(token("a")) + "# end\n" + line_of(token("b")));
  EXPECT_EQ(mode(), 0640U);
}

TEST_F(Tokens, are_written_where_a_link_leads) {
  fs::create_directory(file_.folder() / "real");
  fs::create_symlink(file_.folder() / "real" / "t", path());
  ASSERT_TRUE(blocking_add_token(path("real/t"), token("a")));
  ASSERT_TRUE(blocking_add_token(path(), token("b")));
  EXPECT_TRUE(fs::is_symlink(path()));
  EXPECT_EQ(blocking_read_tokens(path("real/t"))->tokens().size(), 2U);
}

TEST_F(Tokens, that_many_add_at_once_are_all_there) {
  constexpr int kThreads = 8;
  std::vector<std::thread> threads;
  for (int number = 0; number < kThreads; ++number) {
    threads.emplace_back([this, number] { EXPECT_TRUE(blocking_add_token(path(), token("t" + std::to_string(number)))); });
  }
  for (std::thread& thread : threads) {
    thread.join();
  }
  EXPECT_EQ(blocking_read_tokens(path())->tokens().size(), static_cast<std::size_t>(kThreads));
}

TEST_F(Tokens, are_not_taken_from_a_file_that_others_may_write) {
  write(line_of(token("a")));
  fs::permissions(path(), fs::perms(0620));
  EXPECT_THAT(blocking_read_tokens(path()).error().message(), HasSubstr("chmod 600 " + path()));
  EXPECT_FALSE(blocking_add_token(path(), token("b")));
}

TEST_F(Tokens, say_what_is_wrong_with_their_file) {
  EXPECT_THAT(TokenFile::blocking_open(path()).error().message(), HasSubstr("callwright token create --name NAME --scope call:control --file " + path()));
  EXPECT_THAT(TokenFile::blocking_open(file_.folder()).error().message(), HasSubstr("this is no file"));
  EXPECT_THAT(blocking_add_token(path("missing/tokens"), token("a")).error().message(), HasSubstr("No such file or directory"));
  write("nonsense\n");
  EXPECT_THAT(TokenFile::blocking_open(path()).error().message(), HasSubstr(path() + ":1: "));
  EXPECT_FALSE(blocking_add_token(path(), token("b"))) << "what cannot be read is not written either";
  EXPECT_EQ(text(), "nonsense\n");
  write(std::string(1024 * 1024 + 1, '#'));
  EXPECT_THAT(blocking_read_tokens(path()).error().message(), HasSubstr("bytes at most"));
}

TEST_F(Tokens, are_read_again_when_the_file_has_changed) {
  ASSERT_TRUE(blocking_add_token(path(), token("a")));
  auto file = TokenFile::blocking_open(path()).value();
  const std::uint64_t first = file.version();
  file.refresh();
  EXPECT_EQ(file.version(), first);
  ASSERT_TRUE(blocking_add_token(path(), token("b")));
  file.refresh();
  EXPECT_NE(file.version(), first);
  EXPECT_NE(file.list().named("b"), nullptr);
  ASSERT_TRUE(blocking_remove_token(path(), "a"));
  file.refresh();
  EXPECT_EQ(file.list().named("a"), nullptr);
}

TEST_F(Tokens, stay_in_force_while_the_file_cannot_be_read) {
  ASSERT_TRUE(blocking_add_token(path(), token("a")));
  auto file = TokenFile::blocking_open(path()).value();
  std::vector<std::string> errors;
  base::log::set_sink([&](base::log::Level level, std::string_view line) {
    if (level == base::log::Level::Error) {
      errors.emplace_back(line);
    }
  });
  write("nonsense");
  file.refresh();
  file.refresh();
  fs::remove(path());
  file.refresh();
  file.refresh();
  base::log::set_sink({});
  ASSERT_EQ(errors.size(), 2U) << "each is told once";
  EXPECT_THAT(errors[0], HasSubstr(":1: "));
  EXPECT_THAT(errors[1], HasSubstr("No such file"));
  EXPECT_NE(file.list().named("a"), nullptr);
  write(line_of(token("b")));
  file.refresh();
  EXPECT_NE(file.list().named("b"), nullptr);
  EXPECT_EQ(file.list().named("a"), nullptr);
}

}  // namespace
}  // namespace callwright::server
