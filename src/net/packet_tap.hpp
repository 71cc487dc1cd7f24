#pragma once

#include "base/clock.hpp"
#include "base/socket_address.hpp"

#include <functional>
#include <memory>
#include <string>
#include <vector>

namespace callwright::net {

/// A datagram as it went, or came, over UDP.
struct TappedPacket {
  base::WallTime time;
  base::SocketAddress from;
  base::SocketAddress to;
  std::string bytes;
};

using TappedPackets = std::shared_ptr<const std::vector<TappedPacket>>;
/// Gets what has come together since the last time, in its order.
using PacketTap = std::function<void(const TappedPackets& packets)>;

}  // namespace callwright::net
