#pragma once

#include "rtp/packet.hpp"

#include <array>
#include <memory>
#include <span>
#include <string_view>

/// Encrypted and authenticated RTP and RTCP (RFC 3711), by libsrtp2. Keys come from the description (RFC 4568) or from DTLS (RFC 5764).
namespace callwright::rtp {

/// Cipher and authentication, named as in RFC 4568, RFC 6188 and RFC 7714. With a 32-bit tag for RTP, RTCP still has 80 bits.
enum class SrtpSuite : std::uint8_t {
  AesCm128HmacSha1Tag80,
  AesCm128HmacSha1Tag32,
  AesCm256HmacSha1Tag80,
  AesCm256HmacSha1Tag32,
  AeadAes128Gcm,
  AeadAes256Gcm,
};

/// "AES_CM_128_HMAC_SHA1_80" …, as in `a=crypto`.
[[nodiscard]] std::string_view name_of(SrtpSuite suite) noexcept;
/// Bytes of the master key and of the master salt.
struct SrtpKeySizes {
  std::size_t key = 0;
  std::size_t salt = 0;
};
[[nodiscard]] SrtpKeySizes key_sizes_of(SrtpSuite suite) noexcept;

/// A master key with its salt behind it. Its memory is overwritten when it goes.
class SrtpKey {
 public:
  static constexpr std::size_t kMaxSize = 46;

  SrtpKey() = default;
  SrtpKey(const SrtpKey&) = default;
  SrtpKey& operator=(const SrtpKey&) = default;
  ~SrtpKey();

  /// Errors: InvalidArgument when the size is not that of the suite.
  static base::Result<SrtpKey> make(SrtpSuite suite, std::span<const std::uint8_t> key_and_salt);

  [[nodiscard]] Bytes bytes() const noexcept { return {bytes_.data(), size_}; }
  friend bool operator==(const SrtpKey&, const SrtpKey&) = default;

 private:
  std::array<std::uint8_t, kMaxSize> bytes_{};
  std::size_t size_ = 0;
};

/// The library tests its ciphers when it is first used, which takes tenths of a second: to be called on a thread that may wait, before calls come.
void blocking_prepare_srtp() noexcept;

/// What became of a packet; anything but Ok: it is to be dropped, and its buffer means nothing.
enum class SrtpResult {
  Ok,
  Malformed,
  Unauthentic,  ///< Another key, or changed on the way.
  Replayed,     ///< Was here before, or is older than the window of 128 packets.
  Failed,       ///< The limits of the key (2^48 packets) or of the number of sources are reached.
};

/// Both directions of one stream. Belongs to the thread of the stream. Roll-over counters are kept for each SSRC.
class SrtpSession {
 public:
  /// More than this many authenticated sources are refused.
  static constexpr std::size_t kMaxSources = 64;

  /// Errors: InvalidArgument (a key of the wrong size), Unsupported (libsrtp2 was built without the cipher).
  static base::Result<SrtpSession> make(SrtpSuite suite, const SrtpKey& sending, const SrtpKey& receiving);
  SrtpSession(SrtpSession&&) noexcept;
  SrtpSession& operator=(SrtpSession&&) noexcept;
  ~SrtpSession();

  /// One direction gets another key; the other one keeps its counters, so that no key is used twice for one index (RFC 3711 §9.1).
  /// Errors: those of `make`; then nothing has changed.
  base::Result<void> send_with(SrtpSuite suite, const SrtpKey& key);
  base::Result<void> receive_with(SrtpSuite suite, const SrtpKey& key);

  /// Each changes the packet in place.
  SrtpResult protect_rtp(Buffer& packet);
  SrtpResult unprotect_rtp(Buffer& packet);
  SrtpResult protect_rtcp(Buffer& packet);
  SrtpResult unprotect_rtcp(Buffer& packet);

 private:
  struct Contexts;
  explicit SrtpSession(std::unique_ptr<Contexts> contexts) noexcept;
  std::unique_ptr<Contexts> contexts_;
};

}  // namespace callwright::rtp
