#include "store/line_file.hpp"

#include <cerrno>
#include <cstring>
#include <utility>

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

namespace callwright::store {
namespace {

constexpr mode_t kMode = 0640;

int blocking_open_file(const std::string& path) noexcept { return ::open(path.c_str(), O_RDWR | O_APPEND | O_CREAT | O_CLOEXEC | O_NOCTTY, kMode); }

base::Error error_of(const std::string& path, std::string_view what) {
  const int code = errno;
  return {boost::system::error_code(code, boost::system::system_category()), path + " " + std::string(what) + ": " + std::strerror(code)};
}

/// What a process that was killed has left of a line must not become part of the next.
bool ends_within_a_line(int descriptor, off_t size) noexcept {
  char last = '\n';
  return size > 0 && ::pread(descriptor, &last, 1, size - 1) == 1 && last != '\n';
}

}  // namespace

base::Result<LineFile> LineFile::blocking_open(std::string path) {
  const int descriptor = blocking_open_file(path);
  if (descriptor < 0) {
    return error_of(path, "cannot be opened for writing; check that its folder is there and that this user may write to it");
  }
  return LineFile(std::move(path), descriptor);
}

LineFile::LineFile(LineFile&& other) noexcept : path_(std::move(other.path_)), descriptor_(std::exchange(other.descriptor_, -1)) {}

LineFile& LineFile::operator=(LineFile&& other) noexcept {
  std::swap(path_, other.path_);
  std::swap(descriptor_, other.descriptor_);
  return *this;
}

LineFile::~LineFile() {
  if (descriptor_ >= 0) {
    ::close(descriptor_);
  }
}

base::Error LineFile::error(std::string_view what) const { return error_of(path_, what); }

base::Result<void> LineFile::blocking_append(std::span<const std::string_view> lines) {
  struct stat status {};
  if (::fstat(descriptor_, &status) != 0) {
    return error("cannot be looked at");
  }
  std::string text(ends_within_a_line(descriptor_, status.st_size) ? 1 : 0, '\n');
  for (const std::string_view line : lines) {
    text.append(line).push_back('\n');
  }
  std::string_view left = text;
  while (!left.empty()) {
    const ssize_t written = ::write(descriptor_, left.data(), left.size());
    if (written < 0 && errno == EINTR) {
      continue;
    }
    if (written < 0) {
      const base::Error failed = error("cannot be written");
      // Where this fails, too, the next line begins with a line end of its own.
      static_cast<void>(::ftruncate(descriptor_, status.st_size));
      return failed;
    }
    left.remove_prefix(static_cast<std::size_t>(written));
  }
  // What is no file on a disk (a pipe, a terminal) cannot be synchronised.
  if (::fdatasync(descriptor_) != 0 && errno != EINVAL && errno != EROFS) {
    return error("cannot be brought to the disk");
  }
  return base::ok();
}

base::Result<void> LineFile::blocking_reopen() {
  auto opened = blocking_open(path_);
  if (!opened) {
    return opened.error();
  }
  *this = std::move(*opened);
  return base::ok();
}

}  // namespace callwright::store
