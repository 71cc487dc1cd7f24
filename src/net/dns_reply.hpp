#pragma once

#include "sip/resolver.hpp"

#include <cstdint>
#include <span>

struct ares_addrinfo;

/// What c-ares says, in our own terms. For `dns_resolver.cpp` only.
namespace callwright::net {

/// The number of a record type on the wire; Services and Pointers only.
[[nodiscard]] int record_type(sip::DnsKind kind) noexcept;
[[nodiscard]] sip::DnsRecords read_addresses(const ares_addrinfo& info);
/// The records of that kind in a reply (RFC 1035 §4), with the shortest time to live; where there are none, that of the authority's SOA (RFC 2308 §5).
[[nodiscard]] sip::DnsRecords read_reply(sip::DnsKind kind, std::span<const std::uint8_t> reply);

}  // namespace callwright::net
