#pragma once

#include "base/clock.hpp"
#include "base/socket_address.hpp"
#include "rtp/packet.hpp"

#include <chrono>
#include <optional>

namespace callwright::rtp {

/// Where a packet stands that came from this address.
enum class Origin {
  Peer,       ///< From the partner: to be played.
  Candidate,  ///< Perhaps the partner behind a NAT; its next packets decide. To be played only by who trusts the packet otherwise.
  Stray,      ///< From somebody else, while the partner is there. To be dropped.
};

/// Symmetric RTP (RFC 4961): finds out where the partner really sends from, and so where to send to. The address that its description names holds
/// until packets in sequence of one source come from another; what is latched stays until the partner has been silent for a while, so that
/// nobody takes a call over with a few packets.
class Latch {
 public:
  struct Options {
    unsigned packets = 3;                                    ///< In sequence, of one SSRC, from one address; at least 1.
    base::Duration relatch_after = std::chrono::seconds(2);  ///< Silence of the partner before another may take its place.
  };

  explicit Latch(const Options& options) noexcept : options_(options) {}

  /// The address of the partner's description; a changed one begins anew, the same one changes nothing.
  void describe(const base::SocketAddress& address) noexcept;
  /// A well-formed RTP packet (with SRTP: one that was authenticated).
  Origin receive(const base::SocketAddress& from, Ssrc ssrc, std::uint16_t sequence, base::TimePoint now) noexcept;

  /// Where to send to.
  [[nodiscard]] const base::SocketAddress& remote() const noexcept { return remote_; }
  /// Something came from `remote`, or it was found by its packets.
  [[nodiscard]] bool latched() const noexcept { return last_heard_.has_value(); }
  [[nodiscard]] std::uint64_t strays() const noexcept { return strays_; }
  /// How often `remote` changed without a description that said so.
  [[nodiscard]] std::uint64_t changes() const noexcept { return changes_; }

 private:
  struct Candidate {
    base::SocketAddress from;
    Ssrc ssrc{};
    std::uint16_t next_sequence = 0;
    unsigned packets = 0;
  };

  Options options_;
  base::SocketAddress described_;
  base::SocketAddress remote_;
  std::optional<base::TimePoint> last_heard_;
  std::optional<Candidate> candidate_;
  std::uint64_t strays_ = 0;
  std::uint64_t changes_ = 0;
};

}  // namespace callwright::rtp
