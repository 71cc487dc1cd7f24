#pragma once

#include "base/socket_address.hpp"

#include <boost/system/error_code.hpp>

#include <cstddef>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

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

/// Datagrams that wait to be sent on one socket: bytes lie end to end, so that queueing one does not allocate once the buffers have grown.
class DatagramQueue {
 public:
  /// `max_bytes` bounds what may wait.
  explicit DatagramQueue(std::size_t max_bytes);
  ~DatagramQueue();
  DatagramQueue(const DatagramQueue&) = delete;
  DatagramQueue& operator=(const DatagramQueue&) = delete;

  /// False when there is no room: the datagram is dropped.
  [[nodiscard]] bool push(const base::SocketAddress& remote, std::string_view bytes);
  [[nodiscard]] bool empty() const noexcept { return next_ == entries_.size(); }
  [[nodiscard]] std::size_t size() const noexcept { return entries_.size() - next_; }

  /// Called for a datagram that the system refused to take.
  using OnFailure = std::function<void(const base::SocketAddress& remote, const boost::system::error_code& failure)>;
  /// Called when the socket reports an error of earlier datagrams, before sending goes on: fetches and so clears it.
  using OnPending = std::function<void()>;

  /// Sends in order until all are gone or the socket takes no more (then `empty()` is false: call again when it is writable).
  void flush(int descriptor, const OnFailure& on_failure, const OnPending& on_pending);

 private:
  struct Entry {
    base::SocketAddress remote;
    std::size_t offset;
    std::size_t size;
  };
  struct Headers;

  [[nodiscard]] int send_some(int descriptor);
  void clear() noexcept;

  const std::size_t max_bytes_;
  std::string bytes_;
  std::vector<Entry> entries_;
  std::size_t next_ = 0;
  std::unique_ptr<Headers> headers_;
};

/// Asks the system to keep ICMP errors with the address that they are about, to fragment large datagrams rather than refuse them, and for socket
/// buffers of `buffer_bytes` (it grants what the machine's limits allow).
void configure_datagram_socket(int descriptor, const base::SocketAddress& local, int buffer_bytes) noexcept;

/// Takes one ICMP error off the socket's queue: false when there is none. Errors without an address are passed over.
[[nodiscard]] bool take_icmp_error(int descriptor, base::SocketAddress& remote, boost::system::error_code& failure);

}  // namespace callwright::net
