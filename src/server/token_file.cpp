#include "server/token_file.hpp"

#include "base/log.hpp"

#include <cerrno>
#include <cstdio>
#include <filesystem>
#include <optional>
#include <utility>

#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

namespace callwright::server {

using base::Errc;
using base::Error;
using base::Result;

namespace {

constexpr std::size_t kMaxFile = 1024 * 1024;
constexpr mode_t kPermissions = 0777;
constexpr mode_t kOthersWrite = S_IWGRP | S_IWOTH;
constexpr std::string_view kHeader =
    "# Tokens of the Call API, a line each: name, scopes, hash. `callwright token` adds and revokes them; a token itself is not kept.\n";

/// Closed when it goes.
class Descriptor {
 public:
  explicit Descriptor(int number) noexcept : number_(number) {}
  ~Descriptor() {
    if (number_ >= 0) {
      ::close(number_);
    }
  }
  Descriptor(const Descriptor&) = delete;
  Descriptor& operator=(const Descriptor&) = delete;

  [[nodiscard]] int get() const noexcept { return number_; }
  explicit operator bool() const noexcept { return number_ >= 0; }

 private:
  int number_;
};

/// With the reason that the system has left in errno.
Error failed(const std::string& path, const std::string& what) {
  const boost::system::error_code reason(errno, boost::system::system_category());
  return {reason, path + ": " + what + ": " + reason.message()};
}

struct FileText {
  std::string text;
  struct stat status {};
};

Result<FileText> blocking_read(const std::string& path) {
  // A pipe must not make us wait for somebody who writes.
  const Descriptor file(::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK));
  FileText read;
  if (!file || ::fstat(file.get(), &read.status) != 0) {
    return failed(path, "the token file cannot be read");
  }
  if (!S_ISREG(read.status.st_mode)) {
    return Error(Errc::InvalidArgument, path + ": this is no file");
  }
  if ((read.status.st_mode & kOthersWrite) != 0) {
    return Error(Errc::InvalidArgument, path + ": others may write to the token file, and so let themselves in; chmod 600 " + path);
  }
  char block[16 * 1024];
  while (true) {
    const ssize_t size = ::read(file.get(), block, sizeof block);
    if (size < 0) {
      return failed(path, "the token file cannot be read");
    }
    if (size == 0) {
      return read;
    }
    read.text.append(block, static_cast<std::size_t>(size));
    if (read.text.size() > kMaxFile) {
      return Error(Errc::LimitReached, path + ": a token file has " + std::to_string(kMaxFile) + " bytes at most");
    }
  }
}

bool write_all(int file, std::string_view text) {
  while (!text.empty()) {
    const ssize_t size = ::write(file, text.data(), text.size());
    if (size < 0) {
      return false;
    }
    text.remove_prefix(static_cast<std::size_t>(size));
  }
  return true;
}

/// Puts `text` in the place of the file. `directory` is open on the folder of `path`.
Result<void> blocking_replace(const std::string& path, int directory, const std::string& text, const std::optional<struct stat>& before) {
  std::string temporary = path + ".XXXXXX";
  const Descriptor file(::mkostemp(temporary.data(), O_CLOEXEC));
  if (!file) {
    return failed(path, "the token file cannot be written");
  }
  // The owner stays: a file that the administrator edits is still the server's.
  const bool kept = !before || (::fchown(file.get(), before->st_uid, before->st_gid) == 0 && ::fchmod(file.get(), before->st_mode & kPermissions) == 0);
  const bool moved = kept && write_all(file.get(), text) && ::fsync(file.get()) == 0 && std::rename(temporary.c_str(), path.c_str()) == 0;
  if (!moved) {
    auto error = failed(path, "the token file cannot be written");
    ::unlink(temporary.c_str());
    return error;
  }
  return ::fsync(directory) == 0 ? base::ok() : Result<void>(failed(path, "the token file may not outlive a power cut"));
}

/// Replaces the text of the file by what `change` makes of it. Several that do so take turns.
template <class Change>
Result<void> blocking_change(const std::string& given, Change change) {
  std::error_code unresolved;
  // Through a link, so that the link stays.
  const std::filesystem::path path = std::filesystem::weakly_canonical(std::filesystem::absolute(given), unresolved);
  if (unresolved) {
    return Error(Errc::Io, given + ": " + unresolved.message());
  }
  const Descriptor directory(::open(path.parent_path().c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (!directory || ::flock(directory.get(), LOCK_EX) != 0) {
    return failed(given, "the folder of the token file cannot be used");
  }
  const bool there = std::filesystem::exists(path, unresolved);
  auto before = there ? blocking_read(path) : Result<FileText>(FileText{std::string(kHeader)});
  if (!before) {
    return before.error();
  }
  const auto list = TokenList::parse(before->text, given);
  if (!list) {
    return list.error();
  }
  const Result<std::string> after = change(*list, std::move(before->text));
  return after ? blocking_replace(path, directory.get(), *after, there ? std::optional(before->status) : std::nullopt) : after.error();
}

}  // namespace

Result<void> blocking_add_token(const std::string& path, const Token& token) {
  return blocking_change(path, [&](const TokenList& list, std::string text) -> Result<std::string> {
    if (list.named(token.name) != nullptr) {
      return Error(Errc::AlreadyExists, path + ": there is a token \"" + token.name + "\" already; choose another name, or revoke that one first");
    }
    text += !text.empty() && text.back() != '\n' ? "\n" : "";
    return text + line_of(token);
  });
}

Result<void> blocking_remove_token(const std::string& path, std::string_view name) {
  return blocking_change(path, [&](const TokenList& list, const std::string& text) -> Result<std::string> {
    if (list.named(name) == nullptr) {
      return Error(Errc::NotFound, path + ": there is no token \"" + std::string(name) + "\"; callwright token list shows those that there are");
    }
    return without_token(text, name);
  });
}

Result<TokenList> blocking_read_tokens(const std::string& path) {
  const auto read = blocking_read(path);
  return read ? TokenList::parse(read->text, path) : read.error();
}

Result<TokenFile> TokenFile::blocking_open(std::string path) {
  TokenFile file(std::move(path));
  file.seen_ = file.stamp();
  auto list = blocking_read_tokens(file.path_);
  if (!list && file.seen_.size < 0) {
    return Error(list.error().code,
                 list.error().message() + "; make a token with: callwright token create --name NAME --scope call:control --file " + file.path_);
  }
  if (!list) {
    return list.error();
  }
  file.list_ = std::move(*list);
  return file;
}

TokenFile::Stamp TokenFile::stamp() const noexcept {
  struct stat status {};
  return ::stat(path_.c_str(), &status) == 0 ? Stamp{status.st_ino, status.st_size, status.st_mtim} : Stamp{};
}

void TokenFile::refresh() {
  // Taken first: a change while we read is seen the next time.
  const Stamp now = stamp();
  if (now == seen_) {
    return;
  }
  seen_ = now;
  auto list = blocking_read_tokens(path_);
  if (!list) {
    base::log::error("the tokens were not read again; those before stay in force", {{"reason", list.error().message()}});
    return;
  }
  list_ = std::move(*list);
  ++version_;
  base::log::info("tokens read again", {{"tokens", list_.tokens().size()}});
}

}  // namespace callwright::server
