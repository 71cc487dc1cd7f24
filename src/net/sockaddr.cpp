#include "net/sockaddr.hpp"

#include <netinet/in.h>

#include <array>
#include <cstring>

namespace callwright::net {

socklen_t to_sockaddr(const base::SocketAddress& address, sockaddr_storage& storage) noexcept {
  if (address.ip.is_v4()) {
    sockaddr_in four{};
    four.sin_family = AF_INET;
    four.sin_port = htons(address.port);
    const auto bytes = address.ip.v4_bytes();
    std::memcpy(&four.sin_addr, bytes.data(), bytes.size());
    std::memcpy(&storage, &four, sizeof four);
    return sizeof four;
  }
  sockaddr_in6 six{};
  six.sin6_family = AF_INET6;
  six.sin6_port = htons(address.port);
  const auto& bytes = address.ip.v6_bytes();
  std::memcpy(&six.sin6_addr, bytes.data(), bytes.size());
  std::memcpy(&storage, &six, sizeof six);
  return sizeof six;
}

base::SocketAddress from_sockaddr(const sockaddr_storage& storage) noexcept {
  if (storage.ss_family == AF_INET6) {
    sockaddr_in6 six;
    std::memcpy(&six, &storage, sizeof six);
    std::array<std::uint8_t, 16> bytes{};
    std::memcpy(bytes.data(), &six.sin6_addr, bytes.size());
    return {base::IpAddress::v6(bytes), ntohs(six.sin6_port)};
  }
  sockaddr_in four;
  std::memcpy(&four, &storage, sizeof four);
  std::array<std::uint8_t, 4> bytes{};
  std::memcpy(bytes.data(), &four.sin_addr, bytes.size());
  return {base::IpAddress::v4(bytes), ntohs(four.sin_port)};
}

}  // namespace callwright::net
