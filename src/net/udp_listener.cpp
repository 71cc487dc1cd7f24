#include "net/udp_listener.hpp"

#include "base/log.hpp"
#include "net/datagrams.hpp"
#include "net/endpoint.hpp"

#include <utility>

namespace callwright::net {

using boost::asio::ip::udp;

UdpListener::UdpListener(EngineLoop& loop, Owner& owner)
    : loop_(loop),
      owner_(&owner),
      socket_(loop.context()),
      batch_end_(loop, base::Callback::to<&UdpListener::flush>(*this)),
      poll_(loop.timers(), base::Callback::to<&UdpListener::on_poll>(*this)) {}

base::Result<base::SocketAddress> UdpListener::open(const base::SocketAddress& address, int dscp) {
  if (const auto failure = open_and_bind<udp>(socket_, address, false)) {
    return listen_error("UDP", address, failure);
  }
  boost::system::error_code failure;
  local_ = from_endpoint(socket_.local_endpoint(failure));
  if (failure) {
    return listen_error("UDP", address, failure);
  }
  descriptor_ = socket_.native_handle();
  configure_datagram_socket(descriptor_, local_, kSocketBufferBytes);
  if (dscp != 0) {
    set_dscp(descriptor_, local_.ip, dscp);
  }
  rate_.begin(loop_.clock().now());
  wait_readable();
  return local_;
}

void UdpListener::close() {
  owner_ = nullptr;
  poll_.cancel();
  stop_polling();
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
  // While polling, what timers and APIs send leaves with the next look, in one batch with what that look brings.
  if (!waiting_writable_ && !polling_) {
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
  receive_on();
}

void UdpListener::on_poll() {
  receive_batches();
  if (!queue_.empty()) {
    batch_end_.request();
  }
  receive_on();
}

void UdpListener::receive_on() {
  if (owner_ == nullptr) {
    return;
  }
  if (rate_.is_busy_at(loop_.clock().now()) && !waiting_writable_) {
    start_polling();
    poll_.start(kPollInterval);
    loop_.hold_timers(loop_.clock().now() + kPollInterval);
  } else {
    stop_polling();
    wait_readable();
  }
}

void UdpListener::start_polling() {
  if (!polling_) {
    boost::system::error_code failure;
    socket_.release(failure);
    polling_ = !failure;
  }
}

void UdpListener::stop_polling() {
  if (polling_) {
    boost::system::error_code failure;
    socket_.assign(local_.ip.is_v4() ? udp::v4() : udp::v6(), descriptor_, failure);
    polling_ = false;
  }
}

void UdpListener::receive_batches() {
  DatagramReader& reader = loop_.datagrams().incoming;
  for (int batch = 0; batch < kBatchesPerWakeup && owner_ != nullptr; ++batch) {
    boost::system::error_code failure;
    const std::size_t count = reader.receive(descriptor_, failure);
    if (count == 0) {
      // Woken without a datagram: an error waits, which keeps the socket awake until it is fetched.
      report_icmp_errors();
      return;
    }
    rate_.add(count);
    for (std::size_t index = 0; index < count && owner_ != nullptr; ++index) {
      const auto datagram = reader.at(index);
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
  while (owner_ != nullptr && take_icmp_error(descriptor_, remote, failure)) {
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
      loop_.datagrams().outgoing, descriptor_, [this](const base::SocketAddress& remote, const boost::system::error_code& failure) { report(remote, failure); },
      [this] { report_icmp_errors(); });
  // While polling, the next look tries again.
  if (!queue_.empty() && owner_ != nullptr && !waiting_writable_ && !polling_) {
    wait_writable();
  }
}

void UdpListener::wait_writable() {
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
