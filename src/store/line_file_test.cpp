#include "store/line_file.hpp"

#include "store/test_folder.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fstream>
#include <iterator>
#include <vector>

namespace callwright::store {
namespace {

using testing::HasSubstr;

struct Lines : testing::Test {
  [[nodiscard]] std::string text(const std::string& name = "calls.jsonl") const {
    std::ifstream stream(folder.file(name), std::ios::binary);
    return {std::istreambuf_iterator<char>(stream), {}};
  }
  [[nodiscard]] LineFile open() const { return LineFile::blocking_open(folder.file("calls.jsonl")).value(); }
  static base::Result<void> append(LineFile& file, std::vector<std::string_view> lines) { return file.blocking_append(lines); }

  TestFolder folder;
};

TEST_F(Lines, are_added_to_those_that_are_there) {
  LineFile file = open();
  ASSERT_TRUE(append(file, {"one", "two"}));
  LineFile again = open();
  ASSERT_TRUE(append(again, {"three"}));
  ASSERT_TRUE(append(file, {}));
  EXPECT_EQ(text(), "one\ntwo\nthree\n");
}

TEST_F(Lines, begin_anew_after_what_a_killed_process_has_left) {
  std::ofstream(folder.file("calls.jsonl")) << "half a li";
  LineFile file = open();
  ASSERT_TRUE(append(file, {"one"}));
  EXPECT_EQ(text(), "half a li\none\n");
}

TEST_F(Lines, go_into_the_new_file_when_the_old_one_was_moved_away) {
  LineFile file = open();
  ASSERT_TRUE(append(file, {"one"}));
  std::filesystem::rename(folder.file("calls.jsonl"), folder.file("calls.jsonl.1"));
  ASSERT_TRUE(append(file, {"two"}));
  ASSERT_TRUE(file.blocking_reopen());
  ASSERT_TRUE(append(file, {"three"}));
  EXPECT_EQ(text("calls.jsonl.1"), "one\ntwo\n");
  EXPECT_EQ(text(), "three\n");
}

TEST_F(Lines, go_on_in_the_old_file_when_there_can_be_no_new_one) {
  LineFile file = open();
  std::filesystem::rename(folder.file("calls.jsonl"), folder.file("old"));
  std::filesystem::create_directory(folder.file("calls.jsonl"));
  EXPECT_FALSE(file.blocking_reopen());
  ASSERT_TRUE(append(file, {"one"}));
  EXPECT_EQ(text("old"), "one\n");
}

TEST_F(Lines, are_written_whole_or_not_at_all_when_the_disk_is_full) {
  LineFile file = open();
  ASSERT_TRUE(append(file, {"one"}));
  {
    const FullDisk full(10);
    const auto failed = append(file, {"22222", "33333"});
    ASSERT_FALSE(failed);
    EXPECT_THAT(failed.error().message(), HasSubstr("calls.jsonl cannot be written"));
    EXPECT_EQ(text(), "one\n");
  }
  ASSERT_TRUE(append(file, {"22222", "33333"}));
  EXPECT_EQ(text(), "one\n22222\n33333\n");
}

TEST_F(Lines, need_a_folder_that_this_user_may_write_to) {
  const auto missing = LineFile::blocking_open(folder.file("none/calls.jsonl"));
  ASSERT_FALSE(missing);
  EXPECT_THAT(missing.error().message(), HasSubstr("check that its folder is there"));
  folder.make_read_only();
  const OrdinaryUser user;
  const auto refused = LineFile::blocking_open(folder.file("calls.jsonl"));
  ASSERT_FALSE(refused);
  EXPECT_THAT(refused.error().message(), HasSubstr("this user may write to it: Permission denied"));
}

}  // namespace
}  // namespace callwright::store
