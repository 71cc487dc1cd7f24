#include "media/packet_path.hpp"

#include <utility>

namespace callwright::media {
namespace {

rtp::SrtpSuite to_rtp(sdp::CryptoSuite suite) noexcept {
  switch (suite) {
    case sdp::CryptoSuite::AesCm128HmacSha1Tag80: return rtp::SrtpSuite::AesCm128HmacSha1Tag80;
    case sdp::CryptoSuite::AesCm128HmacSha1Tag32: return rtp::SrtpSuite::AesCm128HmacSha1Tag32;
    case sdp::CryptoSuite::AesCm256HmacSha1Tag80: return rtp::SrtpSuite::AesCm256HmacSha1Tag80;
    case sdp::CryptoSuite::AesCm256HmacSha1Tag32: return rtp::SrtpSuite::AesCm256HmacSha1Tag32;
    case sdp::CryptoSuite::AeadAes128Gcm: return rtp::SrtpSuite::AeadAes128Gcm;
    case sdp::CryptoSuite::AeadAes256Gcm: return rtp::SrtpSuite::AeadAes256Gcm;
  }
  return rtp::SrtpSuite::AesCm128HmacSha1Tag80;
}

base::Result<rtp::SrtpKey> key_of(const sdp::Crypto& crypto) { return rtp::SrtpKey::make(to_rtp(crypto.suite), crypto.key_and_salt); }

bool usable(const base::SocketAddress& address) noexcept { return address.port != 0 && !address.ip.is_unspecified(); }

}  // namespace

base::Result<void> PacketPath::configure(const StreamParameters& parameters) {
  wanted_ = usable(parameters.remote_rtp);
  if (wanted_) {
    latch_.describe(parameters.remote_rtp);
  }
  if (described_rtcp_ != parameters.remote_rtcp) {
    described_rtcp_ = parameters.remote_rtcp;
    heard_rtcp_.reset();
  }
  rtcp_port_ = parameters.rtcp_port;
  set_ice(parameters.ice);
  if (security_ == parameters.security) {
    return base::ok();
  }
  const StreamSecurity before = std::exchange(security_, parameters.security);
  failure_.clear();
  auto made = protect(before);
  if (!made) {
    failure_ = made.error().message();
  }
  return made;
}

void PacketPath::set_ice(const std::optional<IceParameters>& ice) {
  if (!ice) {
    ice_.reset();
    return;
  }
  if (!ice_) {
    ice_.emplace(ice->local);
  } else if (ice_->local() != ice->local) {
    ice_->restart(ice->local);
  }
  ice_->set_remote_ufrag(ice->remote_ufrag);
}

base::Result<void> PacketPath::protect(const StreamSecurity& before) {
  dtls_.reset();
  const auto* const keys = std::get_if<sdp::CryptoAgreement>(&security_);
  const auto* const keys_before = srtp_ ? std::get_if<sdp::CryptoAgreement>(&before) : nullptr;
  if (keys != nullptr && keys_before != nullptr) {
    return change_keys(*keys, *keys_before);
  }
  srtp_.reset();
  if (keys != nullptr) {
    return use_keys(*keys);
  }
  if (const auto* const dtls = std::get_if<DtlsParameters>(&security_)) {
    auto transport = rtp::DtlsTransport::make(identity_, dtls->role, dtls->remote);
    if (!transport) {
      return transport.error();
    }
    dtls_.emplace(std::move(*transport));
    // With ICE, the first check that names an address begins it.
    start_dtls();
  }
  return base::ok();
}

base::Result<void> PacketPath::use_keys(const sdp::CryptoAgreement& keys) {
  const auto sending = key_of(keys.local);
  const auto receiving = key_of(keys.remote);
  if (!sending || !receiving) {
    return sending ? receiving.error() : sending.error();
  }
  auto session = rtp::SrtpSession::make(to_rtp(keys.local.suite), *sending, *receiving);
  if (!session) {
    return session.error();
  }
  srtp_.emplace(std::move(*session));
  return base::ok();
}

/// The direction whose key stays keeps its counters.
base::Result<void> PacketPath::change_keys(const sdp::CryptoAgreement& keys, const sdp::CryptoAgreement& before) {
  base::Result<void> changed = base::ok();
  if (keys.local != before.local) {
    const auto key = key_of(keys.local);
    changed = key ? srtp_->send_with(to_rtp(keys.local.suite), *key) : key.error();
  }
  if (changed && keys.remote != before.remote) {
    const auto key = key_of(keys.remote);
    changed = key ? srtp_->receive_with(to_rtp(keys.remote.suite), *key) : key.error();
  }
  if (!changed) {
    srtp_.reset();
  }
  return changed;
}

rtp::DatagramKind PacketPath::kind_of(Port port, rtp::Bytes datagram) const noexcept {
  const rtp::DatagramKind kind = rtp::kind_of(datagram);
  const bool media = kind == rtp::DatagramKind::Rtp || kind == rtp::DatagramKind::Rtcp;
  if (!media || rtcp_port_ == RtcpPort::Shared) {
    return kind;
  }
  return port == Port::Rtp ? rtp::DatagramKind::Rtp : rtp::DatagramKind::Rtcp;
}

std::optional<PacketPath::Packet> PacketPath::receive(Port port, const base::SocketAddress& from, rtp::Bytes datagram, base::TimePoint now) {
  now_ = now;
  const rtp::DatagramKind kind = kind_of(port, datagram);
  if (ice_ && kind != rtp::DatagramKind::Stun && !ice_->is_checked(from)) {
    ++unknown_;
    return std::nullopt;
  }
  switch (kind) {
    case rtp::DatagramKind::Rtp: return receive_rtp(from, datagram, now);
    case rtp::DatagramKind::Rtcp: return receive_rtcp(from, datagram);
    case rtp::DatagramKind::Dtls:
      // Who does not share the port shakes hands on both, for itself on each (RFC 5764 §4.1). The one association is that of RTP: a hello that comes to the
      // other port first would be answered to a side that has not said it.
      if (port == Port::Rtp) {
        receive_dtls(datagram);
      }
      return std::nullopt;
    case rtp::DatagramKind::Stun: receive_check(from, datagram, now); return std::nullopt;
    case rtp::DatagramKind::Other: ++unknown_; return std::nullopt;
  }
  return std::nullopt;
}

void PacketPath::receive_check(const base::SocketAddress& from, rtp::Bytes datagram, base::TimePoint now) {
  if (!ice_) {
    ++unknown_;
    return;
  }
  const std::string answer = ice_->receive({reinterpret_cast<const char*>(datagram.data()), datagram.size()}, from, now);
  if (!answer.empty()) {
    output_.send_datagram(Port::Rtp, from, {reinterpret_cast<const std::uint8_t*>(answer.data()), answer.size()});
  }
  start_dtls();
}

void PacketPath::start_dtls() {
  if (dtls_ && dtls_->state() == rtp::DtlsTransport::State::New && destination()) {
    dtls_->start(handshake_);
    after_dtls();
  }
}

void PacketPath::receive_dtls(rtp::Bytes datagram) {
  if (!dtls_) {
    ++unknown_;
    return;
  }
  start_dtls();
  dtls_->receive(datagram, handshake_);
  after_dtls();
}

void PacketPath::after_dtls() {
  const auto to = destination();
  for (const rtp::Buffer& datagram : std::exchange(handshake_, {})) {
    if (to) {
      output_.send_datagram(Port::Rtp, *to, datagram);
    }
  }
  if (dtls_->state() == rtp::DtlsTransport::State::Failed && failure_.empty()) {
    failure_ = dtls_->failure();
  }
  if (srtp_ || dtls_->keys() == nullptr) {
    return;
  }
  const rtp::DtlsKeys& keys = *dtls_->keys();
  auto session = rtp::SrtpSession::make(keys.suite, keys.sending, keys.receiving);
  if (session) {
    srtp_.emplace(std::move(*session));
  } else {
    failure_ = session.error().message();
  }
}

std::optional<rtp::Bytes> PacketPath::decrypt(rtp::Bytes datagram, rtp::SrtpResult (rtp::SrtpSession::*unprotect)(rtp::Buffer&)) {
  if (!encrypted()) {
    return datagram;
  }
  plain_.assign(datagram.begin(), datagram.end());
  if (!srtp_ || ((*srtp_).*unprotect)(plain_) != rtp::SrtpResult::Ok) {
    ++unauthentic_;
    return std::nullopt;
  }
  return rtp::Bytes(plain_);
}

std::optional<PacketPath::Packet> PacketPath::receive_rtp(const base::SocketAddress& from, rtp::Bytes datagram, base::TimePoint now) {
  const auto plain = decrypt(datagram, &rtp::SrtpSession::unprotect_rtp);
  if (!plain) {
    return std::nullopt;
  }
  const auto packet = rtp::Packet::parse(*plain);
  if (!packet) {
    ++unknown_;
    return std::nullopt;
  }
  // Until somebody was heard, a packet from elsewhere is the partner behind a NAT; afterwards only the keys tell it from a stranger's.
  if (ice_) {
    return Packet{Kind::Rtp, *plain};
  }
  const bool trusted = encrypted() || !latch_.latched();
  const rtp::Origin origin = latch_.receive(from, packet->ssrc, packet->sequence, now);
  if (origin == rtp::Origin::Stray || (origin == rtp::Origin::Candidate && !trusted)) {
    return std::nullopt;
  }
  return Packet{Kind::Rtp, *plain};
}

std::optional<PacketPath::Packet> PacketPath::receive_rtcp(const base::SocketAddress& from, rtp::Bytes datagram) {
  const auto plain = decrypt(datagram, &rtp::SrtpSession::unprotect_rtcp);
  if (!plain) {
    return std::nullopt;
  }
  // Reports of a stranger would spoil the figures; the partner's come from where its RTP comes from, or from where its description says.
  if (!encrypted() && !ice_ && from.ip != latch_.remote().ip && from.ip != described_rtcp_.ip) {
    ++unknown_;
    return std::nullopt;
  }
  heard_rtcp_ = from;
  return Packet{Kind::Rtcp, *plain};
}

std::optional<base::SocketAddress> PacketPath::destination() const noexcept {
  if (ice_) {
    return ice_->has_consent(now_) ? ice_->selected() : std::nullopt;
  }
  return wanted_ ? std::optional(latch_.remote()) : std::nullopt;
}

std::optional<base::SocketAddress> PacketPath::rtcp_destination() const noexcept {
  if (rtcp_port_ == RtcpPort::Shared || ice_) {
    return destination();
  }
  const base::SocketAddress to = heard_rtcp_.value_or(described_rtcp_);
  return usable(to) ? std::optional(to) : std::nullopt;
}

bool PacketPath::ready() const noexcept { return destination() && (!encrypted() || srtp_.has_value()); }

void PacketPath::send_rtp(rtp::Buffer& packet) {
  const auto to = destination();
  if (to && (!encrypted() || (srtp_ && srtp_->protect_rtp(packet) == rtp::SrtpResult::Ok))) {
    output_.send_datagram(Port::Rtp, *to, packet);
  }
}

void PacketPath::send_rtcp(rtp::Buffer& packet) {
  const auto to = rtcp_destination();
  if (to && (!encrypted() || (srtp_ && srtp_->protect_rtcp(packet) == rtp::SrtpResult::Ok))) {
    output_.send_datagram(rtcp_port_ == RtcpPort::Shared ? Port::Rtp : Port::Rtcp, *to, packet);
  }
}

void PacketPath::tick(base::TimePoint now) {
  now_ = now;
  if (dtls_) {
    dtls_->handle_timeout(handshake_);
    after_dtls();
  }
}

void PacketPath::close() {
  if (dtls_) {
    dtls_->close(handshake_);
    after_dtls();
  }
}

}  // namespace callwright::media
