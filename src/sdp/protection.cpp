#include "sdp/protection.hpp"

#include "sdp/text.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <string>

namespace callwright::sdp {
namespace {

using base::Errc;
using base::Error;
using base::Result;

constexpr std::array<std::string_view, 6> kProtocols{"RTP/AVP", "RTP/AVPF", "RTP/SAVP", "RTP/SAVPF", "UDP/TLS/RTP/SAVP", "UDP/TLS/RTP/SAVPF"};

bool demands_dtls(std::string_view protocol) noexcept {
  return text::equals_ignoring_case(protocol, kProtocols[4]) || text::equals_ignoring_case(protocol, kProtocols[5]);
}

/// Nothing: the offer has no certificate that could be trusted.
Result<std::optional<DtlsAgreement>> answer_dtls(const Description& offer, const Media& media, const Security& present) {
  const auto remote = fingerprint_of(offer, media);
  if (!remote) {
    return std::optional<DtlsAgreement>();
  }
  const auto offered = setup_of(offer, media);
  if (!offered) {
    return Error(Errc::Unsupported, "a=setup of the offer is none of active, passive, actpass");
  }
  const auto* const association = std::get_if<DtlsAgreement>(&present);
  if (*offered == Setup::ActPass && association != nullptr && association->remote == *remote) {
    return std::optional(*association);
  }
  const auto local = answer_to(*offered);
  if (!local) {
    return local.error();
  }
  return std::optional(DtlsAgreement{*local, *remote});
}

Result<DtlsAgreement> accept_dtls(const Description& answer, const Media& theirs, const CertificateFingerprint& remote) {
  const auto setup = setup_of(answer, theirs);
  if (!setup || *setup == Setup::HoldConn) {
    return Error(Errc::Refused, "a=setup of the answer is neither active nor passive, so nobody would begin with DTLS");
  }
  return DtlsAgreement{*setup == Setup::Active ? Setup::Passive : Setup::Active, remote};
}

}  // namespace

bool is_rtp_protocol(std::string_view protocol) noexcept {
  return std::any_of(kProtocols.begin(), kProtocols.end(), [&](std::string_view known) { return text::equals_ignoring_case(known, protocol); });
}

void offer_protection(Media& offer, const Protection& ours) {
  if (ours.policy == MediaSecurity::Off) {
    return;
  }
  if (ours.policy == MediaSecurity::Required) {
    offer.protocol = ours.fingerprint ? "UDP/TLS/RTP/SAVPF" : "RTP/SAVP";
  }
  set_crypto(offer, ours.crypto);
  if (ours.fingerprint) {
    set_fingerprint(offer, *ours.fingerprint);
    set_setup(offer, Setup::ActPass);
  }
}

Result<Security> answer_protection(const Description& offer, const Media& media, const Protection& ours) {
  const bool demanded = is_secure_protocol(media.protocol);
  if (ours.policy != MediaSecurity::Off && ours.fingerprint) {
    auto dtls = answer_dtls(offer, media, ours.present);
    if (!dtls) {
      return dtls.error();
    }
    if (*dtls) {
      return Security(std::move(**dtls));
    }
  }
  if (demands_dtls(media.protocol) || (ours.fingerprint && ours.crypto.empty() && (demanded || ours.policy == MediaSecurity::Required))) {
    const char* const reason = ours.policy != MediaSecurity::Off && ours.fingerprint
                                   ? "Media has to be encrypted by DTLS, and the offer has no a=fingerprint of SHA-256, -384 or -512"
                                   : "The offer demands DTLS-SRTP, which is switched off here; allow it, or offer RTP/SAVP or RTP/AVP";
    return Error(Errc::Unsupported, reason);
  }
  auto agreement = answer_crypto(media, ours.crypto, ours.policy);
  if (!agreement) {
    return agreement.error();
  }
  return *agreement ? Security(std::move(**agreement)) : Security();
}

void write_protection(Media& answer, const Security& security, const Protection& ours) {
  if (const auto* const agreement = std::get_if<CryptoAgreement>(&security)) {
    set_crypto(answer, {&agreement->local, 1});
  } else if (const auto* const dtls = std::get_if<DtlsAgreement>(&security)) {
    set_fingerprint(answer, *ours.fingerprint);
    set_setup(answer, dtls->local);
  }
}

Result<Security> accept_protection(const Description& offer, const Media& ours, const Description& answer, const Media& theirs) {
  const auto remote = fingerprint_of(answer, theirs);
  if (fingerprint_of(offer, ours) && remote) {
    auto dtls = accept_dtls(answer, theirs, *remote);
    return dtls ? Result<Security>(std::move(*dtls)) : Result<Security>(dtls.error());
  }
  if (demands_dtls(ours.protocol)) {
    return Error(Errc::Refused, "Media has to be encrypted by DTLS, and the answer has no a=fingerprint; make the other side encrypt, or do not require it");
  }
  auto agreement = accept_crypto_answer(ours, theirs, MediaSecurity::Optional);
  if (!agreement) {
    return agreement.error();
  }
  return *agreement ? Security(std::move(**agreement)) : Security();
}

}  // namespace callwright::sdp
