#pragma once

#include "base/result.hpp"
#include "sdp/offer_answer.hpp"

#include <span>
#include <string>
#include <vector>

namespace callwright::media {

/// What `codecs_by_name` knows, the best first: "opus, G722, …".
[[nodiscard]] std::string codec_names();

/// What people write to say which codecs are offered, in order: "opus", "G722", "PCMU", "PCMA", "CN", and "L16" (16 kHz) or "L16/48000" where a clock rate
/// decides. Case does not matter. Dynamic payload types are given from 96 on.
/// Errors: InvalidArgument: no codec to talk with, one twice, or an unknown name; the text lists what there is.
base::Result<std::vector<sdp::Codec>> codecs_by_name(std::span<const std::string> names);

}  // namespace callwright::media
