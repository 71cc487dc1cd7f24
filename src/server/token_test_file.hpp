#pragma once

#include "server/token_file.hpp"

#include <gtest/gtest.h>

#include <cstdlib>
#include <filesystem>
#include <string>

namespace callwright::server {

/// For tests: a token file in a folder of its own, which goes with it.
class TokenTestFile {
 public:
  TokenTestFile() {
    std::string folder = std::filesystem::temp_directory_path() / "callwright-tokens-XXXXXX";
    EXPECT_NE(::mkdtemp(folder.data()), nullptr);
    folder_ = folder;
  }
  ~TokenTestFile() { std::filesystem::remove_all(folder_); }
  TokenTestFile(const TokenTestFile&) = delete;
  TokenTestFile& operator=(const TokenTestFile&) = delete;

  [[nodiscard]] const std::filesystem::path& folder() const noexcept { return folder_; }
  [[nodiscard]] std::string path() const { return folder_ / "tokens"; }
  [[nodiscard]] TokenFile open() const { return TokenFile::blocking_open(path()).value(); }

  /// The secret is "SECRET-" and the name.
  void add(const std::string& name, Scopes scopes) const { EXPECT_TRUE(blocking_add_token(path(), {name, scopes, hash_of_secret("SECRET-" + name)})); }
  void revoke(const std::string& name) const { EXPECT_TRUE(blocking_remove_token(path(), name)); }

 private:
  std::filesystem::path folder_;
};

}  // namespace callwright::server
