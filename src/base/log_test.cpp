#include "base/log.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <thread>
#include <vector>

namespace callwright::base::log {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

class LogTest : public ::testing::Test {
 protected:
  LogTest() {
    set_sink([this](Level, std::string_view line) { lines_.emplace_back(line); });
    set_level(Level::Info);
  }
  ~LogTest() override {
    set_sink({});
    set_level(Level::Warn);
  }
  LogTest(const LogTest&) = delete;
  LogTest& operator=(const LogTest&) = delete;

  std::vector<std::string> lines_;
};

TEST_F(LogTest, writes_fields_of_every_kind) {
  info("call answered", {{"code", 200}, {"early", true}, {"from", "alice"}, {"id", std::uint64_t{18446744073709551615U}}, {"text", std::string("x")}});
  EXPECT_THAT(lines_, ElementsAre("call answered code=200 early=true from=alice id=18446744073709551615 text=x"));
}

TEST_F(LogTest, quotes_values_that_would_be_read_wrongly) {
  const struct {
    std::string_view value;
    std::string_view written;
  } table[] = {
      {"plain", "plain"},
      {"", "\"\""},
      {"two words", "\"two words\""},
      {"a=b", "\"a=b\""},
      {"say \"hi\"", "\"say \\\"hi\\\"\""},
      {"back\\slash", "\"back\\\\slash\""},
      {"Jürgen", "Jürgen"},
  };
  for (const auto& row : table) {
    lines_.clear();
    info("m", {{"v", row.value}});
    EXPECT_THAT(lines_, ElementsAre("m v=" + std::string(row.written)));
  }
}

TEST_F(LogTest, escapes_control_characters_so_that_a_value_stays_on_its_line) {
  using namespace std::string_view_literals;
  info("m", {{"v", "a\r\nb\x1b[31m\0\x7f"sv}});
  EXPECT_THAT(lines_, ElementsAre(R"(m v="a\x0d\x0ab\x1b[31m\x00\x7f")"));
}

TEST_F(LogTest, adds_the_ids_of_the_scopes_around_it) {
  info("outside");
  {
    const Scope call("call", "42");
    info("in a call", {{"code", 180}});
    {
      const Scope agent("agent", "alice smith");
      info("in an agent");
    }
    info("in the call again");
  }
  info("outside again");
  EXPECT_THAT(lines_,
              ElementsAre("outside", "in a call call=42 code=180", "in an agent call=42 agent=\"alice smith\"", "in the call again call=42", "outside again"));
}

TEST_F(LogTest, keeps_the_scopes_of_threads_apart) {
  const Scope scope("call", "42");
  std::thread([] { info("elsewhere"); }).join();
  EXPECT_THAT(lines_, ElementsAre("elsewhere"));
}

TEST_F(LogTest, leaves_out_what_is_below_the_level) {
  debug("detail");
  EXPECT_THAT(lines_, IsEmpty());
  EXPECT_FALSE(enabled(Level::Debug));
  EXPECT_TRUE(enabled(Level::Error));
  set_level(Level::Debug);
  debug("detail");
  set_level(Level::Off);
  error("trouble");
  EXPECT_THAT(lines_, ElementsAre("detail"));
}

TEST(Level, is_parsed_from_its_name_only) {
  Level level = Level::Off;
  EXPECT_TRUE(parse_level("trace", level));
  EXPECT_EQ(level, Level::Trace);
  EXPECT_TRUE(parse_level("error", level));
  EXPECT_EQ(level, Level::Error);
  EXPECT_FALSE(parse_level("Error", level));
  EXPECT_FALSE(parse_level("", level));
  EXPECT_EQ(level, Level::Error);
}

}  // namespace
}  // namespace callwright::base::log
