#include "net/rtp_socket.hpp"

#include "net/endpoint.hpp"

#include <boost/asio/buffer.hpp>

#include <utility>

namespace callwright::net {

using boost::asio::ip::udp;

RtpSocket::RtpSocket(EngineLoop& loop, DatagramReader& reader, udp::socket socket, media::Port port, Owner& owner)
    : loop_(loop), reader_(reader), owner_(&owner), socket_(std::move(socket)), port_(port) {}

void RtpSocket::start() { wait(); }

void RtpSocket::send(const base::SocketAddress& remote, std::string_view bytes) {
  boost::system::error_code ignored;
  socket_.send_to(boost::asio::buffer(bytes), to_endpoint<udp>(remote), 0, ignored);
}

void RtpSocket::close() {
  owner_ = nullptr;
  boost::system::error_code ignored;
  socket_.close(ignored);
}

void RtpSocket::wait() {
  socket_.async_wait(udp::socket::wait_read, [self = shared_from_this()](const boost::system::error_code& failure) {
    if (!failure && self->owner_ != nullptr) {
      self->on_readable();
    }
  });
}

void RtpSocket::on_readable() {
  loop_.handler_started();
  boost::system::error_code ignored;
  const std::size_t count = reader_.receive(socket_.native_handle(), ignored);
  for (std::size_t index = 0; index < count; ++index) {
    const auto datagram = reader_.at(index);
    owner_->on_packet(port_, datagram.remote, datagram.bytes);
  }
  wait();
}

}  // namespace callwright::net
