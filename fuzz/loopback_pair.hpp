#pragma once

#include "require.hpp"

#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <csignal>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <utility>

/// A TCP connection with ourselves: one end is a client of bytes, the other is for the server that is tested.
class LoopbackPair {
 public:
  LoopbackPair() {
    static const int kListener = listen_on_loopback();
    sockaddr_in address = {};
    socklen_t size = sizeof address;
    require(::getsockname(kListener, reinterpret_cast<sockaddr*>(&address), &size) == 0);
    // The fuzzer's alarm must not interrupt what makes the pair.
    sigset_t alarm;
    sigset_t before;
    sigemptyset(&alarm);
    sigaddset(&alarm, SIGALRM);
    pthread_sigmask(SIG_BLOCK, &alarm, &before);
    client_ = ::socket(AF_INET, SOCK_STREAM, 0);
    // Each from an address of its own, 127.1.0.1 and on: a connection that the server ends keeps its ports for a minute, and one address has too few of them.
    static std::uint16_t number = 0;
    sockaddr_in own = {};
    own.sin_family = AF_INET;
    own.sin_addr.s_addr = htonl(0x7f010001U + number++);
    require(client_ >= 0 && ::bind(client_, reinterpret_cast<const sockaddr*>(&own), sizeof own) == 0);
    require(::connect(client_, reinterpret_cast<const sockaddr*>(&address), size) == 0);
    // Closed by a reset: thousands of connections a second would else use up the ports.
    const linger reset = {.l_onoff = 1, .l_linger = 0};
    ::setsockopt(client_, SOL_SOCKET, SO_LINGER, &reset, sizeof reset);
    server_ = ::accept(kListener, nullptr, nullptr);
    require(server_ >= 0);
    pthread_sigmask(SIG_SETMASK, &before, nullptr);
  }
  ~LoopbackPair() {
    ::close(client_);
    if (server_ >= 0) ::close(server_);
  }
  LoopbackPair(const LoopbackPair&) = delete;
  LoopbackPair& operator=(const LoopbackPair&) = delete;

  /// To be closed by whoever takes it.
  [[nodiscard]] int release_server() { return std::exchange(server_, -1); }

  void write(std::string_view bytes) {
    // The server may have closed already.
    static_cast<void>(::send(client_, bytes.data(), bytes.size(), MSG_NOSIGNAL | MSG_DONTWAIT));
  }
  void end_writing() { ::shutdown(client_, SHUT_WR); }

  /// All that has come from the server.
  const std::string& received() {
    char block[4096];
    for (ssize_t size = 1; size > 0;) {
      size = ::recv(client_, block, sizeof block, MSG_DONTWAIT);
      if (size > 0) received_.append(block, static_cast<std::size_t>(size));
    }
    return received_;
  }

 private:
  static int listen_on_loopback() {
    const int listener = ::socket(AF_INET, SOCK_STREAM, 0);
    sockaddr_in address = {};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    require(::bind(listener, reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0 && ::listen(listener, 1) == 0);
    return listener;
  }

  int client_ = -1;
  int server_ = -1;
  std::string received_;
};
