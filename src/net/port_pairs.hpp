#pragma once

#include "base/random.hpp"
#include "base/result.hpp"
#include "base/socket_address.hpp"

#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/udp.hpp>

#include <cstdint>

namespace callwright::net {

/// Two bound sockets for one stream: RTP on an even port, RTCP on the next (RFC 3550 §11).
struct PortPair {
  boost::asio::ip::udp::socket rtp;
  boost::asio::ip::udp::socket rtcp;
};

struct PortRange {
  std::uint16_t first = 40'000;  ///< RTP ports are the even ones in [first, last].
  std::uint16_t last = 49'998;
  friend bool operator==(const PortRange&, const PortRange&) = default;
};

/// Finds free pairs. The search begins at a random place and goes on from there, so that a port rests as long as possible before it is used
/// again and late packets of an ended call do not reach the next one. One owner thread.
class PortPairs {
 public:
  explicit PortPairs(base::Random& random) : random_(random) {}

  /// Binds a pair on `ip`, for handlers on `context`. InvalidArgument: no even port in the range. LimitReached: all are taken.
  /// Another code: the address is none of this machine's.
  base::Result<PortPair> bind(boost::asio::io_context& context, const base::IpAddress& ip, const PortRange& range);

 private:
  base::Random& random_;
  PortRange range_{0, 0};
  std::size_t next_ = 0;  ///< Number of the pair to try next, within `range_`.
};

}  // namespace callwright::net
