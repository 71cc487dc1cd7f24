#pragma once

#include "base/result.hpp"
#include "base/socket_address.hpp"
#include "base/timers.hpp"
#include "net/engine_loop.hpp"
#include "sip/transport.hpp"

#include <boost/asio/ip/tcp.hpp>

#include <memory>

namespace callwright::net {

/// Accepts TCP connections on one address. Loop thread. Lives in a shared_ptr: a pending accept keeps it until it is cancelled.
class TcpListener : public std::enable_shared_from_this<TcpListener> {
 public:
  class Owner {
   public:
    virtual void on_accepted(const TcpListener& listener, boost::asio::ip::tcp::socket socket, const base::SocketAddress& remote) = 0;

   protected:
    ~Owner() = default;
  };

  /// `transport` is what is spoken over the connections.
  TcpListener(EngineLoop& loop, Owner& owner, sip::Transport transport);

  /// Port 0 takes a free one. `dscp` marks what its connections send; 0 leaves that to the system.
  base::Result<base::SocketAddress> open(const base::SocketAddress& address, int dscp);
  void close();
  [[nodiscard]] sip::Transport transport() const noexcept { return transport_; }
  [[nodiscard]] const base::SocketAddress& local() const noexcept { return local_; }

 private:
  void accept();
  void on_accept(const boost::system::error_code& failure);

  EngineLoop& loop_;
  Owner* owner_;
  const sip::Transport transport_;
  boost::asio::ip::tcp::acceptor acceptor_;
  boost::asio::ip::tcp::socket accepted_;
  boost::asio::ip::tcp::endpoint peer_;
  base::SocketAddress local_;
  base::Timer retry_;  ///< When the process has no descriptor left, accepting again at once would only spin.
};

}  // namespace callwright::net
