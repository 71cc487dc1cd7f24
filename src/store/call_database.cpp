#include "store/call_database.hpp"

#include "base/time_text.hpp"
#include "store/schema.hpp"
#include "store/sqlite_error.hpp"

#include <SQLiteCpp/SQLiteCpp.h>

#include <algorithm>
#include <array>
#include <chrono>
#include <cstdint>
#include <optional>
#include <string_view>
#include <utility>

namespace callwright::store {
namespace {

using base::Errc;
using base::Error;
using base::Result;

/// One step for each version of the schema. Released steps never change.
constexpr std::array<std::string_view, 1> kSchema = {R"(
CREATE TABLE calls (
  id TEXT NOT NULL PRIMARY KEY,
  callid TEXT NOT NULL,
  caller TEXT NOT NULL,
  callee TEXT NOT NULL,
  started TEXT NOT NULL,
  ringing TEXT,
  answered TEXT,
  ended TEXT NOT NULL,
  talk_s REAL NOT NULL,
  status INTEGER NOT NULL,
  reason TEXT NOT NULL,
  ended_by TEXT NOT NULL,
  record TEXT NOT NULL
) STRICT;
CREATE INDEX calls_by_start ON calls (started);
CREATE INDEX calls_by_callid ON calls (callid);
CREATE TABLE legs (
  call TEXT NOT NULL,
  position INTEGER NOT NULL,
  callid TEXT NOT NULL,
  side TEXT NOT NULL,
  party TEXT NOT NULL,
  since TEXT,
  until TEXT,
  codec TEXT,
  packets_sent INTEGER,
  packets_received INTEGER,
  lost INTEGER,
  jitter_ms REAL,
  round_trip_ms REAL,
  mos_received REAL,
  mos_sent REAL,
  PRIMARY KEY (call, position)
) STRICT, WITHOUT ROWID;
CREATE TRIGGER legs_go_with_their_call AFTER DELETE ON calls BEGIN
  DELETE FROM legs WHERE call = OLD.id;
END;
)"};

constexpr std::string_view kInsertCall = "INSERT OR IGNORE INTO calls VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)";
constexpr std::string_view kInsertLeg = "INSERT INTO legs VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)";

/// Binds one column after the other.
class Row {
 public:
  explicit Row(SQLite::Statement& statement) : statement_(statement) { statement_.reset(); }

  Row& text(std::string_view value) {
    statement_.bind(++column_, std::string(value));
    return *this;
  }
  Row& number(std::optional<double> value) {
    value ? statement_.bind(++column_, *value) : statement_.bind(++column_);
    return *this;
  }
  Row& count(std::optional<std::uint64_t> value) {
    value ? statement_.bind(++column_, static_cast<std::int64_t>(*value)) : statement_.bind(++column_);
    return *this;
  }
  Row& time(base::WallTime value) {
    value == base::WallTime{} ? statement_.bind(++column_) : statement_.bind(++column_, base::to_text(value));
    return *this;
  }
  /// The number of rows that were changed.
  int insert() { return statement_.exec(); }

 private:
  SQLite::Statement& statement_;
  int column_ = 0;
};

double seconds(base::Duration duration) { return std::chrono::duration<double>(duration).count(); }
double milliseconds(base::Duration duration) { return std::chrono::duration<double, std::milli>(duration).count(); }
std::optional<double> mos_of(const std::optional<media::Quality>& quality) { return quality ? std::optional(quality->mos) : std::nullopt; }

}  // namespace

struct CallDatabase::Connection {
  explicit Connection(const std::string& path) : file(path), database(path, SQLite::OPEN_READWRITE | SQLite::OPEN_CREATE, kBusyMs) {}

  void prepare() {
    insert_call.emplace(database, std::string(kInsertCall));
    insert_leg.emplace(database, std::string(kInsertLeg));
  }

