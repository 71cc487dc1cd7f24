#pragma once

#include "sip/header.hpp"
#include "sip/method.hpp"

#include <cstdint>
#include <string>
#include <string_view>

namespace callwright::sip {

/// Appends a message to a string, which the caller keeps and may reuse. The order of calls is the order on the wire:
/// a start line, header fields, then exactly one of `body` or `end`, which writes Content-Length.
///
/// Values are written as they are: whoever takes text from outside checks it first with `is_header_safe`.
class Writer {
 public:
  explicit Writer(std::string& out) noexcept : out_(out) {}

  Writer& request(Method method, std::string_view uri);
  Writer& request(std::string_view method, std::string_view uri);
  /// An empty reason gives the standard phrase.
  Writer& response(int status, std::string_view reason = {});

  Writer& header(Header header, std::string_view value);
  Writer& header(std::string_view name, std::string_view value);
  Writer& header(Header header, std::uint32_t value);
  /// Ready-made lines, each ended by CRLF.
  Writer& raw(std::string_view lines);
  Writer& cseq(std::uint32_t number, std::string_view method);

  void body(std::string_view content_type, std::string_view body);
  void end();

 private:
  std::string& out_;
};

/// No CR, LF, NUL or other control character but a tab.
[[nodiscard]] bool is_header_safe(std::string_view text) noexcept;

}  // namespace callwright::sip
