#pragma once

#include "media/media_port.hpp"
#include "rtp/demultiplex.hpp"
#include "rtp/dtls.hpp"
#include "rtp/ice_lite.hpp"
#include "rtp/latch.hpp"
#include "rtp/srtp.hpp"

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace callwright::media {

/// Which of the two ports of a stream; with RTCP on the port of RTP (RFC 5761) there is only that.
enum class Port : std::uint8_t { Rtp, Rtcp };

/// Between the datagrams of a stream and its packets: what they are, where they come from and go to, and their encryption. Nothing leaves in the clear
/// where encryption was agreed on: what is sent before the keys are there is dropped.
class PacketPath {
 public:
  /// Where datagrams go; called from within its functions.
  class Output {
   public:
    virtual void send_datagram(Port port, const base::SocketAddress& to, rtp::Bytes datagram) = 0;

   protected:
    ~Output() = default;
  };

  /// `identity` is shown to the other side of DTLS and lives longer.
  PacketPath(const rtp::DtlsIdentity& identity, Output& output) : identity_(identity), output_(output), latch_(rtp::Latch::Options{}) {}

  /// Addresses and keys. Keys that stay keep their counters; the same fingerprint keeps its association (RFC 5763 §6.6).
  /// Errors: those of `SrtpSession::make` and `DtlsTransport::make`; then nothing is sent or taken any more.
  base::Result<void> configure(const StreamParameters& parameters);

  enum class Kind { Rtp, Rtcp };
  struct Packet {
    Kind kind;
    rtp::Bytes bytes;  ///< Decrypted. Valid until the next call.
  };
  /// A datagram from the network: a packet of the partner, or nothing: of somebody else, not authentic, or none of media.
  std::optional<Packet> receive(Port port, const base::SocketAddress& from, rtp::Bytes datagram, base::TimePoint now);
  /// Encrypts `packet` in its place and sends it.
  void send_rtp(rtp::Buffer& packet);
  void send_rtcp(rtp::Buffer& packet);
  /// To be called on every tick: repeats what a handshake waits for.
  void tick(base::TimePoint now);
  /// Says good-bye where DTLS was used.
  void close();

  /// Packets can be sent: an address is known, and keys where they are needed.
  [[nodiscard]] bool ready() const noexcept;
  /// Why encryption failed; empty while it did not. No secret.
  [[nodiscard]] const std::string& failure() const noexcept { return failure_; }
  struct Statistics {
    std::uint64_t strays = 0;       ///< From somebody else.
    std::uint64_t unauthentic = 0;  ///< Not encrypted with the key, or sent once more.
    std::uint64_t unknown = 0;      ///< No RTP, no RTCP, nor anything that is expected.
  };
  [[nodiscard]] Statistics statistics() const noexcept { return {latch_.strays(), unauthentic_, unknown_}; }

 private:
  void set_ice(const std::optional<IceParameters>& ice);
  [[nodiscard]] base::Result<void> protect(const StreamSecurity& before);
  [[nodiscard]] base::Result<void> use_keys(const sdp::CryptoAgreement& keys);
  [[nodiscard]] base::Result<void> change_keys(const sdp::CryptoAgreement& keys, const sdp::CryptoAgreement& before);
  [[nodiscard]] bool encrypted() const noexcept { return !std::holds_alternative<std::monostate>(security_); }
  [[nodiscard]] rtp::DatagramKind kind_of(Port port, rtp::Bytes datagram) const noexcept;
  void receive_check(const base::SocketAddress& from, rtp::Bytes datagram, base::TimePoint now);
  void start_dtls();
  void receive_dtls(rtp::Bytes datagram);
  void after_dtls();
  /// Where media goes, if it may go anywhere now.
  [[nodiscard]] std::optional<base::SocketAddress> destination() const noexcept;
  std::optional<Packet> receive_rtp(const base::SocketAddress& from, rtp::Bytes datagram, base::TimePoint now);
  std::optional<Packet> receive_rtcp(const base::SocketAddress& from, rtp::Bytes datagram);
  [[nodiscard]] std::optional<rtp::Bytes> decrypt(rtp::Bytes datagram, rtp::SrtpResult (rtp::SrtpSession::*unprotect)(rtp::Buffer&));
  [[nodiscard]] std::optional<base::SocketAddress> rtcp_destination() const noexcept;

  const rtp::DtlsIdentity& identity_;
  Output& output_;
  rtp::Latch latch_;
  bool wanted_ = false;  ///< The description names an address: 0.0.0.0 holds (RFC 2543).
  base::SocketAddress described_rtcp_;
  std::optional<base::SocketAddress> heard_rtcp_;  ///< Where RTCP really comes from.
  RtcpPort rtcp_port_ = RtcpPort::Separate;
  StreamSecurity security_;
  std::optional<rtp::IceLite> ice_;
  base::TimePoint now_{};  ///< Of the last tick or datagram.
  std::optional<rtp::SrtpSession> srtp_;
  std::optional<rtp::DtlsTransport> dtls_;
  std::vector<rtp::Buffer> handshake_;  ///< Datagrams that DTLS wants sent.
  rtp::Buffer plain_;
  std::string failure_;
  std::uint64_t unauthentic_ = 0;
  std::uint64_t unknown_ = 0;
};

}  // namespace callwright::media
