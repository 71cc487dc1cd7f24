#include "store/schema.hpp"

#include <SQLiteCpp/SQLiteCpp.h>

#include <cstddef>
#include <string>

namespace callwright::store {
namespace {

/// "CWrt", so that a database of somebody else is not taken for ours.
constexpr int kApplication = 0x43577274;

int number(SQLite::Database& database, const std::string& query) { return database.execAndGet(query).getInt(); }

}  // namespace

base::Result<void> blocking_bring_up(SQLite::Database& database, std::span<const std::string_view> steps) {
  // Two servers that start at the same time make one schema.
  SQLite::Transaction transaction(database, SQLite::TransactionBehavior::IMMEDIATE);
  const int version = number(database, "PRAGMA user_version");
  const int application = number(database, "PRAGMA application_id");
  const bool empty = number(database, "SELECT count(*) FROM sqlite_schema") == 0;
  if (application != kApplication && (!empty || application != 0 || version != 0)) {
    return base::Error(base::Errc::WrongState, "this is the database of something else; name another file");
  }
  if (version < 0 || static_cast<std::size_t>(version) > steps.size()) {
    return base::Error(base::Errc::WrongState, "this was made by a newer version of Callwright (schema " + std::to_string(version) + "; this version knows " +
                                                   std::to_string(steps.size()) + "); use that version, or name another file");
  }
  for (const std::string_view step : steps.subspan(static_cast<std::size_t>(version))) {
    database.exec(std::string(step));
  }
  if (static_cast<std::size_t>(version) < steps.size()) {
    database.exec("PRAGMA application_id = " + std::to_string(kApplication) + "; PRAGMA user_version = " + std::to_string(steps.size()));
  }
  transaction.commit();
  return base::ok();
}

}  // namespace callwright::store
