#include "net/tcp_listener.hpp"

#include "base/log.hpp"
#include "net/endpoint.hpp"

#include <boost/asio/error.hpp>

#include <utility>

namespace callwright::net {
namespace {

using boost::asio::ip::tcp;

constexpr base::Duration kRetryDelay = std::chrono::milliseconds(200);

}  // namespace

TcpListener::TcpListener(EngineLoop& loop, Owner& owner, sip::Transport transport)
    : loop_(loop),
      owner_(&owner),
      transport_(transport),
      acceptor_(loop.context()),
      accepted_(loop.context()),
      retry_(loop.timers(), base::Callback::to<&TcpListener::accept>(*this)) {}

base::Result<base::SocketAddress> TcpListener::open(const base::SocketAddress& address, int dscp) {
  boost::system::error_code failure = open_and_bind<tcp>(acceptor_, address, true);
  if (!failure) {
    acceptor_.listen(tcp::acceptor::max_listen_connections, failure);
  }
  if (!failure) {
    local_ = from_endpoint(acceptor_.local_endpoint(failure));
  }
  if (failure) {
    return listen_error(to_string(transport_), address, failure);
  }
  if (dscp != 0) {
    set_dscp(acceptor_.native_handle(), address.ip, dscp);  // Accepted sockets inherit it.
  }
  accept();
  return local_;
}

void TcpListener::close() {
  owner_ = nullptr;
  retry_.cancel();
  boost::system::error_code ignored;
  acceptor_.close(ignored);
}

void TcpListener::accept() {
  acceptor_.async_accept(accepted_, peer_, [self = shared_from_this()](const boost::system::error_code& failure) { self->on_accept(failure); });
}

void TcpListener::on_accept(const boost::system::error_code& failure) {
  loop_.handler_started();
  if (owner_ == nullptr) {
    return;
  }
  if (failure && failure != boost::asio::error::connection_aborted) {
    base::log::warn("A connection could not be accepted; trying again soon", {{"local", local_.to_string()}, {"reason", failure.message()}});
    retry_.start(kRetryDelay);
    return;
  }
  if (!failure) {
    owner_->on_accepted(*this, std::exchange(accepted_, tcp::socket(loop_.context())), from_endpoint(peer_));
  }
  if (owner_ != nullptr) {
    accept();
  }
}

}  // namespace callwright::net
