#include "store/run_history.hpp"

#include "store/schema.hpp"
#include "store/sqlite_error.hpp"

#include <array>
#include <chrono>
#include <utility>

namespace callwright::store {
namespace {

using base::Error;
using base::Result;

/// One step for each version of the schema. Released steps never change.
constexpr std::array<std::string_view, 1> kSchema = {R"(
CREATE TABLE runs (
  id TEXT NOT NULL PRIMARY KEY,
  monitor TEXT NOT NULL,
  started_ms INTEGER NOT NULL,
  passed INTEGER NOT NULL,
  result TEXT NOT NULL
) STRICT;
CREATE INDEX runs_of_monitors ON runs (monitor, started_ms);
)"};

constexpr std::string_view kInsert = "INSERT OR REPLACE INTO runs VALUES (?, ?, ?, ?, ?)";
constexpr std::string_view kPrune =
    "DELETE FROM runs WHERE monitor = ?1 AND started_ms < (SELECT started_ms FROM runs WHERE monitor = ?1 ORDER BY started_ms DESC LIMIT 1 OFFSET ?2)";
constexpr std::string_view kColumns = "SELECT id, monitor, started_ms, passed, result FROM runs ";

RunHistory::Run run_of(SQLite::Statement& row) {
  const base::WallTime started{std::chrono::milliseconds(row.getColumn(2).getInt64())};
  return {row.getColumn(0).getString(), row.getColumn(1).getString(), started, row.getColumn(3).getInt() != 0, row.getColumn(4).getString()};
}

}  // namespace

struct RunHistory::Connection {
  Connection(const std::string& path, std::size_t most)
      : name(path.empty() ? "the history in memory" : path),
        kept(static_cast<std::int64_t>(most)),
        database(path.empty() ? ":memory:" : path, SQLite::OPEN_READWRITE | SQLite::OPEN_CREATE, kBusyMs) {}

  const std::string name;
  const std::int64_t kept;
  SQLite::Database database;
};

RunHistory::RunHistory(std::unique_ptr<Connection> connection) : connection_(std::move(connection)) {}
RunHistory::RunHistory(RunHistory&& other) noexcept = default;
RunHistory& RunHistory::operator=(RunHistory&& other) noexcept = default;
RunHistory::~RunHistory() = default;

Result<RunHistory> RunHistory::blocking_open(const std::string& path, std::size_t kept) {
  try {
    if (!path.empty()) {
      blocking_make_file(path);
    }
    auto connection = std::make_unique<Connection>(path, kept);
    connection->database.exec("PRAGMA journal_mode = WAL; PRAGMA synchronous = NORMAL");
    if (const auto ready = blocking_bring_up(connection->database, kSchema); !ready) {
      return Error(ready.error().code, connection->name + ": " + ready.error().message());
    }
    return RunHistory(std::move(connection));
  } catch (const SQLite::Exception& exception) {
    return error_of(path, exception);
  }
}

Result<void> RunHistory::blocking_insert(const Run& run) {
  try {
    SQLite::Transaction transaction(connection_->database, SQLite::TransactionBehavior::IMMEDIATE);
    SQLite::Statement insert(connection_->database, std::string(kInsert));
    insert.bind(1, run.id);
    insert.bind(2, run.monitor);
    insert.bind(3, static_cast<std::int64_t>(std::chrono::duration_cast<std::chrono::milliseconds>(run.started.time_since_epoch()).count()));
    insert.bind(4, run.passed ? 1 : 0);
    insert.bind(5, run.json);
    insert.exec();
    SQLite::Statement prune(connection_->database, std::string(kPrune));
    prune.bind(1, run.monitor);
    prune.bind(2, connection_->kept - 1);
    prune.exec();
    transaction.commit();
    return base::ok();
  } catch (const SQLite::Exception& exception) {
    return error_of(connection_->name, exception);
  }
}

Result<std::vector<RunHistory::Run>> RunHistory::blocking_latest(std::string_view monitor, std::size_t limit) {
  try {
    SQLite::Statement select(connection_->database, std::string(kColumns) + "WHERE monitor = ? ORDER BY started_ms DESC, rowid DESC LIMIT ?");
    select.bind(1, std::string(monitor));
    select.bind(2, static_cast<std::int64_t>(limit));
    std::vector<Run> runs;
    while (select.executeStep()) {
      runs.push_back(run_of(select));
    }
    return runs;
  } catch (const SQLite::Exception& exception) {
    return error_of(connection_->name, exception);
  }
}

Result<std::optional<RunHistory::Run>> RunHistory::blocking_find(std::string_view id) {
  try {
    SQLite::Statement select(connection_->database, std::string(kColumns) + "WHERE id = ?");
    select.bind(1, std::string(id));
    return select.executeStep() ? std::optional(run_of(select)) : std::nullopt;
  } catch (const SQLite::Exception& exception) {
    return error_of(connection_->name, exception);
  }
}

}  // namespace callwright::store
