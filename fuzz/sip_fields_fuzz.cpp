// Any text as the value of every structured header field: it is refused, or what is written from it is read as the same.
#include "require.hpp"
#include "sip/session_fields.hpp"

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

using namespace callwright::sip;

namespace {

/// Text from a message, written into another one, may not begin a line of its own there.
void require_one_line(const std::string& written) { require(written.find_first_of(std::string_view("\r\n\0", 3)) == std::string::npos); }

template <class Value>
void round_trip(std::string_view text) {
  const auto first = Value::parse(text);
  if (!first) return;
  const std::string written = first->to_string();
  require_one_line(written);
  const auto second = Value::parse(written);
  require(second.has_value());
  require(second->to_string() == written);
}

void round_trip_target(std::string_view text) {
  const auto first = DialogName::parse_target(text);
  if (!first) return;
  const std::string written = first->to_target_string();
  require_one_line(written);
  const auto second = DialogName::parse_target(written);
  require(second.has_value() && second->to_target_string() == written);
}

void read(std::string_view text) {
  if (const auto address = NameAddr::parse(text)) {
    require(address->parameters.find("tag").value_or("") == address->tag());
    static_cast<void>(UriView::parse(address->uri));
  }
  if (const auto via = Via::parse(text)) {
    require(!via->host.empty() && via->parameters.find("branch").value_or("") == via->branch() && via->parameters.has("rport") == via->has_rport);
  }
  if (const auto cseq = CSeq::parse(text)) require(cseq->number < (1U << 31U) && !cseq->method_text.empty());
  if (const auto rack = RAck::parse(text)) require(rack->rseq > 0);
  static_cast<void>(TokenWithParameters::parse(text).parameters.find("cause"));
  static_cast<void>(parse_number(text));
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  // A value never holds these: the message parser has cut lines at them, or refused them.
  if (text.find_first_of(std::string_view("\r\n\0", 3)) != std::string_view::npos) return 0;
  read(text);
  round_trip<SessionExpires>(text);
  round_trip<DialogName>(text);
  round_trip<Reason>(text);
  round_trip<Diversion>(text);
  round_trip<HistoryEntry>(text);
  round_trip_target(text);
  std::string lines;
  append_header(lines, "X", text);
  require(lines.empty() || (lines.ends_with("\r\n") && lines.find_first_of("\r\n") == lines.size() - 2));
  return 0;
}
