#include "call/xml_text.hpp"

#include "base/utf8.hpp"

#include <algorithm>

namespace callwright::call {
namespace {

void append_ascii(std::string& out, char c) {
  switch (c) {
    case '&': out += "&amp;"; break;
    case '<': out += "&lt;"; break;
    case '>': out += "&gt;"; break;
    case '"': out += "&quot;"; break;
    case '\'': out += "&apos;"; break;
    default: out += c < 0x20 || c == 0x7f ? '?' : c; break;
  }
}

}  // namespace

void append_xml(std::string& out, std::string_view text) {
  while (!text.empty()) {
    const std::size_t length = base::utf8_character(text);
    // U+FFFE and U+FFFF are the only ones of more than a byte that XML does not know.
    if (length > 1 && text.substr(0, length) != "\xef\xbf\xbe" && text.substr(0, length) != "\xef\xbf\xbf") {
      out += text.substr(0, length);
    } else {
      append_ascii(out, length == 1 ? text.front() : '?');
    }
    text.remove_prefix(std::max<std::size_t>(length, 1));
  }
}

}  // namespace callwright::call
