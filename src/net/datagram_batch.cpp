#include "net/datagram_batch.hpp"

#include "net/sockaddr.hpp"

#include <netinet/in.h>
#include <sys/socket.h>
#include <sys/types.h>

#include <linux/errqueue.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>

namespace callwright::net {
namespace {

boost::system::error_code last_error() noexcept { return {errno, boost::system::system_category()}; }

void set_option(int descriptor, int level, int name, int value) noexcept { (void)setsockopt(descriptor, level, name, &value, sizeof value); }

/// The error in the control messages, or 0.
int error_in(msghdr& header) noexcept {
  for (cmsghdr* control = CMSG_FIRSTHDR(&header); control != nullptr; control = CMSG_NXTHDR(&header, control)) {
    const bool four = control->cmsg_level == IPPROTO_IP && control->cmsg_type == IP_RECVERR;
    const bool six = control->cmsg_level == IPPROTO_IPV6 && control->cmsg_type == IPV6_RECVERR;
    if (four || six) {
      sock_extended_err error{};
      std::memcpy(&error, CMSG_DATA(control), sizeof error);
      return static_cast<int>(error.ee_errno);
    }
  }
  return 0;
}

}  // namespace

struct DatagramReader::Headers {
  std::array<mmsghdr, kBatch> messages{};
  std::array<iovec, kBatch> parts{};
  std::array<sockaddr_storage, kBatch> remotes{};
  // Not initialised: the pages that no datagram touches cost nothing.
  std::unique_ptr<char[]> bytes = std::make_unique_for_overwrite<char[]>(kBatch * kMaxDatagram);
};

DatagramReader::DatagramReader() : headers_(std::make_unique<Headers>()) {
  for (std::size_t index = 0; index < kBatch; ++index) {
    headers_->parts[index] = {headers_->bytes.get() + index * kMaxDatagram, kMaxDatagram};
    msghdr& header = headers_->messages[index].msg_hdr;
    header.msg_iov = &headers_->parts[index];
    header.msg_iovlen = 1;
    header.msg_name = &headers_->remotes[index];
  }
}

DatagramReader::~DatagramReader() = default;

std::size_t DatagramReader::receive(int descriptor, boost::system::error_code& failure) {
  for (mmsghdr& message : headers_->messages) {
    message.msg_hdr.msg_namelen = sizeof(sockaddr_storage);
  }
  failure = {};
  const int count = recvmmsg(descriptor, headers_->messages.data(), kBatch, MSG_DONTWAIT, nullptr);
  if (count >= 0) {
    return static_cast<std::size_t>(count);
  }
  if (errno != EAGAIN && errno != EINTR) {
    failure = last_error();
  }
  return 0;
}

DatagramReader::Datagram DatagramReader::at(std::size_t index) const noexcept {
  return {from_sockaddr(headers_->remotes[index]), {headers_->bytes.get() + index * kMaxDatagram, headers_->messages[index].msg_len}};
}

void configure_datagram_socket(int descriptor, const base::SocketAddress& local, int buffer_bytes) noexcept {
  set_option(descriptor, SOL_SOCKET, SO_RCVBUF, buffer_bytes);
  set_option(descriptor, SOL_SOCKET, SO_SNDBUF, buffer_bytes);
  if (local.ip.is_v4()) {
    set_option(descriptor, IPPROTO_IP, IP_RECVERR, 1);
    set_option(descriptor, IPPROTO_IP, IP_MTU_DISCOVER, IP_PMTUDISC_DONT);
  } else {
    set_option(descriptor, IPPROTO_IPV6, IPV6_RECVERR, 1);
    set_option(descriptor, IPPROTO_IPV6, IPV6_MTU_DISCOVER, IPV6_PMTUDISC_DONT);
  }
}

bool take_icmp_error(int descriptor, base::SocketAddress& remote, boost::system::error_code& failure) {
  for (;;) {
    alignas(cmsghdr) std::array<char, 512> control{};
    sockaddr_storage name{};
    iovec nothing{nullptr, 0};
    msghdr header{};
    header.msg_name = &name;
    header.msg_namelen = sizeof name;
    header.msg_iov = &nothing;
    header.msg_iovlen = 1;
    header.msg_control = control.data();
    header.msg_controllen = control.size();
    if (recvmsg(descriptor, &header, MSG_ERRQUEUE | MSG_DONTWAIT) < 0) {
      return false;
    }
    const int error = error_in(header);
    if (error != 0 && error != EMSGSIZE && header.msg_namelen > 0) {
      remote = from_sockaddr(name);
      failure = {error, boost::system::system_category()};
      return true;
    }
  }
}

}  // namespace callwright::net
