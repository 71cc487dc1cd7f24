#include "net/sip_transports.hpp"

#include <algorithm>
#include <utility>

namespace callwright::net {
namespace {

/// The listener that a packet to `remote` would leave from: the one bound to `source`, else a wildcard, else one of the same family that could
/// reach it, loopback to loopback. Index into `listeners`.
std::optional<std::size_t> best_listener(const std::vector<base::SocketAddress>& listeners, const base::IpAddress& remote,
                                         const std::optional<base::IpAddress>& source) {
  const auto rank = [&](const base::IpAddress& ip) {
    if (ip.is_v4() != remote.is_v4()) {
      return 0;
    }
    if (source && ip == *source) {
      return 4;
    }
    if (ip.is_unspecified()) {
      return 3;
    }
    return ip.is_loopback() == remote.is_loopback() ? 2 : 1;
  };
  std::optional<std::size_t> best;
  int best_rank = 0;
  for (std::size_t index = 0; index < listeners.size(); ++index) {
    if (const int value = rank(listeners[index].ip); value > best_rank) {
      best = index;
      best_rank = value;
    }
  }
  return best;
}

/// Phones behind a NAT send line ends, zeros or nothing at all to keep its mapping open.
bool is_keep_alive(std::string_view datagram) noexcept {
  using std::string_view_literals::operator""sv;
  return datagram.find_first_not_of("\r\n\0"sv) == std::string_view::npos;
}

base::Error unsupported(sip::Transport transport) {
  return {base::Errc::Unsupported, std::string(sip::to_string(transport)) + " is not available here. Use UDP or TCP."};
}

}  // namespace

SipTransports::SipTransports(EngineLoop& loop, const StreamLimits& limits)
    : loop_(loop), tcp_(loop, limits, *this), sources_(loop.clock()), batch_end_(loop, base::Callback::to<&SipTransports::report_failures>(*this)) {}

SipTransports::~SipTransports() {
  for (const auto& listener : udp_) {
    listener->close();
  }
}

base::Result<base::SocketAddress> SipTransports::listen(sip::Transport transport, const base::SocketAddress& address) {
  if (transport == sip::Transport::Tcp) {
    auto local = tcp_.listen(address);
    if (local) {
      tcp_addresses_.push_back(*local);
    }
    return local;
  }
  if (transport != sip::Transport::Udp) {
    return unsupported(transport);
  }
  const auto listener = std::make_shared<UdpListener>(loop_, reader_, static_cast<UdpListener::Owner&>(*this));
  auto local = listener->open(address);
  if (local) {
    udp_.push_back(listener);
    udp_addresses_.push_back(*local);
  }
  return local;
}

base::Result<base::SocketAddress> SipTransports::listen_on_both(const base::SocketAddress& address) {
  constexpr int kAttempts = 50;
  for (int attempt = 1;; ++attempt) {
    auto udp = listen(sip::Transport::Udp, address);
    if (!udp) {
      return udp;
    }
    auto tcp = listen(sip::Transport::Tcp, *udp);
    if (tcp || address.port != 0 || attempt == kAttempts) {
      return tcp;
    }
    // The port that UDP got is in use on TCP: try another one.
    udp_.back()->close();
    udp_.pop_back();
    udp_addresses_.pop_back();
  }
}

const std::vector<base::SocketAddress>& SipTransports::listeners(sip::Transport transport) const noexcept {
  static const std::vector<base::SocketAddress> none;
  switch (transport) {
    case sip::Transport::Udp: return udp_addresses_;
    case sip::Transport::Tcp: return tcp_addresses_;
    default: return none;
  }
}

std::optional<base::SocketAddress> SipTransports::local_address(sip::Transport transport, const base::SocketAddress& remote) const {
  const auto source = sources_.toward(remote.ip);
  const auto& addresses = listeners(transport);
  const auto best = best_listener(addresses, remote.ip, source);
  if (!best) {
    return std::nullopt;
  }
  base::SocketAddress address = addresses[*best];
  if (address.ip.is_unspecified() && source) {
    address.ip = *source;
  }
  return address;
}

void SipTransports::send(const sip::Flow& flow, std::string_view message) {
  ++sent_;
  switch (flow.transport) {
    case sip::Transport::Udp: send_datagram(flow, message); break;
    case sip::Transport::Tcp: send_stream(flow, message); break;
    default: fail_later(flow, unsupported(flow.transport)); break;
  }
}

sip::ConnectionId SipTransports::connect(sip::Transport transport, const base::SocketAddress& remote, std::string_view /*server_name*/) {
  return transport == sip::Transport::Tcp ? tcp_.connect(remote) : sip::ConnectionId{};
}

UdpListener* SipTransports::listener_for(const sip::Flow& flow) const {
  for (std::size_t index = 0; index < udp_.size(); ++index) {
    if (udp_addresses_[index] == flow.local) {
      return udp_[index].get();
    }
  }
  const auto best = best_listener(udp_addresses_, flow.remote.ip, sources_.toward(flow.remote.ip));
  return best ? udp_[*best].get() : nullptr;
}

void SipTransports::send_datagram(const sip::Flow& flow, std::string_view message) {
  UdpListener* const listener = listener_for(flow);
  if (listener == nullptr) {
    fail_later(flow, {base::Errc::Unreachable, "There is no UDP listener for " + flow.remote.to_string() + ". Configure one of that address family."});
    return;
  }
  trace(sip::TraceSink::Direction::Sent, {sip::Transport::Udp, listener->local(), flow.remote, {}}, message);
  listener->send(flow.remote, message);
}

void SipTransports::send_stream(const sip::Flow& flow, std::string_view message) {
  if (const auto used = tcp_.send(flow, message)) {
    trace(sip::TraceSink::Direction::Sent, *used, message);
  }
}

void SipTransports::fail_later(const sip::Flow& flow, base::Error error) {
  failures_.push_back({flow, std::move(error)});
  batch_end_.request();
}

void SipTransports::report_failures() {
  for (const Failure& failure : std::exchange(failures_, {})) {
    on_stream_error(failure.flow, failure.error);
  }
}

void SipTransports::on_datagram(const UdpListener& listener, const base::SocketAddress& remote, std::string_view bytes) {
  if (is_keep_alive(bytes)) {
    return;
  }
  deliver({sip::Transport::Udp, listener.local(), remote, {}}, bytes);
}

void SipTransports::on_datagram_error(const UdpListener& listener, const base::SocketAddress& remote, const base::Error& error) {
  on_stream_error({sip::Transport::Udp, listener.local(), remote, {}}, error);
}

void SipTransports::on_stream_message(const sip::Flow& flow, std::string_view message) { deliver(flow, message); }

void SipTransports::on_stream_error(const sip::Flow& flow, const base::Error& error) {
  if (user_ != nullptr) {
    user_->on_transport_error(flow, error);
  }
}

void SipTransports::deliver(const sip::Flow& flow, std::string_view message) {
  ++received_;
  trace(sip::TraceSink::Direction::Received, flow, message);
  if (user_ != nullptr) {
    user_->on_message(flow, message);
  }
}

void SipTransports::trace(sip::TraceSink::Direction direction, const sip::Flow& flow, std::string_view message) const {
  if (trace_ != nullptr) {
    trace_->on_trace(direction, flow, message);
  }
}

SipTransports::Statistics SipTransports::statistics() const {
  Statistics now{received_, sent_, 0, tcp_.refused(), tcp_.size()};
  for (const auto& listener : udp_) {
    now.datagrams_dropped += listener->dropped();
  }
  return now;
}

}  // namespace callwright::net
