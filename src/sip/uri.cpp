#include "sip/uri.hpp"

#include "base/socket_address.hpp"
#include "sip/fields.hpp"
#include "sip/readers.hpp"
#include "sip/scan.hpp"

#include <fmt/format.h>

#include <array>
#include <cstddef>

namespace callwright::sip {
namespace {

using scan::Fault;
using scan::view;

constexpr std::size_t kMaxLength = 2048;                    // Comparing is quadratic in the number of parameters, so that number needs a bound.
constexpr std::string_view kUserPunctuation = "&=+$,;?/#";  // '#' is not in the grammar, but people dial it.
constexpr std::string_view kHeaderValuePunctuation = "[]/?:+$";

/// All of [at, end) must be unreserved, escaped, or in `extra`.
Fault check_userinfo(const char* at, const char* end, std::string_view extra) noexcept {
  while (at != end) {
    if (*at == '%') {
      if (scan::decode_escape(at, end) < 0) return {at, "malformed percent-escape"};
      at += 3;
    } else if (scan::is(scan::kUnreserved, *at) || extra.find(*at) != std::string_view::npos) {
      ++at;
    } else {
      return {at, "character that may not stand in a user name"};
    }
  }
  return {};
}

Fault check_visible(const char* at, const char* end) noexcept {
  for (; at != end; ++at) {
    if (!scan::is(scan::kUri, *at)) return {at, "character that may not stand in a URI"};
    if (*at == '%' && scan::decode_escape(at, end) < 0) return {at, "malformed percent-escape"};
  }
  return {};
}

Fault read_userinfo(const char* at, const char* end, UriView& uri) noexcept {
  const char* const colon = scan::find(at, end, ':');
  uri.user = view(at, colon);
  if (uri.user.empty()) return {at, "user expected before '@'"};
  if (const Fault fault = check_userinfo(at, colon, kUserPunctuation)) return fault;
  if (colon == end) return {};
  uri.password = view(colon + 1, end);
  return check_userinfo(colon + 1, end, "&=+$,");
}

/// What follows the host and port: parameters and headers, each checked for characters only.
Fault read_tail(const char* at, const char* end, UriView& uri) noexcept {
  if (at == end) return {};
  if (*at != ';' && *at != '?') return {at, "':', ';' or '?' expected after the host"};
  const char* const question = scan::find(at, end, '?');
  uri.parameters = view(at, question);
  uri.headers = view(question, end);
  return check_visible(at, end);
}

Fault read_sip(const char* at, const char* end, UriView& uri) noexcept {
  const char* const at_sign = scan::find(at, end, '@');
  if (at_sign != end) {
    if (const Fault fault = read_userinfo(at, at_sign, uri)) return fault;
    at = at_sign + 1;
  }
  if (const Fault fault = read_host(at, end, uri.host)) return fault;
  if (at != end && *at == ':') {
    if (const Fault fault = read_port(++at, end, uri.port)) return fault;
  }
  return read_tail(at, end, uri);
}

Fault read_tel(const char* at, const char* end, UriView& uri) noexcept {
  const char* const number = at;
  while (at != end && (scan::is(scan::kHex, *at) || std::string_view("+*#-.()").find(*at) != std::string_view::npos))
    ++at;
  uri.user = view(number, at);
  if (uri.user.empty()) return {at, "telephone number expected"};
  if (at != end && *at != ';') return {at, "character that may not stand in a telephone number"};
  uri.parameters = view(at, end);
  return check_visible(at, end);
}

constexpr std::string_view kUnknownScheme = "the scheme is not sip, sips or tel";

/// One character of a URI for comparison: an escape equals the character it stands for, unless that one is reserved.
struct Unit {
  unsigned char byte = 0;
  bool escaped_reserved = false;
  friend bool operator==(const Unit&, const Unit&) = default;
};

Unit next_unit(const char*& at, const char* end) noexcept {
  const int decoded = *at == '%' ? scan::decode_escape(at, end) : -1;
  if (decoded < 0) return {static_cast<unsigned char>(*at++), false};
  at += 3;
  const char c = static_cast<char>(decoded);
  const bool reserved = decoded < 0x80 && !scan::is(scan::kUnreserved, c);
  return {static_cast<unsigned char>(decoded), reserved};
}

enum class Case : std::uint8_t { Matters, Ignored };

bool same_text(std::string_view left, std::string_view right, Case letters) noexcept {
  const char* l = left.data();
  const char* r = right.data();
  const char* const l_end = scan::end_of(left);
  const char* const r_end = scan::end_of(right);
  while (l != l_end && r != r_end) {
    Unit a = next_unit(l, l_end);
    Unit b = next_unit(r, r_end);
    if (letters == Case::Ignored) {
      a.byte = static_cast<unsigned char>(scan::lower(static_cast<char>(a.byte)));
      b.byte = static_cast<unsigned char>(scan::lower(static_cast<char>(b.byte)));
    }
    if (a != b) return false;
  }
  return l == l_end && r == r_end;
}

bool same_host(std::string_view left, std::string_view right) {
  if (equals_ignoring_case(left, right)) return true;
  if (!left.starts_with('[') || !right.starts_with('[')) return false;
  const auto a = base::IpAddress::parse(left);
  const auto b = base::IpAddress::parse(right);
  return a && b && a.value() == b.value();
}

/// Parameters that are in both must match; those that steer routing must be in both or in none (RFC 3261 §19.1.4).
bool parameters_agree(const UriView& left, const UriView& right) noexcept {
  constexpr auto kNeverIgnored = std::to_array<std::string_view>({"user", "ttl", "method", "maddr", "transport"});
  for (const std::string_view name : kNeverIgnored) {
    if (left.has_parameter(name) != right.has_parameter(name)) return false;
  }
  std::string_view rest = left.parameters;
  scan::Parameter parameter;
  while (scan::next_parameter(rest, parameter)) {
    const auto other = right.parameter(parameter.name);
    if (other && !same_text(parameter.value, *other, Case::Ignored)) return false;
  }
  return true;
}

/// Takes the next "name=value" off the headers of a URI.
bool next_header(std::string_view& rest, scan::Parameter& header) noexcept {
  while (!rest.empty() && (rest.front() == '?' || rest.front() == '&'))
    rest.remove_prefix(1);
  if (rest.empty()) return false;
  const std::string_view one = rest.substr(0, rest.find('&'));
  rest.remove_prefix(one.size());
  const std::size_t equals = one.find('=');
  header.name = one.substr(0, equals);
  header.value = equals == std::string_view::npos ? std::string_view{} : one.substr(equals + 1);
  return true;
}

std::size_t count_headers(const UriView& uri) noexcept {
  std::string_view rest = uri.headers;
  scan::Parameter header;
  std::size_t count = 0;
  while (next_header(rest, header))
    ++count;
  return count;
}

bool headers_agree(const UriView& left, const UriView& right) noexcept {
  if (count_headers(left) != count_headers(right)) return false;
  std::string_view rest = left.headers;
  scan::Parameter header;
  while (next_header(rest, header)) {
    const auto other = right.header(header.name);
    if (!other || !same_text(header.value, *other, Case::Matters)) return false;
  }
  return true;
}

constexpr char kHexDigits[] = "0123456789ABCDEF";

void append_escaped(std::string& out, unsigned char byte) {
  out += '%';
  out += kHexDigits[byte >> 4U];
  out += kHexDigits[byte & 15U];
}

/// "tel" numbers compare without their visual separators (RFC 3966 §4).
std::string tel_number(std::string_view user) {
  std::string number;
  for (const char c : user) {
    if (std::string_view("-.()").find(c) == std::string_view::npos) number += scan::lower(c);
  }
  return number;
}

std::string_view scheme_text(UriView::Scheme scheme) noexcept {
  switch (scheme) {
    case UriView::Scheme::Sip: return "sip:";
    case UriView::Scheme::Sips: return "sips:";
    case UriView::Scheme::Tel: return "tel:";
  }
  return {};
}

}  // namespace

Fault read_uri(std::string_view text, UriView& uri) noexcept {
  uri = UriView{};
  const char* const end = scan::end_of(text);
  if (text.size() > kMaxLength) return {text.data() + kMaxLength, "the URI is longer than 2048 bytes"};
  const char* const colon = scan::find(text.data(), end, ':');
  if (colon == end) return {text.data(), "URI scheme expected"};
  const std::string_view scheme = view(text.data(), colon);
  if (equals_ignoring_case(scheme, "sip")) return read_sip(colon + 1, end, uri);
  if (equals_ignoring_case(scheme, "sips")) {
    uri.scheme = UriView::Scheme::Sips;
    return read_sip(colon + 1, end, uri);
  }
  if (equals_ignoring_case(scheme, "tel")) {
    uri.scheme = UriView::Scheme::Tel;
    return read_tel(colon + 1, end, uri);
  }
  return {text.data(), kUnknownScheme};
}

base::Result<UriView> UriView::parse(std::string_view text) {
  UriView uri;
  const Fault fault = read_uri(text, uri);
  if (!fault) return uri;
  base::Error error = to_error(fault, "URI", text);
  if (fault.reason == kUnknownScheme) error.code = make_error_code(base::Errc::Unsupported);
  return error;
}

std::optional<std::string_view> UriView::parameter(std::string_view name) const noexcept {
  std::string_view rest = parameters;
  scan::Parameter found;
  while (scan::next_parameter(rest, found)) {
    if (equals_ignoring_case(found.name, name)) return found.value;
  }
  return std::nullopt;
}

std::optional<std::string_view> UriView::header(std::string_view name) const noexcept {
  std::string_view rest = headers;
  scan::Parameter found;
  while (next_header(rest, found)) {
    if (equals_ignoring_case(found.name, name)) return found.value;
  }
  return std::nullopt;
}

std::string UriView::to_string() const {
  std::string text(scheme_text(scheme));
  text += user;
  if (!password.empty()) text.append(":").append(password);
  if (scheme != Scheme::Tel && !user.empty()) text += '@';
  text += host;
  if (port != 0) text.append(":").append(std::to_string(port));
  text.append(parameters).append(headers);
  return text;
}

std::string UriView::address_of_record() const {
  if (scheme == Scheme::Tel) return tel_number(user);
  std::string key;
  key.reserve(user.size() + host.size() + 1);
  const char* at = user.data();
  const char* const end = scan::end_of(user);
  while (at != end) {
    const Unit unit = next_unit(at, end);
    if (unit.escaped_reserved || unit.byte >= 0x80)
      append_escaped(key, unit.byte);
    else
      key += static_cast<char>(unit.byte);
  }
  if (!user.empty()) key += '@';
  for (const char c : host)
    key += scan::lower(c);
  return key;
}

bool equivalent(const UriView& left, const UriView& right) {
  if (left.scheme != right.scheme || left.port != right.port) return false;
  if (left.scheme == UriView::Scheme::Tel) {
    if (tel_number(left.user) != tel_number(right.user)) return false;
  } else if (!same_text(left.user, right.user, Case::Matters) || !same_text(left.password, right.password, Case::Matters)) {
    return false;
  }
  return same_host(left.host, right.host) && parameters_agree(left, right) && headers_agree(left, right);
}

std::string unescape(std::string_view text) {
  std::string plain;
  plain.reserve(text.size());
  const char* at = text.data();
  const char* const end = scan::end_of(text);
  while (at != end) {
    const int decoded = *at == '%' ? scan::decode_escape(at, end) : -1;
    plain += decoded < 0 ? *at : static_cast<char>(decoded);
    at += decoded < 0 ? 1 : 3;
  }
  return plain;
}

std::string escape_header_value(std::string_view text) {
  std::string escaped;
  escaped.reserve(text.size());
  for (const char c : text) {
    if (scan::is(scan::kUnreserved, c) || kHeaderValuePunctuation.find(c) != std::string_view::npos)
      escaped += c;
    else
      append_escaped(escaped, static_cast<unsigned char>(c));
  }
  return escaped;
}

std::string_view user_of(std::string_view uri) noexcept {
  const auto parsed = UriView::parse(uri);
  return parsed ? parsed->user : std::string_view{};
}

}  // namespace callwright::sip
