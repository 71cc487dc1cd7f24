// What a token allows a session, and what becomes of the session when the token is no good any more.
#include "base/log.hpp"
#include "server/call_api/session_fixture.hpp"
#include "server/jwt/jwt.hpp"
#include "server/jwt/token_signer.hpp"
#include "server/token_file.hpp"
#include "server/token_test_file.hpp"

#include <filesystem>
#include <fstream>
#include <optional>

namespace callwright::server::call_api {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::SizeIs;
using testing::StartsWith;

/// What is logged while it lives, at info and above.
class Log {
 public:
  Log() {
    base::log::set_level(base::log::Level::Info);
    base::log::set_sink([this](base::log::Level, std::string_view line) { lines.emplace_back(line); });
  }
  ~Log() {
    base::log::set_sink({});
    base::log::set_level(base::log::Level::Warn);
  }
  Log(const Log&) = delete;
  Log& operator=(const Log&) = delete;

  std::vector<std::string> lines;
};

/// A client that has shown the token "ci", which may read.
class CallApiTokenSession : public CallApiSession {
 protected:
  CallApiTokenSession() {
    file_.add("ci", Scopes().with(Scope::CallRead));
    tokens_.emplace(file_.open());
    open({}, Access(*tokens_, *tokens_->list().named("ci")));
  }

