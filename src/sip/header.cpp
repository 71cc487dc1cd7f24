#include "sip/header.hpp"

#include "sip/fields.hpp"
#include "sip/scan.hpp"

#include <array>
#include <cstddef>
#include <cstring>

namespace callwright::sip {
namespace {

constexpr auto kNames = std::to_array<std::string_view>({
    "",
    "Accept",
    "Allow",
    "Allow-Events",
    "Authentication-Info",
    "Authorization",
    "Call-ID",
    "Contact",
    "Content-Disposition",
    "Content-Encoding",
    "Content-Length",
    "Content-Type",
    "CSeq",
    "Date",
    "Event",
    "Expires",
    "From",
    "Max-Forwards",
    "Min-Expires",
    "Min-SE",
    "Path",
    "P-Asserted-Identity",
    "Privacy",
    "Proxy-Authenticate",
    "Proxy-Authorization",
    "Proxy-Require",
    "RAck",
    "Reason",
    "Record-Route",
    "Referred-By",
    "Refer-Sub",
    "Refer-To",
    "Replaces",
    "Require",
    "Retry-After",
    "Route",
    "RSeq",
    "Server",
    "Service-Route",
    "Session-Expires",
    "Subject",
    "Subscription-State",
    "Supported",
    "To",
    "Unsupported",
    "User-Agent",
    "Via",
    "Warning",
    "WWW-Authenticate",
});
static_assert(kNames.size() == static_cast<std::size_t>(Header::WwwAuthenticate) + 1);

struct Compact {
  char letter;
  Header header;
};
constexpr auto kCompact = std::to_array<Compact>({
    {'i', Header::CallId},
    {'m', Header::Contact},
    {'e', Header::ContentEncoding},
    {'l', Header::ContentLength},
    {'c', Header::ContentType},
    {'f', Header::From},
    {'s', Header::Subject},
    {'k', Header::Supported},
    {'t', Header::To},
    {'v', Header::Via},
    {'r', Header::ReferTo},
    {'b', Header::ReferredBy},
    {'o', Header::Event},
    {'u', Header::AllowEvents},
    {'x', Header::SessionExpires},
});

/// A perfect hash over the long names: three letters (any case) and the length, times a factor that the compiler searches.
constexpr std::size_t kBits = 8;

constexpr std::uint32_t hash(std::string_view name, std::uint32_t factor) noexcept {
  const auto letter = [name](std::size_t at) { return static_cast<std::uint32_t>(static_cast<unsigned char>(name[at]) | 0x20U); };
  const std::uint32_t key = letter(0) | letter(name.size() / 2) << 8U | letter(name.size() - 1) << 16U | static_cast<std::uint32_t>(name.size()) << 24U;
  return (key * factor) >> (32U - kBits);
}

struct Table {
  std::uint32_t factor = 0;
  std::array<std::uint8_t, std::size_t{1} << kBits> headers{};  ///< 0 for none.
};

constexpr bool place(Table& table, std::string_view name, std::size_t header) noexcept {
  std::uint8_t& slot = table.headers[hash(name, table.factor)];
  if (slot != 0) return false;
  slot = static_cast<std::uint8_t>(header);
  return true;
}

constexpr bool fill(Table& table) noexcept {
  for (std::size_t i = 1; i < kNames.size(); ++i) {
    if (!place(table, kNames[i], i)) return false;
  }
  return true;
}

constexpr Table make_table() noexcept {
  for (std::uint32_t factor = 0x9e3779b1U;; factor += 0x3c6ef372U) {
    Table table;
    table.factor = factor;
    if (fill(table)) return table;
  }
}

constexpr Table kTable = make_table();

Header compact_header(char letter) noexcept {
  for (const Compact& compact : kCompact) {
    if (compact.letter == scan::lower(letter)) return compact.header;
  }
  return Header::Other;
}

}  // namespace

Header header_from(std::string_view name) noexcept {
  if (name.empty()) return Header::Other;
  if (name.size() == 1) return compact_header(name.front());
  const std::size_t found = kTable.headers[hash(name, kTable.factor)];
  if (found == 0) return Header::Other;
  const std::string_view usual = kNames[found];
  // A comparison of texts with == would call a function for each header field of each message.
  const bool same = usual.size() == name.size() && std::memcmp(usual.data(), name.data(), name.size()) == 0;
  return same || equals_ignoring_case(usual, name) ? static_cast<Header>(found) : Header::Other;
}

std::string_view to_string(Header header) noexcept { return kNames[static_cast<std::size_t>(header)]; }

}  // namespace callwright::sip
