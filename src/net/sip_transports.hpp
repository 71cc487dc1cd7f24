#pragma once

#include "base/result.hpp"
#include "net/engine_loop.hpp"
#include "net/source_addresses.hpp"
#include "net/tcp_connections.hpp"
#include "net/udp_listener.hpp"
#include "sip/transport.hpp"

#include <cstdint>
#include <memory>
#include <optional>
#include <string_view>
#include <vector>

namespace callwright::net {

/// The SIP engine's sockets: any number of UDP and TCP listeners, and the TCP connections in both directions. Loop thread.
///
/// UDP messages that are sent during one iteration of the loop leave together at its end. A TCP connection is used for every message to its remote
/// address, whoever made it. Errors are reported for UDP when ICMP or the system says that a message did not arrive, for TCP when a connection cannot
/// be made, is lost, or breaks the rules of the stream; not when it is closed for being idle.
class SipTransports final : public sip::TransportPort, private UdpListener::Owner, private TcpConnections::User {
 public:
  struct Statistics {
    std::uint64_t received = 0;             ///< Messages.
    std::uint64_t sent = 0;                 ///< Messages taken from the engine.
    std::uint64_t datagrams_dropped = 0;    ///< Found no room in a socket's queue.
    std::uint64_t connections_refused = 0;  ///< By a limit, when accepted.
    std::size_t connections = 0;            ///< Open now.
  };

  explicit SipTransports(EngineLoop& loop, const StreamLimits& limits = {});
  ~SipTransports() override;

  /// Who gets what arrives; until then, and after null, it is discarded.
  void set_user(sip::TransportUser* user) noexcept { user_ = user; }
  void set_trace(sip::TraceSink* trace) noexcept { trace_ = trace; }

  /// Listens, and returns the address with its real port. IPv4 and IPv6 wildcards are listeners of their own.
  base::Result<base::SocketAddress> listen(sip::Transport transport, const base::SocketAddress& address);
  /// Listens on UDP and TCP with the same port; port 0 finds one that is free on both.
  base::Result<base::SocketAddress> listen_on_both(const base::SocketAddress& address);
  [[nodiscard]] const std::vector<base::SocketAddress>& listeners(sip::Transport transport) const noexcept;

  void send(const sip::Flow& flow, std::string_view message) override;
  sip::ConnectionId connect(sip::Transport transport, const base::SocketAddress& remote, std::string_view server_name) override;
  [[nodiscard]] std::optional<base::SocketAddress> local_address(sip::Transport transport, const base::SocketAddress& remote) const override;

  [[nodiscard]] Statistics statistics() const;

 private:
  void on_datagram(const UdpListener& listener, const base::SocketAddress& remote, std::string_view bytes) override;
  void on_datagram_error(const UdpListener& listener, const base::SocketAddress& remote, const base::Error& error) override;
  void on_stream_message(const sip::Flow& flow, std::string_view message) override;
  void on_stream_error(const sip::Flow& flow, const base::Error& error) override;

  void deliver(const sip::Flow& flow, std::string_view message);
  void send_datagram(const sip::Flow& flow, std::string_view message);
  void send_stream(const sip::Flow& flow, std::string_view message);
  void fail_later(const sip::Flow& flow, base::Error error);
  void report_failures();
  void trace(sip::TraceSink::Direction direction, const sip::Flow& flow, std::string_view message) const;
  [[nodiscard]] UdpListener* listener_for(const sip::Flow& flow) const;

  struct Failure {
    sip::Flow flow;
    base::Error error;
  };

  EngineLoop& loop_;
  sip::TransportUser* user_ = nullptr;
  sip::TraceSink* trace_ = nullptr;
  DatagramReader reader_;
  std::vector<std::shared_ptr<UdpListener>> udp_;
  TcpConnections tcp_;
  std::vector<base::SocketAddress> udp_addresses_;  ///< Of udp_, in the same order.
  std::vector<base::SocketAddress> tcp_addresses_;
  mutable SourceAddresses sources_;
  std::vector<Failure> failures_;
  EngineLoop::BatchEnd batch_end_;
  std::uint64_t received_ = 0;
  std::uint64_t sent_ = 0;
};

}  // namespace callwright::net
