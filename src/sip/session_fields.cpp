#include "sip/session_fields.hpp"

#include "sip/scan.hpp"
#include "sip/writer.hpp"

namespace callwright::sip {
namespace {

constexpr std::size_t kMaxEntries = 32;
constexpr std::size_t kMaxValue = 1024;

std::string quoted(std::string_view text) {
  std::string out = "\"";
  for (const char c : text) {
    if (c == '"' || c == '\\') out += '\\';
    out += c;
  }
  return out += '"';
}

std::string unquoted(std::string_view text) {
  std::string out;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] == '\\' && i + 1 < text.size()) ++i;
    out += text[i];
  }
  return out;
}

/// What From and To of a dialog can hold: a tag in quotes, with blanks or commas, names none.
bool is_tag(std::optional<std::string_view> text) noexcept {
  return text && !text->empty() && scan::skip(scan::kValue, text->data(), scan::end_of(*text)) == scan::end_of(*text);
}

std::optional<DialogName> dialog_name(std::string_view value, std::string_view local, std::string_view remote) {
  const auto parsed = TokenWithParameters::parse(value);
  const auto local_tag = parsed.parameters.find(local);
  const auto remote_tag = parsed.parameters.find(remote);
  const bool named = !parsed.token.empty() && parsed.token.find_first_of(" \t") == std::string_view::npos && is_tag(local_tag) && is_tag(remote_tag);
  if (!named || value.size() > kMaxValue || !is_header_safe(value)) return std::nullopt;
  const auto stage = parsed.parameters.has("early-only") ? DialogName::Stage::EarlyOnly : DialogName::Stage::Any;
  return DialogName{std::string(parsed.token), std::string(*local_tag), std::string(*remote_tag), stage};
}

/// Calls `visit(value)` for each comma-separated value of a field that the engine knows by name only.
template <class Visitor>
void visit_named(const Message& message, std::string_view name, const Visitor& visit) {
  std::size_t left = kMaxEntries;
  for (const HeaderField& field : message.headers()) {
    if (field.id != Header::Other || !equals_ignoring_case(field.name, name)) continue;
    std::string_view rest = field.value;
    for (std::string_view value = scan::next_value(rest); !value.empty() && left > 0; value = scan::next_value(rest), --left) {
      visit(value);
    }
  }
}

}  // namespace

std::optional<SessionExpires> SessionExpires::parse(std::string_view value) {
  const auto parsed = TokenWithParameters::parse(value);
  const auto seconds = parse_number(parsed.token);
  if (!seconds) return std::nullopt;
  SessionExpires expires{std::chrono::seconds(*seconds), Refresher::Unspecified};
  if (const auto refresher = parsed.parameters.find("refresher")) {
    if (equals_ignoring_case(*refresher, "uac")) expires.refresher = Refresher::Uac;
    if (equals_ignoring_case(*refresher, "uas")) expires.refresher = Refresher::Uas;
  }
  return expires;
}

std::string SessionExpires::to_string() const {
  std::string text = std::to_string(interval.count());
  if (refresher != Refresher::Unspecified) text += refresher == Refresher::Uac ? ";refresher=uac" : ";refresher=uas";
  return text;
}

std::optional<RAck> RAck::parse(std::string_view value) {
  const std::string_view text = scan::trim(value);
  const std::size_t blank = text.find_first_of(" \t");
  if (blank == std::string_view::npos) return std::nullopt;
  const auto rseq = parse_number(text.substr(0, blank));
  const auto cseq = CSeq::parse(text.substr(blank + 1));
  if (!rseq || *rseq == 0 || !cseq) return std::nullopt;
  return RAck{*rseq, cseq->number, cseq->method};
}

std::optional<DialogName> DialogName::parse(std::string_view value) { return dialog_name(value, "to-tag", "from-tag"); }
std::optional<DialogName> DialogName::parse_target(std::string_view value) { return dialog_name(value, "local-tag", "remote-tag"); }

std::string DialogName::to_string() const {
  return call_id + ";to-tag=" + local_tag + ";from-tag=" + remote_tag + (stage == Stage::EarlyOnly ? ";early-only" : "");
}

std::string DialogName::to_target_string() const { return call_id + ";local-tag=" + local_tag + ";remote-tag=" + remote_tag; }

std::optional<Reason> Reason::parse(std::string_view value) {
  const auto parsed = TokenWithParameters::parse(value);
  if (parsed.token.empty() || value.size() > kMaxValue || !is_header_safe(value)) return std::nullopt;
  Reason reason;
  reason.protocol = parsed.token;
  const auto cause = parse_number(parsed.parameters.find("cause").value_or(std::string_view{}));
  reason.cause = cause && *cause < 1000 ? static_cast<int>(*cause) : 0;
  reason.text = unquoted(parsed.parameters.find("text").value_or(std::string_view{}));
  // Escaped, it may be longer than it came.
  if (reason.to_string().size() > kMaxValue) return std::nullopt;
  return reason;
}

