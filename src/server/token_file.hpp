#pragma once

#include "base/result.hpp"
#include "server/token_list.hpp"
#include "server/watched_file.hpp"

#include <cstdint>
#include <string>
#include <string_view>
#include <utility>

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
  static base::Result<TokenFile> blocking_open(const std::string& path);

  /// As `WatchedFile` has them.
  void refresh() { file_.refresh(); }
  void reload() { file_.reload(); }
  [[nodiscard]] const TokenList& list() const noexcept { return file_.content(); }
  [[nodiscard]] std::uint64_t version() const noexcept { return file_.version(); }

 private:
  explicit TokenFile(WatchedFile<TokenList> file) : file_(std::move(file)) {}

  WatchedFile<TokenList> file_;
};

}  // namespace callwright::server