  TokenTestFile file_;
  std::optional<TokenFile> tokens_;
};

TEST_F(CallApiTokenSession, may_do_what_its_scopes_allow) {
  EXPECT_THAT(exchange(R"({"id":1,"method":"CallEnd","params":{"callid":"x"}})"),
              ElementsAre(R"({"jsonrpc":"2.0","id":1,"error":{"code":-32003,"message":"forbidden: this token lacks call:control"}})"));
  EXPECT_THAT(exchange(R"({"method":"CallEnd","params":{"callid":"x"}})"), IsEmpty());
  EXPECT_THAT(engine_, IsEmpty());
  EXPECT_THAT(exchange(R"({"id":2,"method":"Echo","params":{}})"), SizeIs(3));
  open({.errors = &reference_errors()}, Access(*tokens_, *tokens_->list().named("ci")));
  EXPECT_THAT(exchange(R"({"id":1,"method":"CallEnd","params":{"callid":"x"}})"), ElementsAre(HasSubstr(R"("code":32000,"message":"forbidden: )")));
}

TEST_F(CallApiTokenSession, may_do_more_at_once_when_its_token_may) {
  file_.revoke("ci");
  file_.add("ci", Scopes().with(Scope::CallControl));
  EXPECT_THAT(exchange(R"({"id":1,"method":"CallEnd","params":{"callid":"x"}})"), ElementsAre(HasSubstr("Started")));
}

TEST_F(CallApiTokenSession, is_closed_when_its_token_was_revoked) {
  file_.revoke("ci");
  EXPECT_THAT(exchange(R"({"id":2,"method":"Echo","params":{}})"), IsEmpty());
  EXPECT_EQ(peer_.closed, "1008 the token was revoked");
}

TEST_F(CallApiTokenSession, is_told_nothing_more_when_its_token_was_revoked) {
  exchange(R"({"id":1,"method":"Subscribe","params":{"cmd_id":"s1"}})");
  note({{}, "", "a", call::CallStarted{"sip:alice@x", "sip:bob@x"}});
  EXPECT_THAT(peer_.take(), SizeIs(1));
  file_.revoke("ci");
  const Log log;
  note({{}, "", "a", call::CallRinging{}});
  note({{}, "", "a", call::CallEnded{}});
  EXPECT_THAT(peer_.take(), IsEmpty());
  EXPECT_EQ(peer_.closed, "1008 the token was revoked");
  EXPECT_THAT(log.lines, ElementsAre(StartsWith("file read again what=tokens file="), "websocket closed: its token was revoked who=ci remote=127.0.0.1:1"));
}

TEST_F(CallApiTokenSession, does_not_hear_of_its_commands_either_when_its_token_was_revoked) {
  file_.add("desk", Scopes::all());
  tokens_->refresh();
  open({}, Access(*tokens_, *tokens_->list().named("desk")));
  const auto command = start_call("c1");
  EXPECT_THAT(reported(command, Kind::CallerAnswered), SizeIs(1));
  file_.revoke("desk");
  EXPECT_THAT(reported(command, Kind::Ended), IsEmpty());
  EXPECT_EQ(peer_.closed, "1008 the token was revoked");
}

TEST_F(CallApiTokenSession, is_named_in_the_log_with_what_it_does) {
  file_.add("desk", Scopes::all());
  tokens_->refresh();
  open({}, Access(*tokens_, *tokens_->list().named("desk")));
  const Log log;
  exchange(R"({"id":1,"method":"CallStart","params":{"caller":"sip:PRIVATE@h","callee":"sip:b@h","cmd_id":"c1"}})");
  exchange(R"({"id":2,"method":"Echo","params":{"cmd_id":"e1","key":"PRIVATE"}})");
  exchange(R"({"id":3,"method":"CallEnd","params":{"callid":5,"key":"PRIVATE"}})");
  EXPECT_THAT(log.lines, ElementsAre("command started who=desk remote=127.0.0.1:1 method=CallStart cmd_id=c1")) << "what changes nothing is for debugging";
}

TEST_F(CallApiTokenSession, is_named_in_the_log_with_what_it_may_not_do) {
  const Log log;
  exchange(R"({"id":1,"method":"CallEnd","params":{"callid":"PRIVATE"}})");
  EXPECT_THAT(log.lines, ElementsAre(R"(command forbidden who=ci remote=127.0.0.1:1 method=CallEnd reason="forbidden: this token lacks call:control")"));
}

/// A client that has shown a signed token that ends.
class CallApiSignedSession : public CallApiSession {
 protected:
  CallApiSignedSession() {
    std::ofstream(path()) << signer_.jwks();
    std::filesystem::permissions(path(), std::filesystem::perms(0600));
    keys_.emplace(blocking_open_jwks(path()).value());
    open({}, Access(*keys_, clock_, Jwt{"alice", Scopes::all(), end_, keys_->content().keys()[0].key.fingerprint()}));
  }
  [[nodiscard]] std::string path() const { return folder_.folder() / "jwks.json"; }
  void expire() { clock_.set(base::TimePoint(end_)); }

  TokenTestFile folder_;
  base::ManualClock clock_;
  std::chrono::seconds end_{1'800'000'000};
  TokenSigner signer_ = TokenSigner::hs256("k");
  std::optional<JwkFile> keys_;
};

TEST_F(CallApiSignedSession, can_start_nothing_more_when_its_token_has_expired_but_hears_how_its_commands_end) {
  const auto command = start_call("c1");
  expire();
  EXPECT_THAT(exchange(R"({"id":2,"method":"Echo","params":{}})"),
              ElementsAre(R"({"jsonrpc":"2.0","id":2,"error":{"code":-32003,"message":"forbidden: this token has expired; connect again with a new one"}})"));
  EXPECT_THAT(exchange(R"({"method":"CallEnd","params":{"callid":"x"}})"), IsEmpty());
  EXPECT_THAT(reported(command, Kind::Ended), SizeIs(1));
  EXPECT_EQ(peer_.closed, "");
}

TEST_F(CallApiSignedSession, has_its_subscriptions_ended_when_its_token_has_expired) {
  exchange(R"({"id":1,"method":"Subscribe","params":{"cmd_id":"s1"}})");
  note({{}, "", "a", call::CallStarted{"sip:alice@x", "sip:bob@x"}});
  EXPECT_THAT(peer_.take(), SizeIs(1));
  expire();
  note({{}, "", "a", call::CallRinging{}});
  note({{}, "", "a", call::CallEnded{}});
  EXPECT_THAT(peer_.take(), ElementsAre(HasSubstr(R"("cmd_id":"s1","data":"the token has expired; connect again with a new one","event":"Error")"),
                                        HasSubstr(R"("cmd_id":"s1","event":"Ended")")));
}

TEST_F(CallApiSignedSession, is_closed_when_the_key_of_its_token_is_withdrawn) {
  std::ofstream(path()) << TokenSigner::hs256("k", std::string(33, 'n')).jwks();
  EXPECT_THAT(exchange(R"({"id":2,"method":"Echo","params":{}})"), IsEmpty());
  EXPECT_EQ(peer_.closed, "1008 the token was revoked");
}

TEST_F(CallApiSession, without_a_token_is_logged_as_loopback) {
  const Log log;
  exchange(R"({"id":2,"method":"CallEnd","params":{"cmd_id":"e1","callid":"x"}})");
  EXPECT_THAT(log.lines, ElementsAre("command started who=loopback remote=127.0.0.1:1 method=CallEnd cmd_id=e1"));
}

}  // namespace
}  // namespace callwright::server::call_api
