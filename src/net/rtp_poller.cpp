#include "net/rtp_poller.hpp"

#include "net/rtp_socket.hpp"
#include "net/sockaddr.hpp"

#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <system_error>
#include <utility>

namespace callwright::net {
namespace {

int make_epoll() {
  const int descriptor = epoll_create1(EPOLL_CLOEXEC);
  if (descriptor < 0) {
    throw std::system_error(errno, std::system_category(), "epoll_create1");
  }
  return descriptor;
}

}  // namespace

RtpPoller::RtpPoller(EngineLoop& loop, base::Callback on_busy) : loop_(loop), epoll_(make_epoll()), watched_(loop.context(), epoll_), on_busy_(on_busy) {}

RtpPoller::~RtpPoller() {
  if (watched_.is_open()) {
    watched_.release();
  }
  ::close(epoll_);
}

void RtpPoller::add(int descriptor, RtpSocket& socket) {
  epoll_event event{};
  event.events = EPOLLIN;
  event.data.ptr = &socket;
  (void)epoll_ctl(epoll_, EPOLL_CTL_ADD, descriptor, &event);
  if (!std::exchange(begun_, true)) {
    rate_.begin(loop_.clock().now());
    wait();
  }
}

void RtpPoller::remove(int descriptor) { (void)epoll_ctl(epoll_, EPOLL_CTL_DEL, descriptor, nullptr); }

bool RtpPoller::receive(int descriptor, Datagram& datagram) {
  sockaddr_storage remote;
  socklen_t size = sizeof remote;
  const ssize_t length = recvfrom(descriptor, bytes_.data(), bytes_.size(), MSG_DONTWAIT | MSG_TRUNC, reinterpret_cast<sockaddr*>(&remote), &size);
  if (length < 0 || static_cast<std::size_t>(length) > bytes_.size()) {
    return false;
  }
  datagram = {from_sockaddr(remote), {bytes_.data(), static_cast<std::size_t>(length)}};
  return true;
}

void RtpPoller::wait() {
  watched_.async_wait(boost::asio::posix::stream_descriptor::wait_read, [weak = weak_from_this()](const boost::system::error_code& failure) {
    if (const auto self = weak.lock(); self != nullptr && !failure) {
      self->loop_.handler_started();
      self->on_readable();
    }
  });
}

void RtpPoller::on_readable() {
  receive_all();
  if (rate_.is_busy_at(loop_.clock().now())) {
    watched_.release();
    on_busy_();
  } else {
    wait();
  }
}

void RtpPoller::look() {
  if (!busy()) {
    return;
  }
  receive_all();
  if (!rate_.is_busy_at(loop_.clock().now())) {
    watched_.assign(epoll_);
    wait();
  }
}

void RtpPoller::receive_all() {
  // Sockets take turns, a datagram each: what a flood leaves behind waits for the next look.
  std::size_t count = ready_.size();
  for (int batch = 0; batch < kBatchesPerLook && count == ready_.size(); ++batch) {
    count = static_cast<std::size_t>(std::max(0, epoll_wait(epoll_, ready_.data(), static_cast<int>(ready_.size()), 0)));
    for (std::size_t index = 0; index < count; ++index) {
      static_cast<RtpSocket*>(ready_[index].data.ptr)->on_readable();
    }
    rate_.add(count);
  }
}

}  // namespace callwright::net
