#pragma once

#include "call/agent_media.hpp"

#include <cstdint>
#include <optional>
#include <vector>

namespace callwright::call {

/// Where the media of a call go.
enum class MediaMode : std::uint8_t {
  Auto,     ///< Bypass where that can work and nothing more is asked for, else through us: packet by packet, and as sound while that is needed.
  Bypass,   ///< From phone to phone: descriptions pass through as they are.
  Relay,    ///< Through us, packet by packet: both sides have to speak the same codec. Encryption and addresses are those of each side.
  Process,  ///< Through us as sound, always: codecs may differ, and whoever wants to record, hear or say something can do so at once.
};

/// What is configured for the media of one side: an account, a trunk, or all that have none of their own.
struct MediaProfile {
  std::optional<MediaMode> mode = {};
  std::vector<sdp::Codec> codecs = {};         ///< By preference; nothing else is spoken with that side. None: all that can be played here.
  std::optional<AgentSecurity> security = {};  ///< None: as the other side of the call has it, encryption offered and not demanded.
};

}  // namespace callwright::call
