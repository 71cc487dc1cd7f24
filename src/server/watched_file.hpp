#pragma once

#include "base/log.hpp"
#include "base/result.hpp"

#include <cstdint>
#include <ctime>
#include <string>
#include <string_view>
#include <utility>

#include <sys/stat.h>
#include <sys/types.h>

namespace callwright::server {

/// Of a file that decides who gets in.
struct FileText {
  std::string text;
  struct stat status {};
};
/// A megabyte at most, and nobody but the owner may write to it. `what` ("token file") is for the error, which says what to do.
base::Result<FileText> blocking_read_guarded(const std::string& path, std::string_view what);

/// By what a file is told from what it was.
struct FileStamp {
  ino_t inode = 0;
  off_t size = -1;  ///< -1: there is no file.
  std::timespec modified{};

  [[nodiscard]] static FileStamp of(const std::string& path) noexcept;
  friend bool operator==(const FileStamp& left, const FileStamp& right) noexcept {
    return left.inode == right.inode && left.size == right.size && left.modified.tv_sec == right.modified.tv_sec &&
           left.modified.tv_nsec == right.modified.tv_nsec;
  }
};

/// What a file says now. Owner thread only.
template <class Content>
class WatchedFile {
 public:
  using Read = base::Result<Content> (*)(const std::string& path);

  /// `what` ("tokens", a constant) is for the log.
  static base::Result<WatchedFile> blocking_open(std::string path, std::string_view what, Read read) {
    WatchedFile file(std::move(path), what, read);
    file.seen_ = FileStamp::of(file.path_);
    auto content = read(file.path_);
    if (!content) {
      return content.error();
    }
    file.content_ = std::move(*content);
    return file;
  }

  /// Reads it again if it has changed. When it cannot be read, the log says why (once) and what was read before stays in force.
  /// Small enough for the thread of a server: one stat, and rarely a file of up to a megabyte.
  void refresh() {
    // Taken first: a change while we read is seen the next time.
    const FileStamp now = FileStamp::of(path_);
    if (!(now == seen_)) {
      seen_ = now;
      reload();
    }
  }
  /// The same whether it has changed or not.
  void reload() {
    auto content = read_(path_);
    if (!content) {
      base::log::error("a file was not read again; what it said before stays in force", {{"what", what_}, {"reason", content.error().message()}});
      return;
    }
    content_ = std::move(*content);
    ++version_;
    base::log::info("file read again", {{"what", what_}, {"file", path_}});
  }

  [[nodiscard]] const Content& content() const noexcept { return content_; }
  /// Another number after each change.
  [[nodiscard]] std::uint64_t version() const noexcept { return version_; }

 private:
  WatchedFile(std::string path, std::string_view what, Read read) : path_(std::move(path)), what_(what), read_(read) {}

  std::string path_;
  std::string_view what_;
  Read read_;
  FileStamp seen_;
  Content content_;
  std::uint64_t version_ = 0;
};

}  // namespace callwright::server
