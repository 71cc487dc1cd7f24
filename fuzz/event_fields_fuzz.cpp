// Any text in the fields of event notification and of the extensions of a session, in a whole message as it comes: what is read is bounded, and written
// again it is read as the same; in the documents that are made of it, it stays text.
#include "base/utf8.hpp"
#include "call/dialog_info.hpp"
#include "call/message_waiting.hpp"
#include "call/xml_text.hpp"
#include "require.hpp"
#include "sip/event_fields.hpp"
#include "sip/session_fields.hpp"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

using namespace callwright;
using namespace callwright::sip;

namespace {

constexpr std::string_view kFields[] = {"Event", "Subscription-State", "Allow-Events", "Accept", "Refer-To", "Privacy", "P-Asserted-Identity"};

std::string with_all_fields(std::string_view value) {
  std::string text =
      "NOTIFY sip:a@b SIP/2.0\r\nVia: SIP/2.0/UDP h;branch=z9hG4bKx\r\nFrom: <sip:a@b>;tag=1\r\nTo: <sip:a@b>;tag=2\r\nCall-ID: c\r\nCSeq: 1 NOTIFY\r\n";
  for (const std::string_view field : kFields) {
    text.append(field).append(": ").append(value).append("\r\n");
  }
  return text += "Content-Length: 0\r\n\r\n";
}

bool is_one_line(std::string_view text) { return text.find_first_of(std::string_view("\r\n\0", 3)) == std::string_view::npos; }

void events(const Message& message) {
  if (const auto event = EventType::of(message)) {
    constexpr std::size_t kMost = 128;
    require(!event->package.empty() && event->package.size() + event->id.size() <= kMost && event->matches(*event));
    const std::string again = with_all_fields(std::string(event->package) + (event->id.empty() ? "" : ";id=" + std::string(event->id)));
    Message second;
    require(second.parse(again) && EventType::of(second).has_value() && EventType::of(second)->matches(*event));
  }
  static_cast<void>(message.lists(Header::AllowEvents, "dialog"));
  static_cast<void>(accepts(message, "application/pidf+xml"));
  const auto state = SubscriptionState::of(message);
  if (!state) return;
  const std::string written = state->to_string();
  const std::string text = with_all_fields(written);
  Message again;
  require(again.parse(text));
  const auto second = SubscriptionState::of(again);
  require(second && second->kind == state->kind && second->reason == state->reason && second->expires == state->expires);
  require(second->retry_after == state->retry_after && second->to_string() == written);
}

void identities(const Message& message) {
  for (const std::string& identity : asserted_identities_of(message)) {
    require(!identity.empty() && is_one_line(identity));
  }
  const std::string privacy = Privacy::of(message).to_string();
  const std::string text = with_all_fields(privacy.empty() ? "x" : privacy);
  Message again;
  require(again.parse(text) && Privacy::of(again).to_string() == privacy);
}

/// REFER names with the target's URI what the new request is to have: fields whose values are escaped.
void refer_to(const Message& message) {
  const auto address = NameAddr::parse(message.header(Header::ReferTo).value_or(std::string_view{}));
  if (!address || address->wildcard) return;
  const auto uri = UriView::parse(address->uri);
  if (!uri) return;
  for (const std::string_view name : {"Replaces", "Join", "Target-Dialog"}) {
    const auto value = uri->header(name);
    if (!value) continue;
    const std::string plain = unescape(*value);
    const auto dialog = DialogName::parse(plain);
    if (!dialog) continue;
    require(is_one_line(dialog->to_string()) && DialogName::parse(unescape(escape_header_value(dialog->to_string())))->to_string() == dialog->to_string());
  }
}

/// How many elements and attributes a document has.
std::size_t marks(std::string_view xml) {
  return static_cast<std::size_t>(std::count_if(xml.begin(), xml.end(), [](char c) { return c == '<' || c == '>' || c == '"' || c == '\''; }));
}

std::string document(std::string_view text) {
  const auto ringing = [text](const std::string&) -> std::optional<DialogName> {
    return DialogName{std::string(text), std::string(text), std::string(text), DialogName::Stage::Any};
  };
  call::DialogInfo package([](const std::string&, const std::string&) {}, [](const std::string& uri) { return uri == "sip:us" ? "us" : ""; }, ringing);
  call::CallStarted started;
  started.from = text;
  started.to = "sip:us";
  package.note("id", started);
  return package.body({.resource = "us", .entity = text, .version = 0, .changed = {}});
}

void documents(std::string_view text) {
  std::string escaped;
  call::append_xml(escaped, text);
  require(marks(escaped) == 0 && is_one_line(escaped) && base::is_utf8(escaped) && escaped.size() <= 6 * text.size());
  require(marks(document(text)) == marks(document("sip:them")));
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view value(reinterpret_cast<const char*>(data), size);
  documents(value);
  const std::string text = with_all_fields(value);
  Message message;
  if (!message.parse(text)) return 0;
  events(message);
  identities(message);
  refer_to(message);
  return 0;
}
