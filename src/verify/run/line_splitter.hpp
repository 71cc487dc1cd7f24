#pragma once

#include <cstddef>
#include <functional>
#include <string>
#include <string_view>

namespace callwright::verify {

/// Makes lines of the pieces that a pipe delivers. What it holds is bounded: of a line that is longer only the size is counted.
class LineSplitter {
 public:
  using OnLine = std::function<void(std::string_view line)>;
  using OnDropped = std::function<void(std::size_t bytes)>;

  static constexpr std::size_t kMaxLine = 16U << 20U;

  /// `on_line` without the end of the line, and without a carriage return before it; `on_dropped` once for each line longer than `max_line`.
  LineSplitter(OnLine on_line, OnDropped on_dropped, std::size_t max_line = kMaxLine)
      : on_line_(std::move(on_line)), on_dropped_(std::move(on_dropped)), max_line_(max_line) {}

  void add(std::string_view piece);
  /// What came without an end of line is a line as well.
  void finish();

 private:
  void collect(std::string_view part);
  void end_line();

  OnLine on_line_;
  OnDropped on_dropped_;
  const std::size_t max_line_;
  std::string line_;
  std::size_t dropped_ = 0;
};

}  // namespace callwright::verify
