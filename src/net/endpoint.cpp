#include "net/endpoint.hpp"

#include <boost/asio/error.hpp>

#include <netinet/in.h>
#include <netinet/ip.h>
#include <sys/socket.h>

namespace callwright::net {

boost::asio::ip::address to_asio(const base::IpAddress& ip) noexcept {
  if (ip.is_v4()) {
    return boost::asio::ip::address_v4(ip.v4_bytes());
  }
  return boost::asio::ip::address_v6(ip.v6_bytes());
}

base::IpAddress from_asio(const boost::asio::ip::address& ip) noexcept {
  return ip.is_v4() ? base::IpAddress::v4(ip.to_v4().to_bytes()) : base::IpAddress::v6(ip.to_v6().to_bytes());
}

void set_dscp(int descriptor, const base::IpAddress& local_or_remote, int dscp) noexcept {
  constexpr int kUnusedBits = 2;  // The field is the upper part of an octet (RFC 2474 §3).
  const int octet = dscp << kUnusedBits;
  if (local_or_remote.is_v4()) {
    ::setsockopt(descriptor, IPPROTO_IP, IP_TOS, &octet, sizeof octet);
  } else {
    ::setsockopt(descriptor, IPPROTO_IPV6, IPV6_TCLASS, &octet, sizeof octet);
  }
}

base::Error listen_error(std::string_view transport, const base::SocketAddress& address, const boost::system::error_code& failure) {
  std::string text = "Cannot listen on " + std::string(transport) + " " + address.to_string() + ": " + failure.message() + ".";
  if (failure == boost::asio::error::address_in_use) {
    text += " Stop the program that uses the port, or choose another one.";
  } else if (failure == boost::asio::error::access_denied) {
    text += " Ports below 1024 need a privilege: choose a higher one.";
  } else {
    text += " Choose an address of this machine, or 0.0.0.0 for all.";
  }
  return {failure, std::move(text)};
}

}  // namespace callwright::net
