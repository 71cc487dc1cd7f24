#include "sip/message.hpp"

#include "sip/scan.hpp"

namespace callwright::sip {
namespace {

/// Fields whose value may have commas that do not separate anything (RFC 3261 §7.3.1 and the grammar of free text).
bool is_single(Header id) noexcept {
  switch (id) {
    case Header::Authorization:
    case Header::ProxyAuthorization:
    case Header::WwwAuthenticate:
    case Header::ProxyAuthenticate:
    case Header::AuthenticationInfo:
    case Header::CallId:
    case Header::Date:
    case Header::Server:
    case Header::Subject:
    case Header::UserAgent: return true;
    default: return false;
  }
}

/// Calls `visit(value)` until it returns false.
template <class Visitor>
void visit_values(std::span<const HeaderField> headers, Header id, const Visitor& visit) {
  for (const HeaderField& field : headers) {
    if (field.id != id) continue;
    std::string_view rest = field.value;
    if (is_single(id)) {
      if (!visit(rest)) return;
      continue;
    }
    for (std::string_view value = scan::next_value(rest); !value.empty(); value = scan::next_value(rest)) {
      if (!visit(value)) return;
    }
  }
}

}  // namespace

void Message::clear() noexcept {
  bytes_ = method_text_ = request_uri_ = reason_ = call_id_ = body_ = {};
  status_ = 0;
  method_ = Method::Unknown;
  via_ = {};
  from_ = {};
  to_ = {};
  cseq_ = {};
  headers_.clear();
  unfolded_.reset();
  error_ = {};
}

std::optional<std::string_view> Message::header(Header id) const noexcept {
  for (const HeaderField& field : headers_) {
    if (field.id == id) return field.value;
  }
  return std::nullopt;
}

std::optional<std::string_view> Message::header(std::string_view name) const noexcept {
  const Header id = header_from(name);
  if (id != Header::Other) return header(id);
  for (const HeaderField& field : headers_) {
    if (field.id == Header::Other && equals_ignoring_case(field.name, name)) return field.value;
  }
  return std::nullopt;
}

void Message::for_each_value(Header id, const std::function<bool(std::string_view)>& visit) const { visit_values(headers(), id, visit); }

std::optional<NameAddr> Message::contact() const {
  std::optional<NameAddr> found;
  visit_values(headers(), Header::Contact, [&found](std::string_view value) {
    if (const auto address = NameAddr::parse(value)) found = address.value();
    return false;
  });
  return found;
}

bool Message::lists(Header id, std::string_view token) const {
  bool found = false;
  visit_values(headers(), id, [&found, token](std::string_view value) {
    found = equals_ignoring_case(TokenWithParameters::parse(value).token, token);
    return !found;
  });
  return found;
}

std::string_view Message::content_type() const noexcept {
  const auto value = header(Header::ContentType);
  return value ? TokenWithParameters::parse(*value).token : std::string_view{};
}

}  // namespace callwright::sip
