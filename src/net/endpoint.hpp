#pragma once

#include "base/result.hpp"
#include "base/socket_address.hpp"

#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/ip/udp.hpp>
#include <boost/asio/ip/v6_only.hpp>

#include <string_view>

/// Conversions between the addresses of `base` and those of Asio.
namespace callwright::net {

[[nodiscard]] boost::asio::ip::address to_asio(const base::IpAddress& ip) noexcept;
[[nodiscard]] base::IpAddress from_asio(const boost::asio::ip::address& ip) noexcept;

template <class Protocol>
[[nodiscard]] boost::asio::ip::basic_endpoint<Protocol> to_endpoint(const base::SocketAddress& address) noexcept {
  return {to_asio(address.ip), address.port};
}

template <class Protocol>
[[nodiscard]] base::SocketAddress from_endpoint(const boost::asio::ip::basic_endpoint<Protocol>& endpoint) noexcept {
  return {from_asio(endpoint.address()), endpoint.port()};
}

/// Opens `socket` (or acceptor) for the family of `address` and binds it. An IPv6 wildcard takes IPv6 alone, so that it can stand beside an IPv4 one.
template <class Protocol, class Socket>
[[nodiscard]] boost::system::error_code open_and_bind(Socket& socket, const base::SocketAddress& address, bool reuse_address) {
  const auto endpoint = to_endpoint<Protocol>(address);
  boost::system::error_code failure;
  socket.open(endpoint.protocol(), failure);
  if (!failure && reuse_address) {
    socket.set_option(typename Socket::reuse_address(true), failure);
  }
  if (!failure && !address.ip.is_v4()) {
    socket.set_option(boost::asio::ip::v6_only(true), failure);
  }
  if (!failure) {
    socket.bind(endpoint, failure);
  }
  if (!failure) {
    socket.non_blocking(true, failure);
  }
  return failure;
}

/// Marks what the socket sends for routers that give voice traffic its way (RFC 2474, RFC 4594): `dscp` is 0 … 63.
void set_dscp(int descriptor, const base::IpAddress& local_or_remote, int dscp) noexcept;

/// "Cannot listen on UDP 192.0.2.1:5060: Address already in use. …"
[[nodiscard]] base::Error listen_error(std::string_view transport, const base::SocketAddress& address, const boost::system::error_code& failure);

}  // namespace callwright::net
