#pragma once

#include "base/result.hpp"
#include "sip/fields.hpp"
#include "sip/scan.hpp"
#include "sip/uri.hpp"

#include <string_view>

/// The parsers behind `Via::parse` and its siblings. They report a fault by its place in the text, so that the message parser can
/// name the byte, and allocate nothing. Not for other folders.
namespace callwright::sip {

[[nodiscard]] scan::Fault read_via(std::string_view value, Via& via) noexcept;
[[nodiscard]] scan::Fault read_name_addr(std::string_view value, NameAddr& address) noexcept;
[[nodiscard]] scan::Fault read_cseq(std::string_view value, CSeq& cseq) noexcept;
[[nodiscard]] scan::Fault read_uri(std::string_view text, UriView& uri) noexcept;

/// A host name, IPv4 address or IPv6 reference at the start of [at, end); `at` moves behind it.
[[nodiscard]] scan::Fault read_host(const char*& at, const char* end, std::string_view& host) noexcept;
/// The digits behind the ':' of a host; `at` moves behind them.
[[nodiscard]] scan::Fault read_port(const char*& at, const char* end, std::uint16_t& port) noexcept;

/// "The Via is malformed at byte 12: host expected."
[[nodiscard]] base::Error to_error(const scan::Fault& fault, std::string_view what, std::string_view text);

}  // namespace callwright::sip
