#pragma once

#include "base/result.hpp"
#include "server/token_list.hpp"

#include <cstdint>
#include <ctime>
#include <string>
#include <string_view>

#include <sys/types.h>

namespace callwright::server {

/// Adds a token to the file, which is made when there is none (mode 0600). The file is replaced in one step, under its old owner and mode: whoever reads it
/// sees all of the old or all of the new. Errors: AlreadyExists, and what is wrong with the file.
base::Result<void> blocking_add_token(const std::string& path, const Token& token);
/// The same the other way. Errors: NotFound, and what is wrong with the file.
base::Result<void> blocking_remove_token(const std::string& path, std::string_view name);
base::Result<TokenList> blocking_read_tokens(const std::string& path);

/// The tokens of a file as it is now. Owner thread only.
class TokenFile {
 public:
  /// Reads the file. The error says how to make it.
  static base::Result<TokenFile> blocking_open(std::string path);

  /// Reads it again if it has changed. When it cannot be read, the log says why (once) and what was read before stays in force.
  /// Small enough for the thread of a server: one stat, and rarely a file of up to a megabyte.
  void refresh();
  [[nodiscard]] const TokenList& list() const noexcept { return list_; }
  /// Another number after each change.
  [[nodiscard]] std::uint64_t version() const noexcept { return version_; }

 private:
  /// By what a file is told from what it was.
  struct Stamp {
    ino_t inode = 0;
    off_t size = -1;  ///< -1: there is no file.
    std::timespec modified{};
    friend bool operator==(const Stamp& left, const Stamp& right) noexcept {
      return left.inode == right.inode && left.size == right.size && left.modified.tv_sec == right.modified.tv_sec &&
             left.modified.tv_nsec == right.modified.tv_nsec;
    }
  };

  explicit TokenFile(std::string path) : path_(std::move(path)) {}
  [[nodiscard]] Stamp stamp() const noexcept;

  std::string path_;
  Stamp seen_;
  TokenList list_;
  std::uint64_t version_ = 0;
};

}  // namespace callwright::server
