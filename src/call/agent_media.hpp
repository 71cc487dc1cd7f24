#pragma once

#include "base/random.hpp"
#include "media/media_port.hpp"
#include "sdp/offer_answer.hpp"

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace callwright::call {

/// How the media of an agent's calls are encrypted.
struct AgentSecurity {
  enum class Kind : std::uint8_t { Sdes, Dtls };
  sdp::MediaSecurity policy = sdp::MediaSecurity::Off;
  Kind kind = Kind::Sdes;
  std::vector<sdp::CryptoSuite> suites{sdp::kUsualSuites.begin(), sdp::kUsualSuites.end()};  ///< SDES: what is offered, in order, and accepted.
};

/// What an agent offers and accepts for the media of its calls.
struct AgentMedia {
  enum class Ice : std::uint8_t { Off, Lite };
  std::vector<std::string> codecs = {"opus", "G722", "PCMA", "PCMU"};  ///< By preference, as `media::codecs_by_name` takes them.
  sdp::CodecPreference codec_preference = sdp::CodecPreference::Theirs;
  AgentSecurity security = {};
  media::RtcpPort rtcp_port = media::RtcpPort::Shared;  ///< Shared: where the other side agrees to it.
  Ice ice = Ice::Off;                                   ///< Lite needs `rtcp_port` Shared.
  std::optional<base::SocketAddress> stun_server = {};  ///< Tells what a NAT makes of a call's ports; without an answer the call goes on without.
  enum class Keys : std::uint8_t {
    Auto,   ///< As telephone-events where they were agreed on, else in the sound.
    Event,  ///< As telephone-events (RFC 4733), or not at all.
    Sound,
    SoundAlone,  ///< Nor are telephone-events offered or taken, so that the other side listens to the sound for keys.
    Info,        ///< By SIP INFO.
  };
  Keys keys = Keys::Auto;                                                  ///< How keys are pressed; those of the other side are taken in any way.
  media::SilenceSending silence_sending = media::SilenceSending::Packets;  ///< ComfortNoise needs CN among `codecs`, and the other side's consent.
  std::chrono::seconds silence_limit{60};                                  ///< Neither RTP nor RTCP for so long, outside of hold: PartnerSilent. 0: never.
  enum class OnSilence : std::uint8_t { Report, EndCall };
  OnSilence on_silence = OnSilence::Report;  ///< EndCall: BYE, with a Reason.
};

/// Without addresses and keys. Errors: InvalidArgument, a sentence on the option that is wrong.
[[nodiscard]] base::Result<sdp::AudioCapabilities> capabilities_of(const AgentMedia& options, const rtp::Fingerprint& fingerprint);

/// The keys and passwords of one call.
class CallSecrets {
 public:
  /// `random` has to be unpredictable, and outlives this.
  CallSecrets(const AgentSecurity& security, AgentMedia::Ice ice, base::Random& random);

  void put_into(sdp::AudioCapabilities& capabilities) const;
  /// Before an answer: another key of the other side gets another key of ours, since a key never counts its packets from 0 twice; other credentials of
  /// ICE get other ones of ours (RFC 8839 §4.4.1.1.1).
  void renew_for(const sdp::Description& offer, const std::optional<sdp::Negotiated>& present);

 private:
  void renew_keys();
  void renew_ice();

  base::Random& random_;
  std::vector<sdp::CryptoSuite> suites_;  ///< None: no keys are needed.
  std::vector<sdp::Crypto> keys_;
  std::optional<sdp::IceUser> ice_;  ///< None: no ICE.
};

}  // namespace callwright::call
