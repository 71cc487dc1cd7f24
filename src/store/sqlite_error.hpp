#pragma once

#include "base/result.hpp"

#include <SQLiteCpp/SQLiteCpp.h>

#include <string>

namespace callwright::store {

/// Others may hold the lock of a database for so long before it counts as a failure.
inline constexpr int kBusyMs = 2'000;

/// Makes the file when there is none, with its content for the owner and the group alone. What goes wrong SQLite finds as well, and says it better.
void blocking_make_file(const std::string& path);

/// Says what to do.
[[nodiscard]] base::Error error_of(const std::string& path, const SQLite::Exception& what);

}  // namespace callwright::store
