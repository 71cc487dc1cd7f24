#include "sip/client_request.hpp"
#include "sip/digest_hash.hpp"

namespace callwright::sip {

std::string name_addr(std::string_view display_name, std::string_view uri) {
  std::string text;
  if (!display_name.empty()) {
    text.append("\"").append(escape_quoted(display_name)).append("\" ");
  }
  return text.append("<").append(uri).append(">");
}

std::string party_lines(std::string_view from, std::string_view from_tag, std::string_view to, std::string_view to_tag, std::string_view call_id) {
  constexpr std::size_t kNames = 48;
  constexpr std::string_view kTag = ";tag=";
  std::string lines;
  lines.reserve(kNames + from.size() + from_tag.size() + to.size() + to_tag.size() + call_id.size());
  lines.append("From: ").append(from).append(from_tag.empty() ? "" : kTag).append(from_tag);
  lines.append("\r\nTo: ").append(to).append(to_tag.empty() ? "" : kTag).append(to_tag);
  lines.append("\r\nCall-ID: ").append(call_id).append("\r\n");
  return lines;
}

}  // namespace callwright::sip
