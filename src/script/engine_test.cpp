#include "script/engine.hpp"

#include <gmock/gmock.h>

#include <string>
#include <vector>

namespace callwright::script {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

class ScriptEngine : public testing::Test {
 protected:
  ScriptEngine() {
    engine_.add_function("say", [this](std::string_view text) -> base::Result<std::string> {
      said_.emplace_back(text);
      return std::string();
    });
    engine_.add_function("refuse", [](std::string_view /*text*/) -> base::Result<std::string> { return base::Error(base::Errc::WrongState, "not now"); });
  }
  void run(const std::string& source) {
    const auto done = engine_.evaluate(source, "test.js");
    EXPECT_TRUE(done) << done.error().message();
  }

  Engine engine_{Engine::Limits{.turn = std::chrono::milliseconds(200)}};
  std::vector<std::string> said_;
};

TEST_F(ScriptEngine, calls_functions_of_ours_with_text) {
  run("native.say('one'); native.say(String(1 + 1));");
  EXPECT_THAT(said_, ElementsAre("one", "2"));
}

TEST_F(ScriptEngine, throws_what_goes_wrong_in_them) {
  run("try { native.refuse('x'); } catch (error) { native.say(error.message); }");
  EXPECT_THAT(said_, ElementsAre("not now"));
}

TEST_F(ScriptEngine, carries_promises_on_before_it_returns) {
  run("(async () => { await 1; native.say('later'); })(); native.say('now');");
  EXPECT_THAT(said_, ElementsAre("now", "later"));
}

TEST_F(ScriptEngine, says_where_an_exception_was_thrown) {
  const auto done = engine_.evaluate("\n\nnobody();", "test.js");
  ASSERT_FALSE(done);
  EXPECT_THAT(done.error().message(), HasSubstr("test.js:3:"));
  EXPECT_THAT(done.error().message(), HasSubstr("nobody"));
}

TEST_F(ScriptEngine, calls_functions_of_the_script) {
  run("function greet(text) { native.say('hello ' + text); }");
  EXPECT_TRUE(engine_.call("greet", "you"));
  EXPECT_THAT(said_, ElementsAre("hello you"));
  EXPECT_EQ(engine_.call("nobody", "").error().code, base::Errc::NotFound);
}

TEST_F(ScriptEngine, ends_what_runs_without_a_pause_and_goes_on) {
  const auto done = engine_.evaluate("for (;;) {}", "test.js");
  ASSERT_FALSE(done);
  EXPECT_EQ(done.error().code, base::Errc::TimedOut);
  run("function greet(text) { native.say(text); }");
  EXPECT_TRUE(engine_.call("greet", "still here"));
  EXPECT_THAT(said_, ElementsAre("still here"));
}

TEST(ScriptEngineMemory, ends_what_takes_too_much_and_goes_on) {
  Engine engine({.turn = std::chrono::seconds(60), .memory = 600U << 20U});
  const auto done = engine.evaluate("var kept = []; for (;;) kept.push(new Array(1000).fill({}));", "test.js");
  ASSERT_FALSE(done);
  EXPECT_EQ(done.error().code, base::Errc::LimitReached);
  EXPECT_EQ(done.error().message(), "The script uses more than 600 MiB of memory");
  EXPECT_TRUE(engine.evaluate("kept = null;", "test.js"));
}

TEST_F(ScriptEngine, ends_a_promise_that_runs_without_a_pause) {
  EXPECT_EQ(engine_.evaluate("(async () => { await 1; for (;;) {} })();", "test.js").error().code, base::Errc::TimedOut);
  run("native.say('next');");
  EXPECT_THAT(said_, ElementsAre("next"));
}

TEST_F(ScriptEngine, tells_of_promises_that_fail_without_anybody_waiting) {
  run("function lost(promise, reason) { native.say(reason.message); }");
  ASSERT_TRUE(engine_.tell_rejections_to("lost"));
  run("(async () => { throw new Error('alone'); })(); (async () => { throw new Error('heard'); })().catch(() => {});");
  EXPECT_THAT(said_, ElementsAre("alone"));
  EXPECT_FALSE(engine_.tell_rejections_to("nobody"));
}

TEST_F(ScriptEngine, compiles_scripts_for_scripts) {
  run("native.say(String(native.compile('(function (a) { return a * 2; })', 'inner.js')(21)));");
  EXPECT_THAT(said_, ElementsAre("42"));
}

}  // namespace
}  // namespace callwright::script
