#pragma once

#include "base/socket_address.hpp"

#include <sys/socket.h>

/// Addresses as system calls take them.
namespace callwright::net {

/// Returns the length that is used of `storage`.
socklen_t to_sockaddr(const base::SocketAddress& address, sockaddr_storage& storage) noexcept;
/// Of the family AF_INET or AF_INET6.
[[nodiscard]] base::SocketAddress from_sockaddr(const sockaddr_storage& storage) noexcept;

}  // namespace callwright::net
