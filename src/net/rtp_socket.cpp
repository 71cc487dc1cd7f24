#include "net/rtp_socket.hpp"

#include "net/sockaddr.hpp"

#include <unistd.h>

#include <utility>

namespace callwright::net {

RtpSocket::RtpSocket(RtpPoller& poller, boost::asio::ip::udp::socket socket, media::Port port, Owner& owner)
    : poller_(poller), owner_(owner), descriptor_(socket.release()), port_(port) {
  poller_.add(descriptor_, *this);
}

void RtpSocket::send(const base::SocketAddress& remote, std::string_view bytes) {
  sockaddr_storage to;
  const socklen_t size = to_sockaddr(remote, to);
  (void)sendto(descriptor_, bytes.data(), bytes.size(), MSG_DONTWAIT | MSG_NOSIGNAL, reinterpret_cast<const sockaddr*>(&to), size);
}

void RtpSocket::on_readable() {
  RtpPoller::Datagram datagram;
  if (poller_.receive(descriptor_, datagram)) {
    owner_.on_packet(port_, datagram.remote, datagram.bytes);
  }
}

void RtpSocket::close() {
  if (descriptor_ >= 0) {
    poller_.remove(descriptor_);
    ::close(std::exchange(descriptor_, -1));
  }
}

}  // namespace callwright::net
