#pragma once

#include "call/agent_media.hpp"

#include <string>

namespace callwright::app {

/// What the command line says; "": the agents' own choice.
struct DemoOptions {
  std::string codec;
  std::string srtp = "off";
};

/// For both phones: just that codec, and no call without that encryption. Errors: InvalidArgument; the text lists what there is.
[[nodiscard]] base::Result<call::AgentMedia> media_of(const DemoOptions& options);

/// For people: "opus, DTLS-SRTP".
[[nodiscard]] std::string describe(const sdp::Negotiated& negotiated);

}  // namespace callwright::app
