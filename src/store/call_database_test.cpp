// Real SQLite files on a real disk.
#include "store/call_database.hpp"

#include "store/schema.hpp"
#include "store/test_folder.hpp"

#include <SQLiteCpp/SQLiteCpp.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <array>
#include <fstream>
#include <utility>

namespace callwright::store {
namespace {

using namespace std::chrono_literals;
using call::CallEnded;
using testing::AllOf;
using testing::ElementsAre;
using testing::Field;
using testing::HasSubstr;
using testing::SizeIs;

base::WallTime at(int minutes) { return base::WallTime(1'772'323'200s) + std::chrono::minutes(minutes); }  // From 2026-03-01 on.

/// From minute `begin` on; answered a minute later, and over ten minutes after that.
SharedRecord record(const std::string& id, int begin = 0) {
  StoredRecord stored;
  stored.record.id = id;
  call::BookedCall& call = stored.record.call;
  call.call_id = "call of " + id;
  call.leg = "leg of " + id;
  call.caller = "sip:alice@x";
  call.callee = "sip:bob@x";
  call.started = at(begin);
  call.answered = at(begin + 1);
  call.ended = at(begin + 11);
  call.end = {200, "it's over", CallEnded::By::Callee};
  call.legs = {{call.call_id, call.caller, call::Side::Caller, call.started, call.ended},
               {call.leg, call.callee, call::Side::Callee, call.answered, call.ended}};
  media::StreamStatistics statistics;
  statistics.packets_received = 3'000'000'000;
  statistics.jitter = 1500us;
  statistics.received_quality.emplace().mos = 4.25;
  const call::MediaEnded media{.statistics = statistics, .leg = call.leg, .party = call.callee, .codec = "opus"};
  call.media.push_back(media);
  stored.json = R"({"id":")" + id + R"("})";
  return std::make_shared<const StoredRecord>(std::move(stored));
}

struct Kept : testing::Test {
  [[nodiscard]] CallDatabase open() const { return CallDatabase::blocking_open(path).value(); }
  [[nodiscard]] std::string refusal() const {
    const auto opened = CallDatabase::blocking_open(path);
    return opened ? "it opened" : opened.error().message();
  }
  /// As any other program reads it: "a|b|c" for each row.
  [[nodiscard]] std::vector<std::string> rows(const std::string& query) const {
    SQLite::Database database(path);
    SQLite::Statement select(database, query);
    std::vector<std::string> rows;
    while (select.executeStep()) {
      std::string& row = rows.emplace_back();
      for (int column = 0; column < select.getColumnCount(); ++column) {
        row += (column > 0 ? "|" : "") + (select.isColumnNull(column) ? std::string("NULL") : select.getColumn(column).getString());
      }
    }
    return rows;
  }

  TestFolder folder;
  std::string path = folder.file("calls.sqlite");
};

TEST_F(Kept, calls_are_one_row_each_and_one_for_each_leg) {
  CallDatabase database = open();
  ASSERT_TRUE(database.blocking_insert({record("one"), record("two", 60)}));
  EXPECT_THAT(
      rows("SELECT id, callid, caller, callee, started, ringing, answered, ended, talk_s, status, reason, ended_by, record FROM calls ORDER BY started"),
      ElementsAre("one|call of one|sip:alice@x|sip:bob@x|2026-03-01T00:00:00.000000Z|NULL|2026-03-01T00:01:00.000000Z|2026-03-01T00:11:00.000000Z|"
                  R"(600.0|200|it's over|callee|{"id":"one"})",
                  testing::StartsWith("two|")));
  EXPECT_THAT(rows("SELECT position, callid, side, party, since, until, codec, packets_received, lost, jitter_ms, round_trip_ms, mos_received FROM legs "
                   "WHERE call = 'one' ORDER BY position"),
              ElementsAre("0|call of one|caller|sip:alice@x|2026-03-01T00:00:00.000000Z|2026-03-01T00:11:00.000000Z|NULL|NULL|NULL|NULL|NULL|NULL",
                          "1|leg of one|callee|sip:bob@x|2026-03-01T00:01:00.000000Z|2026-03-01T00:11:00.000000Z|opus|3000000000|0|1.5|NULL|4.25"));
}

TEST_F(Kept, calls_are_not_for_everybody_to_read) {
  CallDatabase database = open();
  ASSERT_TRUE(database.blocking_insert({record("one")}));
  for (const char* const name : {"calls.sqlite", "calls.sqlite-wal"}) {
    EXPECT_EQ(std::filesystem::status(folder.file(name)).permissions() & std::filesystem::perms::others_all, std::filesystem::perms::none) << name;
  }
}

TEST_F(Kept, calls_are_there_once_however_often_they_are_written) {
  CallDatabase database = open();
  ASSERT_TRUE(database.blocking_insert({record("one")}));
  ASSERT_TRUE(database.blocking_insert({record("one"), record("two")}));
  EXPECT_THAT(rows("SELECT count(*) FROM calls"), ElementsAre("2"));
  EXPECT_THAT(rows("SELECT count(*) FROM legs"), ElementsAre("4"));
}

TEST_F(Kept, calls_that_somebody_deletes_take_their_legs_along) {
  CallDatabase database = open();
  ASSERT_TRUE(database.blocking_insert({record("one"), record("two", 60)}));
  SQLite::Database(path, SQLite::OPEN_READWRITE).exec("DELETE FROM calls WHERE started < '2026-03-01T00:30'");
  EXPECT_THAT(rows("SELECT DISTINCT call FROM legs"), ElementsAre("two"));
  ASSERT_TRUE(database.blocking_insert({record("three")}));
}

TEST_F(Kept, the_latest_calls_are_found_from_a_time_on) {
  CallDatabase database = open();
  ASSERT_TRUE(database.blocking_insert({record("one"), record("two", 60), record("three", 24 * 60)}));
  const auto of = [](const char* id) { return Field(&FoundCall::json, std::string(R"({"id":")") + id + R"("})"); };
  EXPECT_THAT(blocking_find_calls(path, {}).value(), ElementsAre(of("three"), of("two"), of("one")));
  EXPECT_THAT(blocking_find_calls(path, {.since = "2026-03-01T00:30"}).value(), ElementsAre(of("three"), of("two")));
  EXPECT_THAT(blocking_find_calls(path, {.since = "2026-03-02"}).value(), ElementsAre(AllOf(Field(&FoundCall::talk_s, 600), Field(&FoundCall::status, 200))));
  EXPECT_THAT(blocking_find_calls(path, {.limit = 1}).value(), ElementsAre(of("three")));
  const auto missing = blocking_find_calls(folder.file("none.sqlite"), {});
  ASSERT_FALSE(missing);
  EXPECT_THAT(missing.error().message(), HasSubstr("none.sqlite: unable to open database file; check"));
}

TEST_F(Kept, calls_wait_while_another_program_holds_the_lock) {
  CallDatabase database = open();
  {
    SQLite::Database other(path, SQLite::OPEN_READWRITE);
    SQLite::Transaction lock(other, SQLite::TransactionBehavior::IMMEDIATE);
    const auto locked = database.blocking_insert({record("one")});
    ASSERT_FALSE(locked);
    EXPECT_THAT(locked.error().message(), HasSubstr("database is locked; another program holds its lock"));
  }
  ASSERT_TRUE(database.blocking_insert({record("one")}));
}

TEST_F(Kept, calls_are_written_all_or_none_when_the_disk_is_full) {
  CallDatabase database = open();
  std::vector<SharedRecord> many;
  for (int i = 0; i < 500; ++i) {
    many.push_back(record(std::to_string(i)));
  }
  {
    const FullDisk full(200'000);
    ASSERT_FALSE(database.blocking_insert(many));
  }
  EXPECT_THAT(rows("SELECT count(*) FROM calls"), ElementsAre("0"));
  ASSERT_TRUE(database.blocking_insert(many));
  EXPECT_THAT(rows("SELECT count(*) FROM calls"), ElementsAre("500"));
}

TEST_F(Kept, a_folder_that_may_not_be_written_to_is_refused) {
  folder.make_read_only();
  const OrdinaryUser user;
  EXPECT_THAT(refusal(), HasSubstr("calls.sqlite: unable to open database file; check that its folder is there and that this user may write to it"));
}

TEST_F(Kept, a_file_that_is_no_database_is_refused_and_left_alone) {
  const std::string text(5'000, 'x');
  std::ofstream(path) << text;
  EXPECT_THAT(refusal(), HasSubstr("calls.sqlite: file is not a database; move it away, and a new one is made"));
  EXPECT_EQ(std::filesystem::file_size(path), text.size());
}

TEST_F(Kept, a_database_whose_pages_are_damaged_is_refused) {
  ASSERT_TRUE(open().blocking_insert({record("one")}));
  std::fstream file(path, std::ios::in | std::ios::out | std::ios::binary);
  file.seekp(100);
  file << std::string(3'000, '\xFF');
  file.close();
  EXPECT_THAT(refusal(), HasSubstr("move it away, and a new one is made"));
}

TEST_F(Kept, a_database_of_something_else_is_refused) {
  SQLite::Database(path, SQLite::OPEN_READWRITE | SQLite::OPEN_CREATE).exec("CREATE TABLE songs (name TEXT)");
  EXPECT_THAT(refusal(), HasSubstr("calls.sqlite: this is the database of something else; name another file"));
}

TEST_F(Kept, a_newer_schema_is_refused) {
  static_cast<void>(open());
  SQLite::Database(path, SQLite::OPEN_READWRITE).exec("PRAGMA user_version = 99");
  EXPECT_THAT(refusal(), HasSubstr("made by a newer version of Callwright (schema 99; this version knows 1)"));
}

TEST_F(Kept, an_older_schema_is_brought_up_to_date_with_what_is_in_it) {
  constexpr std::array<std::string_view, 2> kSteps = {"CREATE TABLE calls (id TEXT)", "ALTER TABLE calls ADD COLUMN cost REAL NOT NULL DEFAULT 0"};
  SQLite::Database database(path, SQLite::OPEN_READWRITE | SQLite::OPEN_CREATE);
  ASSERT_TRUE(blocking_bring_up(database, std::span(kSteps).first(1)));
  database.exec("INSERT INTO calls VALUES ('one')");
  ASSERT_TRUE(blocking_bring_up(database, kSteps));
  EXPECT_THAT(rows("SELECT id, cost FROM calls"), ElementsAre("one|0.0"));
  ASSERT_TRUE(blocking_bring_up(database, kSteps)) << "nothing is to be done";
  EXPECT_THAT(rows("PRAGMA user_version"), ElementsAre("2"));
}

TEST_F(Kept, an_older_schema_stays_as_it_is_when_a_step_fails) {
  constexpr std::array<std::string_view, 3> kSteps = {"CREATE TABLE calls (id TEXT)", "ALTER TABLE calls ADD COLUMN cost REAL", "no SQL"};
  SQLite::Database database(path, SQLite::OPEN_READWRITE | SQLite::OPEN_CREATE);
  ASSERT_TRUE(blocking_bring_up(database, std::span(kSteps).first(1)));
  EXPECT_THROW(static_cast<void>(blocking_bring_up(database, kSteps)), SQLite::Exception);
  EXPECT_THAT(rows("PRAGMA user_version"), ElementsAre("1"));
  EXPECT_THAT(rows("SELECT * FROM pragma_table_info('calls')"), SizeIs(1));
}

}  // namespace
}  // namespace callwright::store
