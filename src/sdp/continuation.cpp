#include "sdp/continuation.hpp"

#include "sdp/text.hpp"

#include <algorithm>
#include <utility>

namespace callwright::sdp {

Continuation::Continuation(Origin latest) : origin_(std::move(latest)) {}

std::string Continuation::next(std::string_view description) {
  constexpr std::string_view kLine = "\no=";
  const std::size_t found = description.find(kLine);
  const auto version = text::to_number<std::uint64_t>(origin_.version);
  if (found == std::string_view::npos || !version || *version == UINT64_MAX) {
    return std::string(description);
  }
  if (description != latest_) {
    latest_ = description;
    origin_.version = std::to_string(*version + 1);
  }
  const std::size_t begin = found + kLine.size();
  const std::size_t end = std::min(description.find_first_of("\r\n", begin), description.size());
  std::string text(description.substr(0, begin));
  for (const std::string* const field : {&origin_.username, &origin_.session_id, &origin_.version, &origin_.network_type, &origin_.address_type}) {
    text.append(*field).push_back(' ');
  }
  return text.append(origin_.address).append(description.substr(end));
}

}  // namespace callwright::sdp
