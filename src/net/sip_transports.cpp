#include "net/sip_transports.hpp"

#include "base/log.hpp"
#include "sip/stun.hpp"

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

constexpr std::string_view kPong = "\r\n";

/// Networks whose hosts do not reach us by way of the Internet: loopback, RFC 1918, RFC 6598, link-local, unique local (RFC 4193).
bool is_private(const base::IpAddress& ip) {
  static const std::vector<base::IpNetwork> kNetworks = [] {
    std::vector<base::IpNetwork> made;
    for (const char* const text :
         {"127.0.0.0/8", "10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "100.64.0.0/10", "169.254.0.0/16", "::1", "fc00::/7", "fe80::/10"}) {
      made.push_back(base::IpNetwork::parse(text).value());
    }
    return made;
  }();
  return std::any_of(kNetworks.begin(), kNetworks.end(), [&ip](const base::IpNetwork& network) { return network.contains(ip); });
}

}  // namespace

SipTransports::SipTransports(EngineLoop& loop, const StreamLimits& limits, const SourceLimits& sources)
    : loop_(loop),
      guard_(loop.clock(), sources),
      connections_(loop, limits, guard_, *this),
      sources_(loop.clock()),
      max_message_bytes_(limits.max_message_bytes),
      batch_end_(loop, base::Callback::to<&SipTransports::report_failures>(*this)) {}

SipTransports::~SipTransports() {
  for (const auto& listener : udp_) {
    listener->close();
  }
}

base::Result<base::SocketAddress> SipTransports::listen(sip::Transport transport, const base::SocketAddress& address, const ListenOptions& options) {
  Listening& listening = listening_[static_cast<std::size_t>(transport)];
  auto local = transport == sip::Transport::Udp ? listen_udp(address, options.dscp) : connections_.listen(transport, address, options.dscp);
  if (local) {
    listening.addresses.push_back(*local);
    listening.options.push_back(options);
  }
  return local;
}

base::Result<base::SocketAddress> SipTransports::listen_udp(const base::SocketAddress& address, int dscp) {
  const auto listener = std::make_shared<UdpListener>(loop_, static_cast<UdpListener::Owner&>(*this));
  auto local = listener->open(address, dscp);
  if (local) {
    udp_.push_back(listener);
  }
  return local;
}

base::Result<base::SocketAddress> SipTransports::listen_on_both(const base::SocketAddress& address, const ListenOptions& options) {
  constexpr int kAttempts = 50;
  for (int attempt = 1;; ++attempt) {
    auto udp = listen(sip::Transport::Udp, address, options);
    if (!udp) {
      return udp;
    }
    auto tcp = listen(sip::Transport::Tcp, *udp, options);
    if (tcp || address.port != 0 || attempt == kAttempts) {
      return tcp;
    }
    // The port that UDP got is in use on TCP: try another one.
    udp_.back()->close();
    udp_.pop_back();
    Listening& listening = listening_[static_cast<std::size_t>(sip::Transport::Udp)];
    listening.addresses.pop_back();
    listening.options.pop_back();
  }
}

std::optional<base::SocketAddress> SipTransports::local_address(sip::Transport transport, const base::SocketAddress& remote) const {
  auto address = address_of_listener(transport, remote.ip);
  if (!address && is_reliable(transport) && transport != sip::Transport::Tcp) {
    address = address_of_listener(sip::Transport::Tcp, remote.ip);
    return address ? address : address_of_listener(sip::Transport::Udp, remote.ip);
  }
  return address;
}

std::optional<base::SocketAddress> SipTransports::address_of_listener(sip::Transport transport, const base::IpAddress& remote) const {
  const Listening& listening = listening_[static_cast<std::size_t>(transport)];
  const auto source = source_toward(listening, remote);
  const auto best = best_listener(listening.addresses, remote, source);
  if (!best) {
    return std::nullopt;
  }
  base::SocketAddress address = listening.addresses[*best];
  if (address.ip.is_unspecified() && source) {
    address.ip = *source;
  }
  const auto& advertised = listening.options[*best].advertised;
  if (advertised && advertised->is_v4() == remote.is_v4() && !is_private(remote)) {
    address.ip = *advertised;
  }
  return address;
}

bool SipTransports::is_local(const base::SocketAddress& address) const {
  const auto matches = [&](const base::SocketAddress& listener, const ListenOptions& options) {
    if ((address.port != 0 && address.port != listener.port) || address.ip.is_v4() != listener.ip.is_v4()) {
      return false;
    }
    // What goes to an address of this machine leaves from that address.
    const bool anywhere = listener.ip.is_unspecified();
    return listener.ip == address.ip || options.advertised == address.ip || (anywhere && sources_.toward(address.ip) == address.ip);
  };
  return std::any_of(listening_.begin(), listening_.end(), [&matches](const Listening& listening) {
    for (std::size_t index = 0; index < listening.addresses.size(); ++index) {
      if (matches(listening.addresses[index], listening.options[index])) {
        return true;
      }
    }
    return false;
  });
}

std::optional<base::IpAddress> SipTransports::source_toward(const Listening& listening, const base::IpAddress& remote) const {
  const bool matters = listening.addresses.size() > 1 || (listening.addresses.size() == 1 && listening.addresses.front().ip.is_unspecified());
  return matters ? sources_.toward(remote) : std::nullopt;
}

