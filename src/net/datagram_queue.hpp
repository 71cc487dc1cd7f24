#pragma once

#include "base/socket_address.hpp"

#include <boost/system/error_code.hpp>

#include <cstddef>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace callwright::net {

/// What one batch of datagrams to be sent needs in a system call; shared by all sockets of one thread.
class DatagramRoom {
 public:
  DatagramRoom();
  ~DatagramRoom();
  DatagramRoom(const DatagramRoom&) = delete;
  DatagramRoom& operator=(const DatagramRoom&) = delete;

 private:
  friend class DatagramQueue;
  static constexpr std::size_t kBatch = 64;
  struct Headers;
  std::unique_ptr<Headers> headers_;
};

/// Datagrams that wait to be sent on one non-blocking UDP socket, given by its descriptor. Bytes lie end to end, so that queueing one does not allocate
/// once the buffers have grown.
///
/// What is flushed together leaves in one system call, and datagrams of the same size to the same address as one packet that the system cuts
/// (UDP_SEGMENT): most of the cost of sending on Linux is the way through its layers, which those share. Only calls change places by that, never the
/// messages of one call. docs/adr/0010 has the reasons.
class DatagramQueue {
 public:
  /// `max_bytes` bounds what may wait.
  explicit DatagramQueue(std::size_t max_bytes);

  /// False when there is no room: the datagram is dropped.
  [[nodiscard]] bool push(const base::SocketAddress& remote, std::string_view bytes);
  [[nodiscard]] bool empty() const noexcept { return next_ == entries_.size(); }
  [[nodiscard]] std::size_t size() const noexcept { return entries_.size() - next_; }

  /// Called for a datagram that the system refused to take.
  using OnFailure = std::function<void(const base::SocketAddress& remote, const boost::system::error_code& failure)>;
  /// Called when the socket reports an error of earlier datagrams, before sending goes on: fetches and so clears it.
  using OnPending = std::function<void()>;

  /// Sends until all are gone or the socket takes no more (then `empty()` is false: call again when it is writable).
  void flush(DatagramRoom& room, int descriptor, const OnFailure& on_failure, const OnPending& on_pending);

 private:
  static constexpr std::size_t kBatch = DatagramRoom::kBatch;

  using Headers = DatagramRoom::Headers;
  struct Entry {
    base::SocketAddress remote;
    std::size_t offset;
    std::size_t size;
  };
  class Arrangement;

  [[nodiscard]] std::string_view bytes_of(const Entry& entry) const noexcept { return {bytes_.data() + entry.offset, entry.size}; }
  [[nodiscard]] int send_some(Headers& headers, int descriptor);
  std::size_t arrange_runs(Headers& headers);
  void describe_run(Headers& headers, std::size_t index, std::size_t first, std::size_t length);
  void advance(const Headers& headers, std::size_t runs) noexcept;
  [[nodiscard]] bool gives_up_segmentation(const Headers& headers, const boost::system::error_code& failure) noexcept;
  void clear() noexcept;

  const std::size_t max_bytes_;
  bool segments_ = true;  ///< Until the system refuses to cut.
  std::string bytes_;
  std::vector<Entry> entries_;
  std::size_t next_ = 0;
};

}  // namespace callwright::net
