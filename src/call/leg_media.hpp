#pragma once

#include "call/agent_media.hpp"
#include "media/media_port.hpp"
#include "sdp/offer_answer.hpp"

#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace callwright::call {

/// Our own end of the media of one dialog: a stream of the media port, and the descriptions by which the other side gets to know it. Engine thread.
class LegMedia final {
 public:
  struct Options {
    media::StreamOptions stream;                     ///< Where its ports are bound.
    std::optional<base::IpAddress> advertised = {};  ///< Stands in descriptions instead, port for port (NAT).
    sdp::AudioCapabilities capabilities = {};        ///< As `capabilities_of` makes them: without addresses and keys.
    AgentSecurity security = {};                     ///< What `capabilities` were made of,
    AgentMedia::Ice ice = AgentMedia::Ice::Off;      ///< as was this.
    AgentMedia::Keys keys = AgentMedia::Keys::Auto;
    media::SilenceSending silence_sending = media::SilenceSending::Packets;
    std::chrono::seconds silence_limit{0};
    [[nodiscard]] static Options from(const AgentMedia& media, sdp::AudioCapabilities capabilities);
  };

  /// Binds the ports. `port` and `random` outlive this; `observer` hears of the stream, which it knows by its id, until this is destroyed.
  /// Errors: those of `MediaPort::open`.
  static base::Result<std::unique_ptr<LegMedia>> open(media::MediaPort& port, base::Random& random, media::MediaObserver& observer, Options options);
  /// Frees the ports.
  ~LegMedia();
  LegMedia(const LegMedia&) = delete;
  LegMedia& operator=(const LegMedia&) = delete;

  /// Takes the place of somebody who has described the media of this dialog so far (`sdp::Session::follow`).
  void follow(const sdp::Origin& origin) { session_.follow(origin); }
  /// What the next offer or answer names: codecs, direction, packet time. Addresses, keys and ICE are put in by this.
  [[nodiscard]] sdp::AudioCapabilities& speaks() noexcept { return options_.capabilities; }
  /// What a NAT makes of the ports (`media::AddressLearned`), from the first offer or answer on; RTCP where it is not one port above.
  void describe(const base::SocketAddress& rtp, std::optional<base::SocketAddress> rtcp);
  [[nodiscard]] std::string offer();
  /// Errors: what is wrong with the offer, or Unsupported: nothing is in common (488). The media are as before then.
  base::Result<std::string> answer(std::string_view offer);
  /// Whether `answer` would agree with these codecs, so that an offer which comes to nothing is known before anybody rings. Errors: those of `answer`.
  [[nodiscard]] base::Result<void> can_answer(const sdp::Description& offer, std::vector<sdp::Codec> codecs) const;
  /// The other side's answer to the latest offer.
  base::Result<void> accept(std::string_view answer);
  /// Whether `offer`, answered by itself, would leave the codec and the directions as they are now.
  [[nodiscard]] bool keeps(const sdp::Description& offer) const;
  /// Media flow as was agreed on last. Does nothing before that, or when no stream was agreed on. Errors: Unsupported, a codec that cannot be played.
  base::Result<void> start();

  /// Closes the stream now. The observer goes on to hear of it, also when this is gone, until its Ended; so it has to live until then.
  media::StreamId close();
  [[nodiscard]] media::StreamId stream() const noexcept { return stream_.id; }
  /// Our latest description; null before the first.
  [[nodiscard]] const sdp::Description* latest() const noexcept { return session_.local() ? &*session_.local() : nullptr; }
  /// What was agreed on; null before the first answer.
  [[nodiscard]] const sdp::Negotiated* negotiated() const noexcept { return session_.negotiated() ? &*session_.negotiated() : nullptr; }

 private:
  LegMedia(media::MediaPort& port, base::Random& random, Options options, media::OpenedStream stream, base::SocketAddress described);
  [[nodiscard]] sdp::AudioCapabilities capabilities() const;

  media::MediaPort& port_;
  base::Random& random_;
  Options options_;
  media::OpenedStream stream_;
  base::SocketAddress described_;  ///< As descriptions name it.
  std::optional<base::SocketAddress> described_rtcp_;
  sdp::Session session_;
  CallSecrets secrets_;
};

}  // namespace callwright::call
