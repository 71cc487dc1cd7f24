// Any bytes: the parser, all accessors, the framing and the masking must neither crash nor contradict each other.
#include "require.hpp"
#include "sip/message.hpp"
#include "sip/session_fields.hpp"
#include "sip/writer.hpp"

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

using namespace callwright::sip;

namespace {

bool is_within(std::string_view part, std::string_view whole) {
  return part.data() >= whole.data() && part.data() + part.size() <= whole.data() + whole.size();
}

void read_all(const Message& message) {
  for (const HeaderField& field : message.headers()) {
    require(field.value.find('\n') == std::string_view::npos && field.value.find('\0') == std::string_view::npos);
    require(message.header(field.name).has_value());
    message.for_each_value(field.id, [](std::string_view value) {
      require(!value.empty() || value.data() != nullptr);
      static_cast<void>(NameAddr::parse(value));
      static_cast<void>(Via::parse(value));
      static_cast<void>(parse_number(value));
      return true;
    });
  }
  static_cast<void>(message.contact());
  static_cast<void>(message.lists(Header::Supported, "timer"));
  static_cast<void>(message.content_type());
  static_cast<void>(reason_of(message));
  static_cast<void>(Privacy::of(message).to_string());
  constexpr std::size_t kMostEntries = 32;
  require(diversions_of(message).size() <= kMostEntries && history_of(message).size() <= kMostEntries);
  require(asserted_identities_of(message).size() <= 2);
}

/// What was read, written anew, must be read as the same.
void round_trip(const Message& message) {
  std::string out;
  Writer writer(out);
  if (message.is_request())
    writer.request(message.method_text(), message.request_uri());
  else
    writer.response(message.status(), message.reason());
  for (const HeaderField& field : message.headers()) {
    if (field.id != Header::ContentLength) writer.header(field.name, field.value);
  }
  writer.body("", message.body());
  Message again;
  if (out.size() > Message::kMaxSize || message.headers().size() >= Message::kMaxHeaders) return;
  require(again.parse(out));
  require(again.call_id() == message.call_id() && again.cseq().number == message.cseq().number && again.body() == message.body());
  require(again.from().tag() == message.from().tag() && again.top_via().branch() == message.top_via().branch());
}

void frame(std::string_view bytes) {
  std::size_t scanned = 0;
  const StreamFrame whole = next_frame(bytes, scanned);
  require(whole.skip + whole.size <= bytes.size());
  scanned = 0;
  StreamFrame::State state = StreamFrame::State::Incomplete;
  std::size_t size = 0;
  for (; size <= bytes.size() && state == StreamFrame::State::Incomplete; ++size) {
    const StreamFrame part = next_frame(bytes.substr(0, size), scanned);
    state = part.state;
    if (state == StreamFrame::State::Message) require(whole.state == state && part.skip == whole.skip && part.size == whole.size);
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view bytes(reinterpret_cast<const char*>(data), size);
  Message message;
  if (message.parse(bytes)) {
    require(is_within(message.bytes(), bytes) && is_within(message.body(), bytes));
    read_all(message);
    round_trip(message);
  } else {
    require(message.error().position <= size && !message.error().reason.empty());
    require(!message.error().answerable || (!message.call_id().empty() && !message.cseq().method_text.empty() && !message.from().uri.empty()));
  }
  if (size < 2000) frame(bytes);
  static_cast<void>(masked(bytes));
  return 0;
}
