#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace callwright::call {

/// An answer (RFC 3264 §6) that agrees to the audio of `offer` but neither sends nor hears anything, for a caller who is told only afterwards whom it
/// talks to. What is not plain RTP audio is declined. "" when the offer cannot be read. `session_id` is that of its o= line.
[[nodiscard]] std::string held_answer(std::string_view offer, std::uint64_t session_id);

/// True when two offers have audio over the same protocol and with one codec in common, so that whoever made the one may answer the other.
[[nodiscard]] bool could_talk(std::string_view one, std::string_view other);

}  // namespace callwright::call
