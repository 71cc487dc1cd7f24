#pragma once

#include "media/packet_path.hpp"
#include "net/rtp_poller.hpp"

#include <boost/asio/ip/udp.hpp>

#include <string_view>

namespace callwright::net {

/// One bound UDP socket of a stream. Packets are sent at once, since their time matters. Loop thread.
class RtpSocket {
 public:
  class Owner {
   public:
    /// May not close a socket.
    virtual void on_packet(media::Port port, const base::SocketAddress& remote, std::string_view bytes) = 0;

   protected:
    ~Owner() = default;
  };

  /// Receives from now on. `poller` and `owner` are used until `close`.
  RtpSocket(RtpPoller& poller, boost::asio::ip::udp::socket socket, media::Port port, Owner& owner);
  ~RtpSocket() { close(); }
  RtpSocket(const RtpSocket&) = delete;
  RtpSocket& operator=(const RtpSocket&) = delete;

  /// A packet that the system does not take is lost, as it could be on the way.
  void send(const base::SocketAddress& remote, std::string_view bytes);
  /// At most one datagram. For the poller.
  void on_readable();
  void close();

 private:
  RtpPoller& poller_;
  Owner& owner_;
  int descriptor_;
  const media::Port port_;
};

}  // namespace callwright::net
