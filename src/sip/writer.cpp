#include "sip/writer.hpp"

#include "sip/scan.hpp"

#include <charconv>

namespace callwright::sip {
namespace {

constexpr std::string_view kLineEnd = "\r\n";

void append_number(std::string& out, std::uint64_t number) {
  char digits[20];
  const auto result = std::to_chars(digits, digits + sizeof(digits), number);
  out.append(digits, result.ptr);
}

}  // namespace

Writer& Writer::request(Method method, std::string_view uri) { return request(to_string(method), uri); }

Writer& Writer::request(std::string_view method, std::string_view uri) {
  out_.append(method).append(" ").append(uri).append(" SIP/2.0\r\n");
  return *this;
}

Writer& Writer::response(int status, std::string_view reason) {
  out_.append("SIP/2.0 ");
  append_number(out_, static_cast<std::uint64_t>(status));
  out_.append(" ").append(reason.empty() ? reason_phrase(status) : reason).append(kLineEnd);
  return *this;
}

Writer& Writer::header(Header header, std::string_view value) { return this->header(to_string(header), value); }

Writer& Writer::header(std::string_view name, std::string_view value) {
  out_.append(name).append(": ").append(value).append(kLineEnd);
  return *this;
}

Writer& Writer::header(Header header, std::uint32_t value) {
  out_.append(to_string(header)).append(": ");
  append_number(out_, value);
  out_.append(kLineEnd);
  return *this;
}

Writer& Writer::raw(std::string_view lines) {
  out_.append(lines);
  return *this;
}

Writer& Writer::cseq(std::uint32_t number, std::string_view method) {
  out_.append("CSeq: ");
  append_number(out_, number);
  out_.append(" ").append(method).append(kLineEnd);
  return *this;
}

void Writer::body(std::string_view content_type, std::string_view body) {
  if (!content_type.empty()) header(Header::ContentType, content_type);
  out_.append("Content-Length: ");
  append_number(out_, body.size());
  out_.append("\r\n\r\n").append(body);
}

void Writer::end() { out_.append("Content-Length: 0\r\n\r\n"); }

bool is_header_safe(std::string_view text) noexcept {
  const char* at = text.data();
  const char* const end = scan::end_of(text);
  while (true) {
    at = scan::find_control(at, end);
    if (at == end) return text.find('\x7f') == std::string_view::npos;
    if (*at != '\t') return false;
    ++at;
  }
}

}  // namespace callwright::sip
