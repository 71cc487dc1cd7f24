#include "sip/fields.hpp"

#include "sip/readers.hpp"
#include "sip/scan.hpp"

#include <fmt/format.h>

#include <cstring>

namespace callwright::sip {
namespace {

using scan::Fault;
using scan::view;

/// Every parameter must have a name; one ';' at the end without any is let through, since phones send it. `visit` gets each name and value.
template <class Visitor>
Fault read_parameters(const char* at, const char* end, Visitor visit) noexcept {
  while (true) {
    at = scan::skip_blanks(at, end);
    if (at == end) return {};
    if (*at != ';') return {at, "';' expected before a parameter"};
    const char* const name = at = scan::skip_blanks(at + 1, end);
    if (at == end) return {};
    at = scan::skip(scan::kToken, at, end);
    if (at == name) return {at, "parameter name expected"};
    const std::string_view found = view(name, at);
    at = scan::skip_blanks(at, end);
    if (at == end || *at != '=') {
      visit(found, std::string_view{});
      continue;
    }
    const char* const value = at = scan::skip_blanks(at + 1, end);
    if (at != end && *at == '"') {
      const char* const closing = scan::find_closing_quote(at + 1, end);
      if (closing == end) return {at, "the quoted string has no end"};
      visit(found, view(value + 1, closing));
      at = closing + 1;
    } else {
      at = scan::skip(scan::kValue, at, end);
      visit(found, view(value, at));
    }
  }
}

Fault read_address_parameters(const char* at, const char* end, NameAddr& address) noexcept {
  address.parameters = Parameters(scan::trim(view(at, end)));
  bool tagged = false;
  return read_parameters(at, end, [&address, &tagged](std::string_view name, std::string_view found) noexcept {
    if (name.size() != 3 || tagged || !equals_ignoring_case(name, "tag")) return;
    address.tag_value = found;
    tagged = true;
  });
}

/// A scheme, ':' and something visible behind it; what the scheme makes of it is for those who use the URI.
Fault check_uri_shape(std::string_view uri) noexcept {
  const char* const end = scan::end_of(uri);
  const char* at = uri.data();
  if (at == end || !scan::is(scan::kAlpha, *at)) return {at, "URI scheme expected"};
  at = scan::skip(scan::kToken, at, end);
  if (at == end || *at != ':') return {at, "':' expected after the URI scheme"};
  const char* const rest = at + 1;
  at = rest;
  while (at != end && (scan::is(scan::kUri, *at) || static_cast<unsigned char>(*at) >= 0x80 || *at == '"'))
    ++at;
  if (at != end) return {at, "character that may not stand in a URI"};
  return rest == end ? Fault{rest, "the URI is empty"} : Fault{};
}

/// `sip:alice@host;tag=1`: without angle brackets the parameters are the header's, and the URI has neither '?' nor ',' (RFC 3261 §20.10).
Fault read_bare_address(const char* at, const char* end, NameAddr& address) noexcept {
  const char* const uri = at;
  while (at != end && *at != ';' && *at != '?' && *at != ',' && !scan::is_blank(*at))
    ++at;
  address.uri = view(uri, at);
  if (const Fault fault = check_uri_shape(address.uri)) return fault;
  if (at != end && (*at == '?' || *at == ',')) return {at, "a URI with '?' or ',' must stand in angle brackets"};
  return read_address_parameters(at, end, address);
}

/// `at` points to the '<'.
Fault read_bracketed_address(const char* at, const char* end, NameAddr& address) noexcept {
  const char* const closing = scan::find(at, end, '>');
  if (closing == end) return {at, "'<' without '>'"};
  address.uri = view(at + 1, closing);
  if (const Fault fault = check_uri_shape(address.uri)) return fault;
  return read_address_parameters(closing + 1, end, address);
}

/// Another version is noted, and the rest is read all the same.
Fault read_sent_protocol(const char*& at, const char* end, Via& via, Fault& other_version) noexcept {
  const auto token = [&at, end] {
    const char* const from = at = scan::skip_blanks(at, end);
    at = scan::skip(scan::kToken, at, end);
    return view(from, at);
  };
  const auto slash = [&at, end] {
    at = scan::skip_blanks(at, end);
    if (at == end || *at != '/') return false;
    ++at;
    return true;
  };
  if (!equals_ignoring_case(token(), "SIP")) return {at, "'SIP' expected"};
  if (!slash()) return {at, "'/' expected"};
  const std::string_view version = token();
  if (version != "2.0") other_version = {version.data(), "version 2.0 expected"};
  if (!slash()) return {at, "'/' expected"};
  via.transport = token();
  if (via.transport.empty()) return {at, "transport expected"};
  if (at == end || !scan::is_blank(*at)) return {at, "blank expected after the transport"};
  at = scan::skip_blanks(at, end);
  return {};
}

}  // namespace

Fault read_host(const char*& at, const char* end, std::string_view& host) noexcept {
  const char* const from = at;
  if (at != end && *at == '[') {
    ++at;
    while (at != end && (scan::is(scan::kHex, *at) || *at == ':' || *at == '.'))
      ++at;
    if (at == end || *at != ']' || at - from < 3) return {at, "malformed IPv6 address"};
    ++at;
  } else {
    at = scan::skip(scan::kHost, at, end);
    if (at == from) return {at, "host expected"};
  }
  host = view(from, at);
  return {};
}

Fault read_port(const char*& at, const char* end, std::uint16_t& port) noexcept {
  const char* const from = at;
  at = scan::skip(scan::kDigit, at, end);
  std::uint32_t number = 0;
  if (!scan::read_number(view(from, at), 65535, number)) return {from, "port from 0 to 65535 expected"};
  port = static_cast<std::uint16_t>(number);
  return {};
}

Fault read_via(std::string_view value, Via& via) noexcept {
  const char* at = value.data();
  const char* const end = scan::end_of(value);
  via = Via{};
  Fault other_version;
  constexpr std::string_view kUsual = "SIP/2.0/UDP ";
  if (value.starts_with(kUsual)) {
    via.transport = value.substr(8, 3);
    at = scan::skip_blanks(at + kUsual.size(), end);
  } else if (const Fault fault = read_sent_protocol(at, end, via, other_version)) {
    return fault;
  }
  if (const Fault fault = read_host(at, end, via.host)) return fault;
  at = scan::skip_blanks(at, end);
  if (at != end && *at == ':') {
    at = scan::skip_blanks(at + 1, end);
    if (const Fault fault = read_port(at, end, via.port)) return fault;
  }
  via.parameters = Parameters(scan::trim(view(at, end)));
  bool branched = false;
  const Fault fault = read_parameters(at, end, [&via, &branched](std::string_view name, std::string_view found) noexcept {
    if (name.size() == 6 && !branched && equals_ignoring_case(name, "branch")) {
      via.branch_value = found;
      branched = true;
    }
    if (name.size() == 5 && equals_ignoring_case(name, "rport")) via.has_rport = true;
  });
  return fault ? fault : other_version;
}

Fault read_name_addr(std::string_view value, NameAddr& address) noexcept {
  const std::string_view text = scan::trim(value);
  const char* at = text.data();
  const char* const end = scan::end_of(text);
  address = NameAddr{};
  if (text == "*") {
    address.wildcard = true;
    return {};
  }
  if (at != end && *at == '"') {
    const char* const closing = scan::find_closing_quote(at + 1, end);
    if (closing == end) return {at, "the quoted string has no end"};
    address.display_name = view(at + 1, closing);
    at = scan::skip_blanks(closing + 1, end);
    return at != end && *at == '<' ? read_bracketed_address(at, end, address) : Fault{at, "'<' expected after the display name"};
  }
  while (at != end && *at != '<' && *at != ';' && *at != '"')
    ++at;
  if (at == end || *at != '<') {
    if (at != end && *at == '"') return {at, "a quote may not stand here"};
    return read_bare_address(text.data(), end, address);
  }
  address.display_name = scan::trim(view(text.data(), at));
  return read_bracketed_address(at, end, address);
}

Fault read_cseq(std::string_view value, CSeq& cseq) noexcept {
  constexpr std::uint32_t kHighest = 0x7fffffff;  // RFC 3261 §8.1.1.5
  const char* const end = scan::end_of(value);
  const char* const digits = scan::skip_blanks(value.data(), end);
  const char* const behind = scan::skip(scan::kDigit, digits, end);
  if (!scan::read_number(view(digits, behind), kHighest, cseq.number)) return {digits, "sequence number below 2^31 expected"};
  const char* const name = scan::skip_blanks(behind, end);
  if (name == behind) return {behind, "blank expected after the sequence number"};
  const char* const name_end = scan::skip(scan::kToken, name, end);
  if (name_end == name) return {name, "method expected"};
  if (scan::skip_blanks(name_end, end) != end) return {name_end, "nothing may follow the method"};
  cseq.method_text = view(name, name_end);
  cseq.method = method_from(cseq.method_text);
  return {};
}

base::Error to_error(const Fault& fault, std::string_view what, std::string_view text) {
  return {base::Errc::InvalidArgument, fmt::format("The {} is malformed at byte {}: {}.", what, fault.at - text.data(), fault.reason)};
}

std::optional<std::string_view> Parameters::find(std::string_view name) const noexcept {
  std::string_view rest = text_;
  scan::Parameter parameter;
  while (scan::next_parameter(rest, parameter)) {
    if (equals_ignoring_case(parameter.name, name)) return parameter.value;
  }
  return std::nullopt;
}

base::Result<NameAddr> NameAddr::parse(std::string_view value) {
  NameAddr address;
  if (const Fault fault = read_name_addr(value, address)) return to_error(fault, "address", value);
  return address;
}

base::Result<Via> Via::parse(std::string_view value) {
  Via via;
  if (const Fault fault = read_via(value, via)) return to_error(fault, "Via", value);
  return via;
}

base::Result<CSeq> CSeq::parse(std::string_view value) {
  CSeq cseq;
  if (const Fault fault = read_cseq(value, cseq)) return to_error(fault, "CSeq", value);
  return cseq;
}

TokenWithParameters TokenWithParameters::parse(std::string_view value) noexcept {
  const char* const end = scan::end_of(value);
  const char* const semicolon = scan::find(value.data(), end, ';');
  return {scan::trim(view(value.data(), semicolon)), Parameters(scan::trim(view(semicolon, end)))};
}

std::optional<std::uint32_t> parse_number(std::string_view value) noexcept {
  const std::string_view text = scan::trim(value);
  const char* const end = scan::end_of(text);
  const char* const behind = scan::skip(scan::kDigit, text.data(), end);
  const char* const rest = scan::skip_blanks(behind, end);
  std::uint32_t number = 0;
  if (rest != end && *rest != ';' && *rest != '(') return std::nullopt;
  if (!scan::read_number(view(text.data(), behind), 0xffffffffU, number)) return std::nullopt;
  return number;
}

bool equals_ignoring_case(std::string_view left, std::string_view right) noexcept {
  if (left.size() != right.size()) return false;
  for (std::size_t i = 0; i < left.size(); ++i) {
    if (left[i] != right[i] && scan::lower(left[i]) != scan::lower(right[i])) return false;
  }
  return true;
}

}  // namespace callwright::sip
