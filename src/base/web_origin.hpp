#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace callwright::base {

/// Where a listener can be reached from.
enum class Reach {
  Loopback,  ///< This machine only.
  Network,
};

/// Whether a web page from `origin` (RFC 6454, "http://host:port") may open a WebSocket on a server that was addressed as `host` (the Host
/// header). It may when both name the same host and port, or when `allowed` has it, letter case aside.
/// On a loopback listener the same origin counts only when it is an IP address or localhost: any other name that leads here was made to lead
/// here (DNS rebinding), unless it is allowed.
[[nodiscard]] bool origin_may_connect(std::string_view origin, std::string_view host, const std::vector<std::string>& allowed, Reach reach);

}  // namespace callwright::base
