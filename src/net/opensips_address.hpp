#pragma once

#include "base/socket_address.hpp"

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace callwright::net {

/// A socket of OpenSIPS, or one of ours that it sends to.
struct OpenSipsAddress {
  enum class Kind : std::uint8_t {
    Udp,   ///< "udp:127.0.0.1:8080"
    Unix,  ///< "unix:/run/opensips/mi.sock", of datagrams
    Http,  ///< "http://127.0.0.1:8888/mi"
  };
  Kind kind = Kind::Udp;
  base::SocketAddress address;  ///< Udp, Http.
  std::string path;             ///< Of the socket in the file system, or of the URL.

  /// Addresses are numbers: the proxy is near by. Nothing for anything else.
  static std::optional<OpenSipsAddress> parse(std::string_view text);
  /// As OpenSIPS spells its own; it knows no IPv6 there.
  [[nodiscard]] std::string to_string() const;
};

}  // namespace callwright::net