int SipTransports::dscp_toward(sip::Transport transport, const base::IpAddress& remote) const {
  const Listening& listening = listening_[static_cast<std::size_t>(transport)];
  const auto best = best_listener(listening.addresses, remote, std::nullopt);
  return best ? listening.options[*best].dscp : 0;
}

void SipTransports::send(const sip::Flow& flow, std::string_view message) {
  ++sent_;
  if (flow.transport == sip::Transport::Udp) {
    send_datagram(flow, message);
  } else {
    send_stream(flow, message);
  }
}

sip::ConnectionId SipTransports::connect(sip::Transport transport, const base::SocketAddress& remote, std::string_view server_name) {
  return is_reliable(transport) ? connections_.connect(transport, remote, server_name, dscp_toward(transport, remote.ip)) : sip::ConnectionId{};
}

UdpListener* SipTransports::listener_for(const sip::Flow& flow) const {
  const auto& addresses = listeners(sip::Transport::Udp);
  for (std::size_t index = 0; index < udp_.size(); ++index) {
    if (addresses[index] == flow.local) {
      return udp_[index].get();
    }
  }
  const Listening& listening = listening_[static_cast<std::size_t>(sip::Transport::Udp)];
  const auto best = best_listener(addresses, flow.remote.ip, source_toward(listening, flow.remote.ip));
  return best ? udp_[*best].get() : nullptr;
}

void SipTransports::send_datagram(const sip::Flow& flow, std::string_view message) {
  UdpListener* const listener = listener_for(flow);
  if (listener == nullptr) {
    fail_later(flow, {base::Errc::Unreachable, "There is no UDP listener for " + flow.remote.to_string() + ". Configure one of that address family."});
    return;
  }
  trace(sip::TraceSink::Direction::Sent, {sip::Transport::Udp, listener->local(), flow.remote, {}}, message);
  if (impairment_ == nullptr) {
    listener->send(flow.remote, message);
  } else {
    impairment_->carry_out(message, [listener, remote = flow.remote](std::string_view bytes) { listener->send(remote, bytes); });
  }
}

void SipTransports::send_stream(const sip::Flow& flow, std::string_view message) {
  if (const auto used = connections_.send(flow, message, dscp_toward(flow.transport, flow.remote.ip))) {
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

void SipTransports::impair(const Impairment::Options& options, Impairment::Behind behind) {
  impairment_ = std::make_unique<Impairment>(loop_.timers(), options, std::move(behind));
  for (const base::SocketAddress& local : listeners(sip::Transport::Udp)) {
    impairment_->add(local);
  }
}

void SipTransports::on_datagram(const UdpListener& listener, const base::SocketAddress& remote, std::string_view bytes) {
  if (impairment_ == nullptr) {
    take_datagram(listener, remote, bytes);
  } else {
    impairment_->carry_in(remote, bytes, [this, &listener, remote](std::string_view late) { take_datagram(listener, remote, late); });
  }
}

void SipTransports::take_datagram(const UdpListener& listener, const base::SocketAddress& remote, std::string_view bytes) {
  if (guard_.admit(remote.ip, bytes) == SourceGuard::Verdict::Refused || is_keep_alive(bytes)) {
    return;
  }
  if (sip::is_stun(bytes)) {
    take_stun(listener, remote, bytes);
    return;
  }
  if (bytes.size() > max_message_bytes_) {
    if (const auto times = too_long_log_.due()) {
      base::log::warn("A SIP datagram was dropped: it is longer than sip.max_message_bytes",
                      {{"remote", remote.to_string()}, {"bytes", bytes.size()}, {"times", *times}});
    }
    return;
  }
  deliver({sip::Transport::Udp, listener.local(), remote, {}}, bytes);
}

void SipTransports::take_stun(const UdpListener& listener, const base::SocketAddress& remote, std::string_view bytes) {
  if (const std::string answer = sip::answer_stun_keep_alive(bytes, remote); !answer.empty()) {
    answer_from(listener, remote, answer);
  } else if (user_ != nullptr) {
    user_->on_message({sip::Transport::Udp, listener.local(), remote, {}}, bytes);
  }
}

void SipTransports::answer_from(const UdpListener& listener, const base::SocketAddress& remote, std::string_view bytes) {
  const auto known = std::find_if(udp_.begin(), udp_.end(), [&listener](const auto& other) { return other.get() == &listener; });
  (*known)->send(remote, bytes);
}

void SipTransports::on_datagram_error(const UdpListener& listener, const base::SocketAddress& remote, const base::Error& error) {
  on_stream_error({sip::Transport::Udp, listener.local(), remote, {}}, error);
}

void SipTransports::on_stream_message(const sip::Flow& flow, std::string_view message) {
  if (message != kPong) {
    deliver(flow, message);
  } else if (user_ != nullptr) {
    user_->on_message(flow, message);
  }
}

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
  Statistics now{received_, sent_, 0, connections_.refused(), guard_.refused(), connections_.size()};
  for (const auto& listener : udp_) {
    now.datagrams_dropped += listener->dropped();
  }
  return now;
}

}  // namespace callwright::net
