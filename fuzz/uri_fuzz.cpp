// Any bytes as a URI: printing and reading again gives an equivalent URI.
#include "require.hpp"
#include "sip/uri.hpp"

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

using namespace callwright::sip;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  require(unescape(escape_header_value(text)) == text);
  const auto first = UriView::parse(text);
  if (!first) return 0;
  const std::string printed = first->to_string();
  const auto second = UriView::parse(printed);
  require(second.has_value());
  require(second->to_string() == printed);
  require(second->address_of_record() == first->address_of_record());
  static_cast<void>(equivalent(first.value(), second.value()));
  static_cast<void>(first->parameter("transport"));
  static_cast<void>(first->header("Replaces"));
  return 0;
}
