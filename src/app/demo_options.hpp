#pragma once

#include "call/agent_media.hpp"

#include <string>

namespace callwright::app {

/// What the command line says; "": the agents' own choice.
struct DemoOptions {
  std::string codec;
  std::string srtp = "off";
  std::string stun_server = {};  ///< "192.0.2.1:3478"; "": none.
  std::string record = {};       ///< The folder into which both phones record their calls; "": they do not.
};

/// For both phones: that codec first, and that encryption where the other side can; `is_as_wanted` tells what came of it. Errors: InvalidArgument; the text
/// lists what there is.
[[nodiscard]] base::Result<call::AgentMedia> media_of(const DemoOptions& options);

/// The call has the codec and the encryption that were asked for.
[[nodiscard]] bool is_as_wanted(const sdp::Negotiated& negotiated, const DemoOptions& options);

/// For people: "opus, DTLS-SRTP".
[[nodiscard]] std::string describe(const sdp::Negotiated& negotiated);

}  // namespace callwright::app
