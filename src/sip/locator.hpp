#pragma once

#include "base/clock.hpp"
#include "base/random.hpp"
#include "sip/resolver.hpp"
#include "sip/transport.hpp"
#include "sip/uri.hpp"

#include <cstddef>
#include <cstdint>
#include <deque>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>
#include <vector>

namespace callwright::sip {

/// A place to send a request to.
struct Destination {
  Transport transport = Transport::Udp;
  base::SocketAddress address;

  friend bool operator==(const Destination&, const Destination&) = default;
};

/// Finds where a SIP URI leads (RFC 3263 §4): transport by parameter, NAPTR or SRV, servers by SRV priority and weight (RFC 2782), then their addresses.
/// It also remembers for a while which servers were of no use, and puts those last. Engine thread only.
class Locator {
 public:
  using Handler = std::function<void(base::Result<std::vector<Destination>>)>;
  static constexpr std::size_t kMaxDestinations = 16;
  static constexpr std::size_t kMaxAvoided = 1'000;

  class Search;
  /// Keeps a search going: without it the handler is never called.
  using Ticket = std::shared_ptr<Search>;

  Locator(Resolver& resolver, const base::Clock& clock, base::Random& random) : resolver_(resolver), clock_(clock), random_(random) {}

  /// What there are listeners for, the preferred one first: decides about NAPTR and SRV records.
  void set_transports(std::vector<Transport> transports) { transports_ = std::move(transports); }
  [[nodiscard]] const std::vector<Transport>& transports() const noexcept { return transports_; }

  /// The one destination of a URI whose host is an address; nothing for a name. Costs no look-up and no allocation.
  [[nodiscard]] static std::optional<Destination> numeric(const UriView& uri);
  /// The transport that a URI asks for or, with an address or a port, implies (RFC 3263 §4.1); nothing when DNS is to say.
  /// A transport parameter that `sip::transport_of` cannot read is for the caller to refuse.
  [[nodiscard]] static std::optional<Transport> transport_of(const UriView& uri);

  /// Calls `handler` once, at once or later, with at least one destination, the best first, or with an error. Dropping the ticket ends the search.
  [[nodiscard]] Ticket locate(const UriView& uri, Handler handler);

  /// For this long the destination comes last.
  void avoid(const Destination& destination, base::Duration duration);
  [[nodiscard]] bool avoided(const Destination& destination) const;

 private:
  struct Hash {
    std::size_t operator()(const Destination& destination) const noexcept {
      return std::hash<base::SocketAddress>{}(destination.address) * 8 + static_cast<std::size_t>(destination.transport);
    }
  };

  Resolver& resolver_;
  const base::Clock& clock_;
  base::Random& random_;
  std::vector<Transport> transports_{Transport::Udp, Transport::Tcp};
  std::unordered_map<Destination, base::TimePoint, Hash> avoided_;  ///< Until when.
  std::deque<Destination> avoided_order_;                           ///< Those of `avoided_`, the oldest first.
};

/// In the order in which RFC 2782 would have them tried.
void sort_services(std::vector<ServiceRecord>& services, base::Random& random);

}  // namespace callwright::sip
