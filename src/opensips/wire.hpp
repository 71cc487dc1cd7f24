#pragma once

#include <string_view>

namespace callwright::opensips {

/// The way to the proxy's Management Interface. What is sent may be lost; what comes back is given to `Connector::on_datagram`.
class Wire {
 public:
  virtual ~Wire() = default;
  /// One JSON-RPC request. `request` is borrowed for the call. Never calls back from within.
  virtual void send(std::string_view request) = 0;
};

}  // namespace callwright::opensips
