#pragma once

#include "media/packet_path.hpp"
#include "net/datagram_batch.hpp"
#include "net/engine_loop.hpp"

#include <boost/asio/ip/udp.hpp>

#include <memory>
#include <string_view>

namespace callwright::net {

/// One bound UDP socket of a stream. Packets are sent at once, since their time matters. Loop thread. Lives in a shared_ptr: a pending wait keeps it
/// until it is cancelled.
class RtpSocket : public std::enable_shared_from_this<RtpSocket> {
 public:
  class Owner {
   public:
    /// May not close the socket.
    virtual void on_packet(media::Port port, const base::SocketAddress& remote, std::string_view bytes) = 0;

   protected:
    ~Owner() = default;
  };

  /// `reader` and `owner` are used until `close`.
  RtpSocket(EngineLoop& loop, DatagramReader& reader, boost::asio::ip::udp::socket socket, media::Port port, Owner& owner);

  /// Begins to receive.
  void start();
  /// A packet that the system does not take is lost, as it could be on the way.
  void send(const base::SocketAddress& remote, std::string_view bytes);
  void close();

 private:
  void wait();
  void on_readable();

  EngineLoop& loop_;
  DatagramReader& reader_;
  Owner* owner_;
  boost::asio::ip::udp::socket socket_;
  const media::Port port_;
};

}  // namespace callwright::net
