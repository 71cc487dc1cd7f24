#pragma once

#include "base/clock.hpp"
#include "rtp/srtp.hpp"

#include <chrono>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

/// Keys of media by DTLS 1.2 (RFC 5763, RFC 5764), through OpenSSL: datagrams in, datagrams and keys out, no socket.
namespace callwright::rtp {

/// The hash of a certificate as `a=fingerprint` has it (RFC 8122).
struct Fingerprint {
  std::string algorithm = "sha-256";  ///< In lower case.
  std::string value;                  ///< "AB:CD:…", in upper case.
  friend bool operator==(const Fingerprint&, const Fingerprint&) = default;
};

/// Who begins (RFC 4145, RFC 5763 §5): `a=setup:active` sends the ClientHello.
enum class DtlsRole { Active, Passive };

/// A key pair and its self-signed certificate, made once for a process and used for all its calls; ECDSA on P-256.
/// Any thread may use it at any time once it is made; a DtlsTransport keeps what it needs of it alive.
class DtlsIdentity {
 public:
  /// `now` decides on the days of the certificate: from a day before to a year after. Errors: Io (OpenSSL refuses).
  static base::Result<DtlsIdentity> make(base::WallTime now);

  [[nodiscard]] const Fingerprint& fingerprint() const noexcept;

 private:
  friend class DtlsTransport;
  struct Context;
  explicit DtlsIdentity(std::shared_ptr<const Context> context) noexcept : context_(std::move(context)) {}
  std::shared_ptr<const Context> context_;
};

/// What a handshake gives: everything for `SrtpSession::make`.
struct DtlsKeys {
  SrtpSuite suite = SrtpSuite::AesCm128HmacSha1Tag80;
  SrtpKey sending;
  SrtpKey receiving;
};

/// One DTLS association. Belongs to the thread of its stream.
///
/// OpenSSL reads the machine's clock for its retransmissions; `handle_timeout` has to be called when `timeout` is over, which may be on every tick.
class DtlsTransport {
 public:
  static constexpr std::size_t kMtu = 1200;
  static constexpr std::size_t kMaxDatagram = 4096;  ///< Longer ones are dropped.
  static constexpr std::chrono::milliseconds kFirstTimeout{100};

  enum class State {
    New,        ///< Not started.
    Handshake,  ///<
    Connected,  ///< `keys` are there.
    Failed,     ///< `failure` says why; nothing more will be said.
    Closed,     ///< The other side said good-bye.
  };

  /// `expected` is the fingerprint of the other side's description; a certificate with another one ends the handshake. Errors: InvalidArgument
  /// (a hash that is not SHA-256, -384 or -512), Io.
  static base::Result<DtlsTransport> make(const DtlsIdentity& identity, DtlsRole role, const Fingerprint& expected);
  DtlsTransport(DtlsTransport&&) noexcept;
  DtlsTransport& operator=(DtlsTransport&&) noexcept;
  ~DtlsTransport();

  /// Each appends the datagrams that have to go out, none longer than kMtu.
  /// Active: sends the ClientHello. Passive: waits.
  void start(std::vector<Buffer>& out);
  void receive(Bytes datagram, std::vector<Buffer>& out);
  /// Sends again what was not answered; after twelve times, it failed. Does nothing before the time.
  void handle_timeout(std::vector<Buffer>& out);
  /// Says good-bye (close_notify).
  void close(std::vector<Buffer>& out);

  /// Until `handle_timeout` is due; nothing when nobody is waited for.
  [[nodiscard]] std::optional<base::Duration> timeout() const noexcept;
  [[nodiscard]] State state() const noexcept;
  /// There once, and as long as, it is Connected.
  [[nodiscard]] const DtlsKeys* keys() const noexcept;
  /// Of a Failed one, for the log; no secret.
  [[nodiscard]] const std::string& failure() const noexcept;

 private:
  struct Association;
  explicit DtlsTransport(std::unique_ptr<Association> association) noexcept;
  std::unique_ptr<Association> association_;
};

}  // namespace callwright::rtp
