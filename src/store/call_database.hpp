#pragma once

#include "base/result.hpp"
#include "call/call_records.hpp"

#include <cstddef>
#include <memory>
#include <string>
#include <vector>

namespace callwright::store {

/// A call record, and the same as JSON (docs/records.md).
struct StoredRecord {
  call::CallRecord record;
  std::string json;
};
using SharedRecord = std::shared_ptr<const StoredRecord>;

/// Call records in an SQLite file, one row a call and one for each leg (docs/records.md has the schema). Others may read it, and write to it, at the same
/// time. Owner thread; all of it waits for the disk.
class CallDatabase {
 public:
  /// Makes the file when there is none, and brings an older schema up to this version. The error says what to do.
  static base::Result<CallDatabase> blocking_open(const std::string& path);
  CallDatabase(CallDatabase&& other) noexcept;
  CallDatabase& operator=(CallDatabase&& other) noexcept;
  ~CallDatabase();

  /// All of them or none, and they are on the disk when it returns. One that is there already is left as it is.
  base::Result<void> blocking_insert(const std::vector<SharedRecord>& records);

 private:
  struct Connection;
  explicit CallDatabase(std::unique_ptr<Connection> connection);
  std::unique_ptr<Connection> connection_;
};

/// What `blocking_find_calls` gives of a call; texts as they are in the file, "" for what never was.
struct FoundCall {
  std::string started;
  std::string caller;
  std::string callee;
  double talk_s = 0;
  int status = 0;
  std::string reason;
  std::string ended_by;
  std::string json;
};
struct CallQuery {
  std::string since = {};  ///< Calls that began then or later: a time as `base::to_text` makes it or the beginning of one, "2026-03-01"; "": any.
  std::size_t limit = 20;
};
/// The latest calls in a file that is only read, the latest first.
base::Result<std::vector<FoundCall>> blocking_find_calls(const std::string& path, const CallQuery& query);

}  // namespace callwright::store
