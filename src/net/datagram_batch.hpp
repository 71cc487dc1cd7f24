#pragma once

#include "base/socket_address.hpp"

#include <boost/system/error_code.hpp>

#include <cstddef>
#include <memory>
#include <string_view>

/// Several datagrams in one system call, on non-blocking UDP sockets given by their descriptor.
namespace callwright::net {

/// Room for one batch of received datagrams; shared by all sockets of one thread.
class DatagramReader {
 public:
  static constexpr std::size_t kBatch = 32;
  static constexpr std::size_t kMaxDatagram = 65'536;  ///< More than UDP can carry: nothing is ever truncated.

  struct Datagram {
    base::SocketAddress remote;
    std::string_view bytes;  ///< Until the next `receive`.
  };

  DatagramReader();
  ~DatagramReader();
  DatagramReader(const DatagramReader&) = delete;
  DatagramReader& operator=(const DatagramReader&) = delete;

  /// Takes what is there, at most kBatch. 0 with no failure when nothing is; `failure` is what the socket reported (an ICMP error of an earlier datagram, say).
  [[nodiscard]] std::size_t receive(int descriptor, boost::system::error_code& failure);
  [[nodiscard]] Datagram at(std::size_t index) const noexcept;

 private:
  struct Headers;
  std::unique_ptr<Headers> headers_;
};

/// Asks the system to keep ICMP errors with the address that they are about, to fragment large datagrams rather than refuse them, and for socket
/// buffers of `buffer_bytes` (it grants what the machine's limits allow).
void configure_datagram_socket(int descriptor, const base::SocketAddress& local, int buffer_bytes) noexcept;

/// Takes one ICMP error off the socket's queue: false when there is none. Errors without an address are passed over.
[[nodiscard]] bool take_icmp_error(int descriptor, base::SocketAddress& remote, boost::system::error_code& failure);

}  // namespace callwright::net
