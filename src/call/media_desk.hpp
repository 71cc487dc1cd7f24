#pragma once

#include "call/leg_streams.hpp"
#include "call/routing.hpp"
#include "sdp/glance.hpp"
#include "sip/transport.hpp"

#include <functional>
#include <memory>
#include <optional>
#include <string_view>
#include <vector>

namespace callwright::call {

struct MediaSettings {
  MediaMode mode = MediaMode::Auto;
  MediaProfile profile = {};                       ///< Of sides that have none of their own.
  std::vector<sdp::Codec> codecs = {};             ///< What is offered besides, where sound may be processed.
  std::vector<base::IpAddress> addresses = {};     ///< To bind, the first of a family; none: where requests are taken.
  std::optional<base::IpAddress> advertised = {};  ///< What a NAT makes of the one of its family.
  std::uint16_t first_port = 0;                    ///< As `media::StreamOptions`.
  std::uint16_t last_port = 0;
  std::optional<media::SourceSpec> hold_music = {};  ///< What a party hears whose other side holds; none: what that side says.
  std::string sounds = {};                           ///< The folder of what an API may have played; "": nothing.
  std::string recordings = {};                       ///< The folder of what it has recorded; "": nothing.
};

/// What is known of a side before it has said anything.
struct MediaSide {
  enum class Kind : std::uint8_t { Phone, Browser };
  std::shared_ptr<const MediaProfile> profile = {};  ///< Null: that of the settings.
  std::optional<base::IpAddress> remote = {};        ///< Where its signalling is; nothing for a name that is still to be looked up.
  Kind kind = Kind::Phone;
  bool translated = false;  ///< A NAT is in front of it.

  /// Of whoever sent a message over `flow`.
  [[nodiscard]] static MediaSide of(const sip::Flow& flow, std::shared_ptr<const MediaProfile> profile);
  [[nodiscard]] static MediaSide of(const Target& target);
};

/// What the exchange has for calls whose media pass through it. Engine thread.
class MediaDesk {
 public:
  /// Gives the port, which is made when it is first needed.
  using PortMaker = std::function<media::MediaPort&()>;

  /// `report` is for the journal.
  MediaDesk(PortMaker port, base::Random& random, const sip::TransportPort& transport, MediaSettings settings, LegStreams::Report report)
      : make_port_(std::move(port)), random_(random), transport_(transport), settings_(std::move(settings)), report_(report), streams_(std::move(report)) {}

  [[nodiscard]] const MediaSettings& settings() const noexcept { return settings_; }
  [[nodiscard]] media::MediaPort& port() { return port_ == nullptr ? *(port_ = &make_port_()) : *port_; }
  [[nodiscard]] const MediaProfile& profile_of(const MediaSide& side) const noexcept { return side.profile == nullptr ? settings_.profile : *side.profile; }
  /// As was configured for these two: what the called side says counts most, what nobody says least.
  [[nodiscard]] MediaMode mode_for(const MediaSide& caller, const MediaSide& called) const noexcept;
  /// What Auto means for them when `offer` is the first description; `offerer` made it. Auto: they pass through us.
  [[nodiscard]] static MediaMode decide(const sdp::Glance& offer, const MediaSide& offerer, const MediaSide& other) noexcept;

  /// Our end towards that side, which speaks what may be spoken with it. `offer`: what it has offered, which decides on encryption and ICE; null: we make the
  /// offer, and `across` is what the party beyond has offered, or null. Errors: those of `MediaPort::open`.
  base::Result<LegStreams::Leg> open(const MediaSide& side, const sdp::Description* offer, const sdp::Description* across, media::MediaObserver& observer);
  /// Into the journal.
  void report(const std::string& call_id, decltype(Event::what) what) const { report_(call_id, std::move(what)); }
  /// The streams of all legs, to play something to one.
  [[nodiscard]] LegStreams& legs() noexcept { return streams_; }
  /// How the journal is to name a leg.
  [[nodiscard]] LegStreams::Name& name(const LegMedia& leg) { return streams_.name(leg); }
  /// Of all calls, with those whose end is still to come.
  [[nodiscard]] std::size_t streams() const noexcept { return streams_.size(); }
  /// As `LegStreams::ending`.
  [[nodiscard]] std::size_t ending(const std::string& call_id) const { return streams_.ending(call_id); }

 private:
  [[nodiscard]] base::IpAddress address_towards(const base::IpAddress& remote) const;
  [[nodiscard]] LegMedia::Options options_for(const MediaSide& side, const sdp::Description* offer, const sdp::Description* across);

  PortMaker make_port_;
  base::Random& random_;
  const sip::TransportPort& transport_;
  MediaSettings settings_;
  media::MediaPort* port_ = nullptr;
  LegStreams::Report report_;
  LegStreams streams_;
};

}  // namespace callwright::call
