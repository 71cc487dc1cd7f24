#include "net/udp_listener.hpp"

#include "base/log.hpp"
#include "net/endpoint.hpp"

#include <utility>

namespace callwright::net {

using boost::asio::ip::udp;

UdpListener::UdpListener(EngineLoop& loop, DatagramReader& reader, Owner& owner)
    : loop_(loop), reader_(reader), owner_(&owner), socket_(loop.context()), batch_end_(loop, base::Callback::to<&UdpListener::flush>(*this)) {}

base::Result<base::SocketAddress> UdpListener::open(const base::SocketAddress& address) {
  if (const auto failure = open_and_bind<udp>(socket_, address, false)) {
    return listen_error("UDP", address, failure);
  }
  boost::system::error_code failure;
  local_ = from_endpoint(socket_.local_endpoint(failure));
  if (failure) {
    return listen_error("UDP", address, failure);
  }
  configure_datagram_socket(socket_.native_handle(), local_, kSocketBufferBytes);
  wait_readable();
  return local_;
}

void UdpListener::close() {
  owner_ = nullptr;
  boost::system::error_code ignored;
  socket_.close(ignored);
}

void UdpListener::send(const base::SocketAddress& remote, std::string_view bytes) {
  if (!queue_.push(remote, bytes)) {
    if (dropped_++ == 0) {
      base::log::warn("A UDP socket cannot send as fast as messages come; some are dropped", {{"local", local_.to_string()}});
    }
    return;
  }
  if (!waiting_writable_) {
    batch_end_.request();
  }
}

void UdpListener::wait_readable() {
  socket_.async_wait(udp::socket::wait_read, [self = shared_from_this()](const boost::system::error_code& failure) {
    if (!failure) {
      self->on_readable();
    }
  });
}

void UdpListener::on_readable() {
  loop_.handler_started();
  receive_batches();
  if (owner_ != nullptr) {
    wait_readable();
  }
}

void UdpListener::receive_batches() {
  for (int batch = 0; batch < kBatchesPerWakeup && owner_ != nullptr; ++batch) {
    boost::system::error_code failure;
    const std::size_t count = reader_.receive(socket_.native_handle(), failure);
    if (count == 0) {
      // Woken without a datagram: an error waits, which keeps the socket awake until it is fetched.
      report_icmp_errors();
      return;
    }
    for (std::size_t index = 0; index < count && owner_ != nullptr; ++index) {
      const auto datagram = reader_.at(index);
      owner_->on_datagram(*this, datagram.remote, datagram.bytes);
    }
    if (count < DatagramReader::kBatch) {
      return;
    }
  }
}

void UdpListener::report_icmp_errors() {
  base::SocketAddress remote;
  boost::system::error_code failure;
  while (owner_ != nullptr && take_icmp_error(socket_.native_handle(), remote, failure)) {
    report(remote, failure);
  }
}

void UdpListener::report(const base::SocketAddress& remote, const boost::system::error_code& failure) {
  if (owner_ != nullptr) {
    owner_->on_datagram_error(*this, remote, {failure, "UDP to " + remote.to_string() + " failed: " + failure.message() + "."});
  }
}

void UdpListener::flush() {
  if (owner_ == nullptr) {
    return;
  }
  queue_.flush(
      socket_.native_handle(), [this](const base::SocketAddress& remote, const boost::system::error_code& failure) { report(remote, failure); },
      [this] { report_icmp_errors(); });
  if (queue_.empty() || owner_ == nullptr || waiting_writable_) {
    return;
  }
  waiting_writable_ = true;
  socket_.async_wait(udp::socket::wait_write, [self = shared_from_this()](const boost::system::error_code& failure) {
    self->waiting_writable_ = false;
    if (!failure) {
      self->loop_.handler_started();
      self->flush();
    }
  });
}

}  // namespace callwright::net
