#pragma once

#include "base/result.hpp"
#include "base/timers.hpp"
#include "net/arrival_rate.hpp"
#include "net/datagram_queue.hpp"
#include "net/engine_loop.hpp"

#include <boost/asio/ip/udp.hpp>

#include <cstdint>
#include <memory>
#include <string_view>

namespace callwright::net {

/// One bound UDP socket that receives and sends in batches. Loop thread. Lives in a shared_ptr: pending waits keep it until they are cancelled.
///
/// It waits for each datagram until many of them come (`ArrivalRate`); then it looks every kPollInterval instead, as network cards moderate
/// their interrupts, and has the loop's timers wait for that: at most thirteen milliseconds of delay for a fraction of the wake-ups and system calls.
class UdpListener : public std::enable_shared_from_this<UdpListener> {
 public:
  class Owner {
   public:
    virtual void on_datagram(const UdpListener& listener, const base::SocketAddress& remote, std::string_view bytes) = 0;
    /// An earlier datagram to `remote` did not arrive. Never called from within `send`.
    virtual void on_datagram_error(const UdpListener& listener, const base::SocketAddress& remote, const base::Error& error) = 0;

   protected:
    ~Owner() = default;
  };

  /// `owner` is used until `close`.
  UdpListener(EngineLoop& loop, Owner& owner);

  /// Binds and starts to receive. Port 0 takes a free one. `dscp` marks what is sent; 0 leaves that to the system.
  base::Result<base::SocketAddress> open(const base::SocketAddress& address, int dscp);
  /// Queues a datagram, which leaves at the end of the loop's iteration, or with the next look. Drops it (and counts) when 4 MB wait already.
  void send(const base::SocketAddress& remote, std::string_view bytes);
  void close();

  [[nodiscard]] const base::SocketAddress& local() const noexcept { return local_; }
  /// Datagrams that found no room in the queue.
  [[nodiscard]] std::uint64_t dropped() const noexcept { return dropped_; }

 private:
  static constexpr std::size_t kMaxQueuedBytes = 4 * 1024 * 1024;
  static constexpr int kSocketBufferBytes = 4 * 1024 * 1024;
  static constexpr int kBatchesPerWakeup = 4;
  static constexpr base::Duration kPollInterval = std::chrono::milliseconds(12);

  void wait_readable();
  void on_readable();
  void on_poll();
  void receive_on();
  void start_polling();
  void stop_polling();
  void wait_writable();
  void receive_batches();
  void report_icmp_errors();
  void report(const base::SocketAddress& remote, const boost::system::error_code& failure);
  void flush();

  EngineLoop& loop_;
  Owner* owner_;
  boost::asio::ip::udp::socket socket_;  ///< Without a descriptor while polling, so that the reactor is not woken.
  int descriptor_ = -1;
  base::SocketAddress local_;
  DatagramQueue queue_{kMaxQueuedBytes};
  EngineLoop::BatchEnd batch_end_;
  base::Timer poll_;
  ArrivalRate rate_;
  bool polling_ = false;
  bool waiting_writable_ = false;
  std::uint64_t dropped_ = 0;
};

}  // namespace callwright::net
