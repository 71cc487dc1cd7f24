#pragma once

#include "base/result.hpp"
#include "net/connections.hpp"
#include "net/engine_loop.hpp"
#include "net/impairment.hpp"
#include "net/source_addresses.hpp"
#include "net/source_guard.hpp"

#include "net/udp_listener.hpp"
#include "sip/transport.hpp"

#include <array>
#include <cstdint>
#include <iterator>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace callwright::net {

struct ListenOptions {
  /// What peers on the Internet know this listener by, when a NAT has an address of its own for it, with the same port.
  std::optional<base::IpAddress> advertised;
  int dscp = 0;  ///< Marks what is sent (0 … 63, RFC 2474); 0 leaves that to the system.
};

/// The SIP engine's sockets: any number of listeners, and the connections in both directions. Loop thread.
///
/// UDP messages that are sent during one iteration of the loop leave together at its end. Connections are used again as `Connections` says.
/// Errors are reported for UDP when ICMP or the system says that a message did not arrive, for streams when a connection cannot
/// be made, is lost, breaks the rules of the stream or is closed for being idle.
class SipTransports final : public sip::TransportPort, private UdpListener::Owner, private Connections::User {
 public:
  struct Statistics {
    std::uint64_t received = 0;             ///< Messages.
    std::uint64_t sent = 0;                 ///< Messages taken from the engine.
    std::uint64_t datagrams_dropped = 0;    ///< Found no room in a socket's queue.
    std::uint64_t connections_refused = 0;  ///< By a limit, when accepted.
    std::uint64_t requests_refused = 0;     ///< Messages of banned sources.
    std::size_t connections = 0;            ///< Open now.
  };

  explicit SipTransports(EngineLoop& loop, const StreamLimits& limits = {}, const SourceLimits& sources = {});
  ~SipTransports() override;

  /// Who gets what arrives; until then, and after null, it is discarded.
  void set_user(sip::TransportUser* user) noexcept { user_ = user; }
  void set_trace(sip::TraceSink* trace) noexcept { trace_ = trace; }

  /// Certificates for the listeners of TLS and WSS, and how servers that we connect to are verified. Again at any time, to take files that have changed:
  /// open connections go on as they are, and nothing changes when a file cannot be used. Without it servers are verified against the system's authorities.
  base::Result<void> set_tls(const TlsSettings& settings) { return connections_.set_tls(settings); }
  /// Web pages that may connect to WebSocket listeners, besides those of the same host and port.
  /// Tells of bans for too many requests.
  void watch_bans(SourceGuard::Watcher watcher) { guard_.watch(loop_.timers(), std::move(watcher)); }
  void allow_origins(std::vector<std::string> origins) { connections_.allow_origins(std::move(origins)); }

  /// Listens, and returns the address with its real port. IPv4 and IPv6 wildcards are listeners of their own.
  base::Result<base::SocketAddress> listen(sip::Transport transport, const base::SocketAddress& address, const ListenOptions& options = {});
  /// Listens on UDP and TCP with the same port; port 0 finds one that is free on both.
  base::Result<base::SocketAddress> listen_on_both(const base::SocketAddress& address, const ListenOptions& options = {});
  [[nodiscard]] const std::vector<base::SocketAddress>& listeners(sip::Transport transport) const noexcept {
    return listening_[static_cast<std::size_t>(transport)].addresses;
  }

  void send(const sip::Flow& flow, std::string_view message) override;
  sip::ConnectionId connect(sip::Transport transport, const base::SocketAddress& remote, std::string_view server_name) override;
  void disconnect(sip::ConnectionId connection) override { connections_.disconnect(connection); }
  /// A listener's address, the advertised one toward peers that are not on a private or loopback network. A stream without a listener, which only we
  /// open, gets the address of a listener for TCP or UDP.
  [[nodiscard]] std::optional<base::SocketAddress> local_address(sip::Transport transport, const base::SocketAddress& remote) const override;
  [[nodiscard]] bool is_local(const base::SocketAddress& address) const override;

  /// For tests: the datagrams of all UDP sockets that there are now come and go through a bad network.
  void impair(const Impairment::Options& options, Impairment::Behind behind);
  [[nodiscard]] Statistics statistics() const;

 private:
  void on_datagram(const UdpListener& listener, const base::SocketAddress& remote, std::string_view bytes) override;
  void on_datagram_error(const UdpListener& listener, const base::SocketAddress& remote, const base::Error& error) override;
  void on_stream_message(const sip::Flow& flow, std::string_view message) override;
  void on_stream_error(const sip::Flow& flow, const base::Error& error) override;

  /// The listeners of one transport; both lists in the same order.
  struct Listening {
    std::vector<base::SocketAddress> addresses;
    std::vector<ListenOptions> options;
  };

  base::Result<base::SocketAddress> listen_udp(const base::SocketAddress& address, int dscp);
  void take_datagram(const UdpListener& listener, const base::SocketAddress& remote, std::string_view bytes);
  void take_stun(const UdpListener& listener, const base::SocketAddress& remote, std::string_view bytes);
  void answer_from(const UdpListener& listener, const base::SocketAddress& remote, std::string_view bytes);
  void deliver(const sip::Flow& flow, std::string_view message);
  void send_datagram(const sip::Flow& flow, std::string_view message);
  void send_stream(const sip::Flow& flow, std::string_view message);
  void fail_later(const sip::Flow& flow, base::Error error);
  void report_failures();
  void trace(sip::TraceSink::Direction direction, const sip::Flow& flow, std::string_view message) const;
  [[nodiscard]] UdpListener* listener_for(const sip::Flow& flow) const;

  [[nodiscard]] std::optional<base::SocketAddress> address_of_listener(sip::Transport transport, const base::IpAddress& remote) const;
  /// Where packets to `remote` leave from; nothing when there is but one listener, so that it does not matter.
  [[nodiscard]] std::optional<base::IpAddress> source_toward(const Listening& listening, const base::IpAddress& remote) const;
  [[nodiscard]] int dscp_toward(sip::Transport transport, const base::IpAddress& remote) const;

  struct Failure {
    sip::Flow flow;
    base::Error error;
  };

  EngineLoop& loop_;
  sip::TransportUser* user_ = nullptr;
  sip::TraceSink* trace_ = nullptr;
  SourceGuard guard_;
  std::vector<std::shared_ptr<UdpListener>> udp_;  ///< In the order of the UDP addresses.
  Connections connections_;
  std::array<Listening, std::size(sip::kTransports)> listening_;
  mutable SourceAddresses sources_;
  std::size_t max_message_bytes_;
  LogLimit too_long_log_{loop_.clock()};
  std::unique_ptr<Impairment> impairment_;  ///< Null: there is none.
  std::vector<Failure> failures_;
  EngineLoop::BatchEnd batch_end_;
  std::uint64_t received_ = 0;
  std::uint64_t sent_ = 0;
};

}  // namespace callwright::net
