#pragma once

#include "sdp/crypto.hpp"
#include "sdp/ice.hpp"

#include <optional>
#include <variant>
#include <vector>

/// How media are protected: in the clear, by keys in the description (SDES), or by DTLS (RFC 5763). Never silently in the clear.
namespace callwright::sdp {

/// Both sides show certificates; who begins is agreed on.
struct DtlsAgreement {
  Setup local = Setup::Active;  ///< Active or Passive.
  CertificateFingerprint remote;
  friend bool operator==(const DtlsAgreement&, const DtlsAgreement&) = default;
};

using Security = std::variant<std::monostate, CryptoAgreement, DtlsAgreement>;

/// What one side can do and demands. Not Off, it has keys or a fingerprint, or nothing can be agreed on.
struct Protection {
  MediaSecurity policy = MediaSecurity::Off;
  std::vector<Crypto> crypto = {};                        ///< SDES: our key for each suite that is allowed, in order of preference. Never to be logged.
  std::optional<CertificateFingerprint> fingerprint = {};  ///< DTLS: of our certificate.
  Security present = {};  ///< What counts in the dialog: DTLS keeps its roles as long as the other side keeps its certificate (RFC 5763 §6).
};

/// True for RTP/AVP and RTP/SAVP, with F, and for the latter under UDP/TLS.
[[nodiscard]] bool is_rtp_protocol(std::string_view protocol) noexcept;

/// Gives an offer its protocol and attributes: what is required is demanded by the protocol, what is optional goes with RTP/AVP (RFC 8643).
void offer_protection(Media& offer, const Protection& ours);
/// Decides on a section of an offer. Errors: Unsupported, as `answer_crypto`.
base::Result<Security> answer_protection(const Description& offer, const Media& media, const Protection& ours);
/// Writes what was decided on into our answer, which has the protocol of the offer already.
void write_protection(Media& answer, const Security& security, const Protection& ours);
/// Reads the answer to our own offer. Errors: Refused: something was demanded by one side and is missing; the call has to end.
base::Result<Security> accept_protection(const Description& offer, const Media& ours, const Description& answer, const Media& theirs);

}  // namespace callwright::sdp
