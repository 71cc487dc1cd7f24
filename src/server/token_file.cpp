#include "server/token_file.hpp"

#include "server/descriptor.hpp"

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

constexpr mode_t kPermissions = 0777;
constexpr std::string_view kHeader =
    "# Tokens of the Call API, a line each: name, scopes, hash. `callwright token` adds and revokes them; a token itself is not kept.\n";

/// With the reason that the system has left in errno.
Error failed(const std::string& path, const std::string& what) {
  const boost::system::error_code reason(errno, boost::system::system_category());
  return {reason, path + ": " + what + ": " + reason.message()};
}

Result<FileText> blocking_read(const std::string& path) { return blocking_read_guarded(path, "token file"); }

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

Result<TokenFile> TokenFile::blocking_open(const std::string& path) {
  const bool missing = FileStamp::of(path) == FileStamp();
  auto file = WatchedFile<TokenList>::blocking_open(path, "tokens", &blocking_read_tokens);
  if (!file && missing) {
    return Error(file.error().code, file.error().message() + "; make a token with: callwright token create --name NAME --scope call:control --file " + path);
  }
  if (!file) {
    return file.error();
  }
  return TokenFile(std::move(*file));
}

}  // namespace callwright::server
