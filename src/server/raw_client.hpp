#pragma once

#include <gtest/gtest.h>

#include <cstdint>
#include <string>
#include <string_view>

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

namespace callwright::server {

/// For tests: a TCP client on loopback that sends what it is told and reads until the server closes, or until it has seen a text.
class RawClient {
 public:
  explicit RawClient(std::uint16_t port, int receive_buffer = 0) : socket_(::socket(AF_INET, SOCK_STREAM, 0)) {
    const timeval limit{.tv_sec = 10, .tv_usec = 0};
    ::setsockopt(socket_, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof limit);
    if (receive_buffer > 0) {
      ::setsockopt(socket_, SOL_SOCKET, SO_RCVBUF, &receive_buffer, sizeof receive_buffer);
    }
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_port = htons(port);
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    EXPECT_EQ(::connect(socket_, reinterpret_cast<const sockaddr*>(&address), sizeof address), 0);
  }
  ~RawClient() { ::close(socket_); }
  RawClient(const RawClient&) = delete;
  RawClient& operator=(const RawClient&) = delete;

  void send(std::string_view text) { EXPECT_EQ(::send(socket_, text.data(), text.size(), MSG_NOSIGNAL), static_cast<ssize_t>(text.size())); }

  std::string read_until(std::string_view mark) {
    std::string text;
    char block[4096];
    while (text.find(mark) == std::string::npos) {
      const ssize_t length = ::recv(socket_, block, sizeof block, 0);
      if (length <= 0) {
        return text + (length == 0 ? "" : "<timeout>");
      }
      text.append(block, static_cast<std::size_t>(length));
    }
    return text;
  }
  std::string read_all() { return read_until("\x01never\x01"); }

 private:
  int socket_;
};

}  // namespace callwright::server