  void blocking_insert(const StoredRecord& stored) {
    const call::BookedCall& call = stored.record.call;
    const int added = Row(*insert_call)
                          .text(stored.record.id)
                          .text(call.call_id)
                          .text(call.caller)
                          .text(call.callee)
                          .time(call.started)
                          .time(call.ringing)
                          .time(call.answered)
                          .time(call.ended)
                          .number(seconds(call::talk_time(call)))
                          .count(static_cast<std::uint64_t>(std::max(call.end.status, 0)))
                          .text(call.end.reason)
                          .text(to_string(call.end.by))
                          .text(stored.json)
                          .insert();
    std::uint64_t position = 0;
    for (const call::RecordedLeg& leg : call::legs_of(call)) {
      if (added > 0) {
        blocking_insert(stored.record.id, position++, leg);
      }
    }
  }

  void blocking_insert(const std::string& id, std::uint64_t position, const call::RecordedLeg& recorded) {
    Row row(*insert_leg);
    const call::BookedCall::Leg& leg = recorded.leg;
    row.text(id).count(position).text(leg.call_id).text(to_string(leg.side)).text(leg.party).time(leg.since).time(leg.until);
    if (recorded.media != nullptr) {
      const media::StreamStatistics& counted = *recorded.media->statistics;
      row.text(recorded.media->codec).count(counted.packets_sent).count(counted.packets_received).count(counted.lost).number(milliseconds(counted.jitter));
      row.number(counted.round_trip ? std::optional(milliseconds(*counted.round_trip)) : std::nullopt);
      row.number(mos_of(counted.received_quality)).number(mos_of(counted.sent_quality));
    }
    row.insert();
  }

  std::string file;
  SQLite::Database database;
  std::optional<SQLite::Statement> insert_call;
  std::optional<SQLite::Statement> insert_leg;
};

CallDatabase::CallDatabase(std::unique_ptr<Connection> connection) : connection_(std::move(connection)) {}
CallDatabase::CallDatabase(CallDatabase&& other) noexcept = default;
CallDatabase& CallDatabase::operator=(CallDatabase&& other) noexcept = default;
CallDatabase::~CallDatabase() = default;

Result<CallDatabase> CallDatabase::blocking_open(const std::string& path) {
  try {
    blocking_make_file(path);
    auto connection = std::make_unique<Connection>(path);
    SQLite::Database& database = connection->database;
    // Readers do not wait for us, nor we for them; what is told to be written is on the disk.
    database.exec("PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL");
    if (const auto ready = blocking_bring_up(database, kSchema); !ready) {
      return Error(ready.error().code, path + ": " + ready.error().message());
    }
    connection->prepare();
    return CallDatabase(std::move(connection));
  } catch (const SQLite::Exception& exception) {
    return error_of(path, exception);
  }
}

Result<void> CallDatabase::blocking_insert(const std::vector<SharedRecord>& records) {
  try {
    SQLite::Transaction transaction(connection_->database, SQLite::TransactionBehavior::IMMEDIATE);
    for (const SharedRecord& record : records) {
      connection_->blocking_insert(*record);
    }
    transaction.commit();
    return base::ok();
  } catch (const SQLite::Exception& exception) {
    return error_of(connection_->file, exception);
  }
}

Result<std::vector<FoundCall>> blocking_find_calls(const std::string& path, const CallQuery& query) {
  try {
    SQLite::Database database(path, SQLite::OPEN_READONLY, kBusyMs);
    SQLite::Statement select(database,
                             "SELECT started, caller, callee, talk_s, status, reason, ended_by, record FROM calls WHERE started >= ? "
                             "ORDER BY started DESC LIMIT ?");
    select.bind(1, query.since);
    select.bind(2, static_cast<std::int64_t>(query.limit));
    std::vector<FoundCall> found;
    while (select.executeStep()) {
      const auto text = [&select](int column) { return select.getColumn(column).getString(); };
      found.push_back({text(0), text(1), text(2), select.getColumn(3).getDouble(), select.getColumn(4).getInt(), text(5), text(6), text(7)});
    }
    return found;
  } catch (const SQLite::Exception& exception) {
    return error_of(path, exception);
  }
}

}  // namespace callwright::store
