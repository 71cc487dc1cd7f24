// What commands do with the sound of a call.
#include "call/bridge_media.hpp"
#include "sdp/glance.hpp"

namespace callwright::call {

using base::Errc;
using base::Error;

std::optional<media::StreamId> BridgeMedia::stream(const Session& session) noexcept {
  const Leg* const leg = find(session);
  const bool flows = through() && leg != nullptr && leg->media != nullptr && leg->media->negotiated() != nullptr;
  return flows ? std::optional(leg->media->stream()) : std::nullopt;
}

void BridgeMedia::set_muted(const Session& session, bool muted) {
  Leg* const leg = find(session);
  if (leg == nullptr) {
    return;
  }
  leg->muted = muted;
  for (Leg& other : legs_) {
    if (&other != leg && other.media != nullptr && leg->media != nullptr) {
      play_to(other, *leg);
    }
  }
}

base::Result<void> BridgeMedia::take_in(const Session& from, const Session& other, std::string_view sdp) {
  const auto description = sdp::Description::parse(sdp);
  Leg* const source = find(from);
  Leg* const sink = find(other);
  if (!description || sdp::glance(sdp).others || source == nullptr || sink == nullptr || desk_ == nullptr) {
    return Error(Errc::Unsupported, "The media of this call cannot pass through the exchange");
  }
  if (auto come = come_in(*source, *sink, *description); !come) {
    return come;
  }
  stays_in_ = true;
  return base::ok();
}

}  // namespace callwright::call
