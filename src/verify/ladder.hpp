#pragma once

#include "base/clock.hpp"
#include "base/socket_address.hpp"

#include <string>
#include <string_view>
#include <vector>

namespace callwright::verify {

/// One SIP message between two addresses.
struct LadderMessage {
  base::WallTime time{};
  base::SocketAddress from;
  base::SocketAddress to;
  std::string text;
};

/// A lane of the diagram: a name and every address that belongs to it.
struct LadderLane {
  std::string name;
  std::vector<base::SocketAddress> addresses;
};

/// A SIP ladder diagram in plain text, lanes in the order given, a line a message, times in seconds since the first one.
/// Messages of addresses in no lane get a lane of their own, named by the address. Messages that cannot be parsed are shown as such.
[[nodiscard]] std::string draw_ladder(const std::vector<LadderMessage>& messages, std::vector<LadderLane> lanes);

}  // namespace callwright::verify
