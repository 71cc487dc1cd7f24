#pragma once

#include "base/result.hpp"

#include <span>
#include <string_view>

namespace SQLite {  // NOLINT(readability-identifier-naming): that of the library.
class Database;
}

namespace callwright::store {

/// Brings a database from the version that it has (its user_version) to that of `steps.size()`: step n makes version n + 1. All of it happens or nothing.
/// Errors: WrongState, it is newer than that, or belongs to something else. May throw SQLite::Exception.
base::Result<void> blocking_bring_up(SQLite::Database& database, std::span<const std::string_view> steps);

}  // namespace callwright::store