std::string Reason::to_string() const {
  std::string value = protocol;
  if (cause != 0) value += ";cause=" + std::to_string(cause);
  if (!text.empty()) value += ";text=" + quoted(text);
  return value;
}

std::optional<Reason> reason_of(const Message& message) {
  std::optional<Reason> found;
  if (!message.has(Header::Reason)) return found;
  message.for_each_value(Header::Reason, [&found](std::string_view value) {
    found = Reason::parse(value);
    return !found.has_value();
  });
  return found;
}

Privacy Privacy::of(const Message& message) {
  Privacy privacy;
  for (const HeaderField& field : message.headers()) {
    if (field.id != Header::Privacy) continue;
    std::string_view rest = field.value;
    while (!rest.empty()) {
      const std::size_t end = rest.find_first_of(";,");
      const std::string_view value = scan::trim(rest.substr(0, end));
      rest = end == std::string_view::npos ? std::string_view{} : rest.substr(end + 1);
      privacy.header |= equals_ignoring_case(value, "header");
      privacy.session |= equals_ignoring_case(value, "session");
      privacy.user |= equals_ignoring_case(value, "user");
      privacy.id |= equals_ignoring_case(value, "id");
      privacy.history |= equals_ignoring_case(value, "history");
      privacy.critical |= equals_ignoring_case(value, "critical");
      privacy.none |= equals_ignoring_case(value, "none");
    }
  }
  return privacy;
}

std::string Privacy::to_string() const {
  std::string value;
  const auto add = [&value](bool wanted, std::string_view name) {
    if (wanted) value.append(value.empty() ? "" : ";").append(name);
  };
  add(header, "header");
  add(session, "session");
  add(user, "user");
  add(id, "id");
  add(history, "history");
  add(none, "none");
  add(critical && !value.empty(), "critical");
  return value;
}

std::optional<Diversion> Diversion::parse(std::string_view value) {
  const auto address = NameAddr::parse(value);
  if (!address || address->wildcard || value.size() > kMaxValue || !is_header_safe(value)) return std::nullopt;
  Diversion diversion;
  diversion.uri = address->uri;
  diversion.reason = address->parameters.find("reason").value_or(std::string_view{});
  diversion.counter = parse_number(address->parameters.find("counter").value_or("1")).value_or(1);
  return diversion;
}

std::string Diversion::to_string() const {
  std::string value = "<" + uri + ">";
  if (!reason.empty()) value += ";reason=" + (reason.find_first_of(" ;,\"") == std::string::npos ? reason : quoted(reason));
  return counter == 1 ? value : value + ";counter=" + std::to_string(counter);
}

std::optional<HistoryEntry> HistoryEntry::parse(std::string_view value) {
  const auto address = NameAddr::parse(value);
  if (!address || address->wildcard || value.size() > kMaxValue || !is_header_safe(value)) return std::nullopt;
  const std::string_view index = address->parameters.find("index").value_or(std::string_view{});
  if (index.empty() || index.find_first_not_of("0123456789.") != std::string_view::npos) return std::nullopt;
  return HistoryEntry{std::string(address->uri), std::string(index)};
}

std::string HistoryEntry::to_string() const { return "<" + uri + ">;index=" + index; }

std::vector<Diversion> diversions_of(const Message& message) {
  std::vector<Diversion> found;
  visit_named(message, "Diversion", [&found](std::string_view value) {
    if (auto diversion = Diversion::parse(value)) found.push_back(std::move(*diversion));
  });
  return found;
}

std::vector<HistoryEntry> history_of(const Message& message) {
  std::vector<HistoryEntry> found;
  visit_named(message, "History-Info", [&found](std::string_view value) {
    if (auto entry = HistoryEntry::parse(value)) found.push_back(std::move(*entry));
  });
  return found;
}

std::vector<std::string> asserted_identities_of(const Message& message) {
  std::vector<std::string> found;
  const auto is_tel = [](std::string_view uri) { return equals_ignoring_case(uri.substr(0, 4), "tel:"); };
  message.for_each_value(Header::PAssertedIdentity, [&](std::string_view value) {
    const auto address = NameAddr::parse(value);
    const bool usable = address && !address->wildcard && is_header_safe(address->uri);
    if (usable && (found.empty() || is_tel(found.front()) != is_tel(address->uri))) found.emplace_back(address->uri);
    return found.size() < 2;
  });
  return found;
}

void append_header(std::string& lines, std::string_view name, std::string_view value) {
  if (!value.empty() && is_header_safe(value)) lines.append(name).append(": ").append(value).append("\r\n");
}

}  // namespace callwright::sip
