#pragma once

#include "sdp/description.hpp"

#include <optional>
#include <span>
#include <vector>

/// What a description says of ICE (RFC 8839), DTLS (RFC 8122, RFC 8842) and of media that share a port (RFC 9143, RFC 5761).
namespace callwright::sdp {

/// `a=candidate` (RFC 8839 §5.1).
struct IceCandidate {
  std::string foundation = "1";
  std::uint32_t component = 1;
  std::string transport = "UDP";
  std::uint32_t priority = 0;
  std::string address;  ///< A literal, or a name: browsers hide theirs behind "….local" (mDNS).
  std::uint16_t port = 0;
  std::string type = "host";
  std::string extensions;  ///< raddr, rport and what else follows, as it came.

  /// The value of the attribute, or a trickled "candidate:…" line. Errors: InvalidArgument.
  static base::Result<IceCandidate> parse(std::string_view value);
  [[nodiscard]] std::string to_string() const;
  /// Nothing for a name.
  [[nodiscard]] std::optional<base::SocketAddress> socket_address() const;
  friend bool operator==(const IceCandidate&, const IceCandidate&) = default;
};

/// Host candidates of one component on these addresses (bound or announced), the first preferred (RFC 8445 §5.1.2.1). At most 32 are made.
[[nodiscard]] std::vector<IceCandidate> make_host_candidates(std::span<const base::SocketAddress> addresses, std::uint32_t component);

/// All of ICE that one section says, with what the session says for all.
struct IceDescription {
  static constexpr std::size_t kMaxCandidates = 64;

  std::string ufrag;
  std::string password;  ///< Never to be logged.
  bool lite = false;
  bool trickles = false;  ///< `a=ice-options` has "trickle" or "trickle-ice".
  bool end_of_candidates = false;
  std::vector<IceCandidate> candidates;  ///< Those that can be read; further ones and others are passed over.
  friend bool operator==(const IceDescription&, const IceDescription&) = default;
};

/// Nothing when there is no ICE. Errors: InvalidArgument: ufrag without password, or of a wrong length or alphabet.
base::Result<std::optional<IceDescription>> ice_of(const Description& description, const Media& media);
/// Replaces all attributes of ICE in the section; `a=ice-lite` goes to the session.
void set_ice(Description& description, Media& media, const IceDescription& ice);

/// `a=fingerprint:<algorithm> <value>` (RFC 8122 §5).
struct CertificateFingerprint {
  std::string algorithm;  ///< In lower case.
  std::string value;      ///< "AB:CD:…" in upper case.
  friend bool operator==(const CertificateFingerprint&, const CertificateFingerprint&) = default;
};
/// The strongest of those that use SHA-256, -384 or -512 and are well-formed; of the section, else of the session. None: no DTLS is possible.
[[nodiscard]] std::optional<CertificateFingerprint> fingerprint_of(const Description& description, const Media& media);
void set_fingerprint(Media& media, const CertificateFingerprint& fingerprint);

/// `a=setup` (RFC 4145 §4): who begins.
enum class Setup { Active, Passive, ActPass, HoldConn };
[[nodiscard]] std::string_view to_string(Setup setup) noexcept;
/// Of the section, else of the session; ActPass when an offer says nothing (RFC 5763 §5).
[[nodiscard]] std::optional<Setup> setup_of(const Description& description, const Media& media) noexcept;
void set_setup(Media& media, Setup setup);
/// What to answer: Active to who leaves the choice (it saves a round trip, RFC 5763 §5), else the opposite. Errors: Unsupported (holdconn).
base::Result<Setup> answer_to(Setup offered);

[[nodiscard]] bool has_rtcp_mux(const Media& media) noexcept;
void set_rtcp_mux(Media& media);
/// `a=mid`; empty when there is none.
[[nodiscard]] std::string_view mid_of(const Media& media) noexcept;
/// The mids of each `a=group:BUNDLE`, in their order.
[[nodiscard]] std::vector<std::vector<std::string>> bundle_groups(const Description& description);
/// Replaces the groups by one; none when `mids` is empty.
void set_bundle(Description& description, std::span<const std::string> mids);

}  // namespace callwright::sdp
