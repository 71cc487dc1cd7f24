#include "store/sqlite_error.hpp"

#include <sqlite3.h>

#include <fcntl.h>
#include <sys/types.h>
#include <unistd.h>

namespace callwright::store {

void blocking_make_file(const std::string& path) {
  constexpr mode_t kMode = 0640;  // Who called whom is not for everybody.
  if (const int descriptor = ::open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, kMode); descriptor >= 0) {
    ::close(descriptor);
  }
}

base::Error error_of(const std::string& path, const SQLite::Exception& what) {
  const char* todo = "";
  switch (what.getErrorCode()) {
    case SQLITE_CANTOPEN: todo = "; check that its folder is there and that this user may write to it"; break;
    case SQLITE_READONLY:
    case SQLITE_PERM: todo = "; give this user the right to write to it and to its folder"; break;
    case SQLITE_NOTADB:
    case SQLITE_CORRUPT: todo = "; move it away, and a new one is made"; break;
    case SQLITE_FULL: todo = "; free some disk space"; break;
    case SQLITE_BUSY: todo = "; another program holds its lock"; break;
    default: break;
  }
  return {base::Errc::Io, path + ": " + what.what() + todo};
}

}  // namespace callwright::store
