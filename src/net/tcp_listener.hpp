#pragma once

#include "base/result.hpp"
#include "base/socket_address.hpp"
#include "base/timers.hpp"
#include "net/engine_loop.hpp"

#include <boost/asio/ip/tcp.hpp>

#include <memory>

namespace callwright::net {

/// Accepts TCP connections on one address. Loop thread. Lives in a shared_ptr: a pending accept keeps it until it is cancelled.
class TcpListener : public std::enable_shared_from_this<TcpListener> {
 public:
  class Owner {
   public:
    virtual void on_accepted(boost::asio::ip::tcp::socket socket, const base::SocketAddress& remote) = 0;

   protected:
    ~Owner() = default;
  };

  TcpListener(EngineLoop& loop, Owner& owner);

  /// Port 0 takes a free one.
  base::Result<base::SocketAddress> open(const base::SocketAddress& address);
  void close();
  [[nodiscard]] const base::SocketAddress& local() const noexcept { return local_; }

 private:
  void accept();
  void on_accept(const boost::system::error_code& failure);

  EngineLoop& loop_;
  Owner* owner_;
  boost::asio::ip::tcp::acceptor acceptor_;
  boost::asio::ip::tcp::socket accepted_;
  boost::asio::ip::tcp::endpoint peer_;
  base::SocketAddress local_;
  base::Timer retry_;  ///< When the process has no descriptor left, accepting again at once would only spin.
};

}  // namespace callwright::net
