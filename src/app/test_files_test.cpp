#include "app/test_files.hpp"

#include "app/test_folder.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <filesystem>

namespace callwright::app {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

constexpr const char* kSuite = "scenario('x', () => {});\n";

struct TestFilesTest : testing::Test {
  /// What is found, seen from the folder.
  std::vector<std::string> found(const std::vector<std::string>& names, std::string_view language = "") {
    std::vector<std::string> paths;
    for (const std::string& name : names) {
      paths.push_back((folder.path() / name).string());
    }
    const auto files = blocking_collect_tests(paths, language);
    if (!files) {
      return {files.error().message()};
    }
    std::vector<std::string> result;
    for (const TestFile& file : *files) {
      result.push_back(std::filesystem::path(file.path).lexically_relative(folder.path()).string() + " " + file.language);
    }
    return result;
  }
  TestFolder folder;
};

TEST_F(TestFilesTest, are_scripts_with_scenarios_and_all_test_files) {
  folder.write("t/b.js", kSuite);
  folder.write("t/a.rhai", "scenario (\"x\", || {});");
  folder.write("t/each.ts", "import x from 'y';\nscenario.each(table)('x', () => {});");
  folder.write("t/deep/er/c.mjs", kSuite);
  folder.write("t/d.test", "");
  folder.write("t/helper.js", "// scenario('x')\n * scenario('y')\nexport function my_scenario() {}\nthis.scenario();\nconst scenario = 1;");
  folder.write("t/readme.md", kSuite);
  folder.write("t/types.d.ts", "declare function scenario(name: string): void;");
  folder.write("t/types.d.rhai", "fn scenario(name: String, body: Fn);");
  folder.write("t/node_modules/x.js", kSuite);
  folder.write("t/.hidden/x.js", kSuite);
  EXPECT_THAT(found({"t"}), ElementsAre("t/a.rhai rhai", "t/b.js js", "t/d.test test", "t/deep/er/c.mjs js", "t/each.ts ts"));
  EXPECT_THAT(found({"t"}, "rhai"), ElementsAre("t/a.rhai rhai"));
}

TEST_F(TestFilesTest, that_are_named_are_taken_as_they_are) {
  folder.write("helper.js", "let x;");
  folder.write("notes.txt", "");
  EXPECT_THAT(found({"helper.js"}), ElementsAre("helper.js js"));
  EXPECT_THAT(found({"helper.js"}, "ts"), ElementsAre("helper.js ts"));
  EXPECT_THAT(found({"notes.txt"}, "js"), ElementsAre("notes.txt js"));
  EXPECT_THAT(found({"notes.txt"}).front(), HasSubstr("--lang says what another file is written in"));
}

TEST_F(TestFilesTest, come_once_each_and_through_no_loop_of_links) {
  folder.write("t/a.js", kSuite);
  folder.write("t/sub/b.js", kSuite);
  std::filesystem::create_directory_symlink(folder.path() / "t", folder.path() / "t/sub/up");
  std::filesystem::create_symlink(folder.path() / "t/a.js", folder.path() / "t/again.js");
  EXPECT_EQ(found({"t", "t/a.js", "t/../t/sub"}).size(), 2U);
}

TEST_F(TestFilesTest, are_looked_for_to_a_depth) {
  std::string deep = "t";
  for (int level = 0; level < 40; ++level) {
    deep += "/d";
    folder.write(deep + "/a.js", kSuite);
  }
  EXPECT_EQ(found({"t"}).size(), 32U);
}

TEST_F(TestFilesTest, that_do_not_exist_are_named_with_what_is_near) {
  folder.write("calls.js", kSuite);
  EXPECT_THAT(found({"cals.js"}).front(), HasSubstr("cals.js does not exist; did you mean "));
  EXPECT_THAT(found({"nowhere/a.js"}).front(), HasSubstr("cannot be read"));
}

TEST_F(TestFilesTest, that_may_ask_to_be_the_only_ones_are_known) {
  const auto mentions = [this](const std::string& text) { return blocking_collect_tests({folder.write("a.js", text)}, "")->front().mentions_only; };
  EXPECT_TRUE(mentions("scenario('x', { only: true }, () => {});"));
  EXPECT_TRUE(mentions("scenario.only('x', () => {});"));
  EXPECT_FALSE(mentions("// only a comment\nreadonly = onlyOne;"));
}

TEST_F(TestFilesTest, of_a_shard_are_all_of_them_together_and_each_once) {
  std::vector<TestFile> files;
  for (const char name : std::string("abcdefg")) {
    files.push_back({"", std::string(1, name), "js", false});
  }
  std::string all;
  for (std::size_t index = 1; index <= 3; ++index) {
    for (const TestFile& file : files_of_shard(files, {index, 3})) {
      all += file.display;
    }
  }
  std::sort(all.begin(), all.end());
  EXPECT_EQ(all, "abcdefg");
  EXPECT_TRUE(files_of_shard(files, {9, 9}).empty());
}

TEST(FolderName, leads_nowhere_else) {
  EXPECT_EQ(folder_name_of({"", "../../etc/a b.js", "js", false}), "etc-a-b.js");
  EXPECT_EQ(folder_name_of({"", "/t/a.js", "js", false}), "t-a.js");
}

}  // namespace
}  // namespace callwright::app
