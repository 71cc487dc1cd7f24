#include "server/watched_file.hpp"

#include "server/descriptor.hpp"

#include <cerrno>
#include <cstddef>

#include <fcntl.h>
#include <unistd.h>

namespace callwright::server {

using base::Errc;
using base::Error;
using base::Result;

namespace {

constexpr std::size_t kMaxFile = 1024 * 1024;
constexpr mode_t kOthersWrite = S_IWGRP | S_IWOTH;

/// With the reason that the system has left in errno.
Error unreadable(const std::string& path, std::string_view what) {
  const boost::system::error_code reason(errno, boost::system::system_category());
  return {reason, path + ": the " + std::string(what) + " cannot be read: " + reason.message()};
}

}  // namespace

Result<FileText> blocking_read_guarded(const std::string& path, std::string_view what) {
  // A pipe must not make us wait for somebody who writes.
  const Descriptor file(::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK));
  FileText read;
  if (!file || ::fstat(file.get(), &read.status) != 0) {
    return unreadable(path, what);
  }
  if (!S_ISREG(read.status.st_mode)) {
    return Error(Errc::InvalidArgument, path + ": this is no file");
  }
  if ((read.status.st_mode & kOthersWrite) != 0) {
    return Error(Errc::InvalidArgument, path + ": others may write to the " + std::string(what) + ", and so let themselves in; chmod 600 " + path);
  }
  char block[16 * 1024];
  while (true) {
    const ssize_t size = ::read(file.get(), block, sizeof block);
    if (size < 0) {
      return unreadable(path, what);
    }
    if (size == 0) {
      return read;
    }
    read.text.append(block, static_cast<std::size_t>(size));
    if (read.text.size() > kMaxFile) {
      return Error(Errc::LimitReached, path + ": a " + std::string(what) + " has " + std::to_string(kMaxFile) + " bytes at most");
    }
  }
}

FileStamp FileStamp::of(const std::string& path) noexcept {
  struct stat status {};
  return ::stat(path.c_str(), &status) == 0 ? FileStamp{status.st_ino, status.st_size, status.st_mtim} : FileStamp{};
}

}  // namespace callwright::server
