#pragma once

#include "base/callback.hpp"
#include "base/socket_address.hpp"
#include "net/arrival_rate.hpp"
#include "net/engine_loop.hpp"

#include <boost/asio/posix/stream_descriptor.hpp>

#include <sys/epoll.h>

#include <array>
#include <cstddef>
#include <memory>
#include <string_view>

namespace callwright::net {

class RtpSocket;

/// Waits for the packets of all RTP sockets of a media thread. Loop thread, but for construction. Lives in a shared_ptr: a pending wait looks whether it is
/// still there.
///
/// It wakes the loop for each packet until many of them come (`ArrivalRate`); then its owner has it look every few milliseconds instead, as network cards
/// moderate their interrupts, and it takes all that has come: a little delay for a fraction of the wake-ups.
class RtpPoller : public std::enable_shared_from_this<RtpPoller> {
 public:
  /// `on_busy` is called when waiting ends: from then on `look` has to be called, every 2 ms or so, as long as it is busy.
  RtpPoller(EngineLoop& loop, base::Callback on_busy);
  ~RtpPoller();
  RtpPoller(const RtpPoller&) = delete;
  RtpPoller& operator=(const RtpPoller&) = delete;

  void add(int descriptor, RtpSocket& socket);
  /// Not from within `RtpSocket::Owner::on_packet`.
  void remove(int descriptor);

  /// So many come that it does not wait for them: `look`.
  [[nodiscard]] bool busy() const noexcept { return rate_.busy(); }
  /// Takes what has come, while it is busy; waits again when there is little.
  void look();

  struct Datagram {
    base::SocketAddress remote;
    std::string_view bytes;  ///< Until the next `receive`.
  };
  /// What waits at a socket. False: nothing, or a datagram that is longer than any packet.
  [[nodiscard]] bool receive(int descriptor, Datagram& datagram);

 private:
  static constexpr int kBatchesPerLook = 8;
  static constexpr std::size_t kMaxDatagram = 4096;  ///< RTP, DTLS and STUN keep to the path's packets.

  void wait();
  void on_readable();
  void receive_all();

  EngineLoop& loop_;
  int epoll_;
  /// Watches `epoll_`; without it while busy, so that the reactor is not woken.
  boost::asio::posix::stream_descriptor watched_;
  const base::Callback on_busy_;
  std::array<epoll_event, 256> ready_{};
  std::array<char, kMaxDatagram> bytes_;
  bool begun_ = false;
  ArrivalRate rate_;
};

}  // namespace callwright::net
