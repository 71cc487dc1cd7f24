#pragma once

#include "base/result.hpp"
#include "base/socket_address.hpp"

#include <chrono>
#include <cstdint>
#include <functional>
#include <string>
#include <vector>

namespace callwright::sip {

/// What is asked of the domain name system.
enum class DnsKind : std::uint8_t {
  Addresses,  ///< A and AAAA.
  Services,   ///< SRV (RFC 2782).
  Pointers,   ///< NAPTR (RFC 3403).
};

/// RFC 2782.
struct ServiceRecord {
  std::uint16_t priority = 0;
  std::uint16_t weight = 0;
  std::uint16_t port = 0;
  std::string target;  ///< Without the dot of the root; "" for ".": the service is not offered there.
};

/// RFC 3403 §4.1; regular expressions are of no use in SIP (RFC 3263 §4.1) and left out.
struct PointerRecord {
  std::uint16_t order = 0;
  std::uint16_t preference = 0;
  std::string flags;     ///< "s": `replacement` has SRV records.
  std::string services;  ///< "SIP+D2U"
  std::string replacement;
};

/// What the domain name system says; only the list of the kind that was asked for is filled.
struct DnsRecords {
  std::vector<base::IpAddress> addresses = {};  ///< IPv4 before IPv6.
  std::vector<ServiceRecord> services = {};
  std::vector<PointerRecord> pointers = {};
  std::chrono::seconds ttl{0};  ///< How long this holds: that there are no records, too (RFC 2308).

  [[nodiscard]] bool empty() const noexcept { return addresses.empty() && services.empty() && pointers.empty(); }
};

/// Asks the domain name system; nothing is remembered. Engine thread.
class DnsPort {
 public:
  using Answer = std::function<void(const base::Result<DnsRecords>&)>;
  virtual ~DnsPort() = default;

  /// Calls `answer` once, at once or later. No records is a success without any; errors are those of servers that do not answer, or cannot.
  virtual void query(DnsKind kind, const std::string& name, Answer answer) = 0;
};

/// A DnsPort that remembers, with the short form of its commonest question. Engine thread.
class Resolver : public DnsPort {
 public:
  using Handler = std::function<void(base::Result<std::vector<base::IpAddress>>)>;

  /// Calls `handler` once, at once or later. IPv4 before IPv6; a name without addresses is an error.
  virtual void resolve(const std::string& host, Handler handler) = 0;
};

}  // namespace callwright::sip
