#pragma once

#include "base/clock.hpp"
#include "base/result.hpp"

#include <cstddef>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace callwright::store {

/// What monitors found out, in an SQLite file or in memory; of each monitor the latest runs. Owner thread; a file waits for the disk.
class RunHistory {
 public:
  struct Run {
    std::string id;
    std::string monitor;
    base::WallTime started{};
    bool passed = false;
    std::string json;  ///< All of it, as an object.
  };

  /// `path` "": in memory. `kept` runs of each monitor stay. Errors: Io, which says what to do.
  static base::Result<RunHistory> blocking_open(const std::string& path, std::size_t kept);
  RunHistory(RunHistory&& other) noexcept;
  RunHistory& operator=(RunHistory&& other) noexcept;
  ~RunHistory();

  base::Result<void> blocking_insert(const Run& run);
  /// The latest first.
  base::Result<std::vector<Run>> blocking_latest(std::string_view monitor, std::size_t limit);
  base::Result<std::optional<Run>> blocking_find(std::string_view id);

 private:
  struct Connection;
  explicit RunHistory(std::unique_ptr<Connection> connection);
  std::unique_ptr<Connection> connection_;
};

}  // namespace callwright::store
