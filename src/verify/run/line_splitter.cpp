#include "verify/run/line_splitter.hpp"

#include <utility>

namespace callwright::verify {

void LineSplitter::add(std::string_view piece) {
  while (!piece.empty()) {
    const std::size_t end = piece.find('\n');
    collect(piece.substr(0, end));
    if (end == std::string_view::npos) {
      return;
    }
    end_line();
    piece.remove_prefix(end + 1);
  }
}

void LineSplitter::finish() {
  if (!line_.empty() || dropped_ > 0) {
    end_line();
  }
}

void LineSplitter::collect(std::string_view part) {
  if (dropped_ > 0 || line_.size() + part.size() > max_line_) {
    dropped_ += line_.size() + part.size();
    std::string().swap(line_);
    return;
  }
  line_ += part;
}

void LineSplitter::end_line() {
  if (dropped_ > 0) {
    on_dropped_(std::exchange(dropped_, 0));
    return;
  }
  const std::string line = std::exchange(line_, {});
  std::string_view text = line;
  if (text.ends_with('\r')) {
    text.remove_suffix(1);
  }
  on_line_(text);
}

}  // namespace callwright::verify
