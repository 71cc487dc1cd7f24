#pragma once

#include "base/result.hpp"

#include <span>
#include <string>
#include <string_view>

namespace callwright::store {

/// A text file to which lines are added, such as one of JSON values. Owner thread; all of it waits for the disk.
class LineFile {
 public:
  /// Makes the file when there is none (mode 0640). The error says what to do.
  static base::Result<LineFile> blocking_open(std::string path);
  LineFile(LineFile&& other) noexcept;
  LineFile& operator=(LineFile&& other) noexcept;
  LineFile(const LineFile&) = delete;
  LineFile& operator=(const LineFile&) = delete;
  ~LineFile();

  /// Adds all of these, each with a line end, or none; they are on the disk when it returns. A line has no line end within.
  base::Result<void> blocking_append(std::span<const std::string_view> lines);
  /// Goes on in the file that the path names now, for whoever has moved the old one away. When it cannot be opened, it goes on in the old one.
  base::Result<void> blocking_reopen();
  [[nodiscard]] const std::string& path() const noexcept { return path_; }

 private:
  LineFile(std::string path, int descriptor) : path_(std::move(path)), descriptor_(descriptor) {}
  [[nodiscard]] base::Error error(std::string_view what) const;

  std::string path_;
  int descriptor_ = -1;
};

}  // namespace callwright::store
