#pragma once

#include "sdp/offer_answer.hpp"

#include <optional>
#include <string_view>
#include <vector>

/// What offers and answers are made of. Inside this folder only.
namespace callwright::sdp {

inline constexpr std::string_view kEventName = "telephone-event";
inline constexpr std::string_view kEvents = "0-16";
inline constexpr std::string_view kComfortNoiseName = "CN";

/// A codec of ours, and the number that the other side's section gives it.
struct Choice {
  const Codec* codec = nullptr;
  PayloadType payload_type{};
};

/// The codec to talk with; never telephone-event or comfort noise.
[[nodiscard]] std::optional<Choice> choose_codec(const Media& theirs, const std::vector<Codec>& ours, CodecPreference preference);
[[nodiscard]] std::optional<PayloadType> find_format(const Media& media, std::string_view name, std::uint32_t clock_rate);
[[nodiscard]] bool has_comfort_noise(const std::vector<Codec>& codecs, std::uint32_t clock_rate) noexcept;
/// All that has a payload type in the section, telephone-event and comfort noise, too.
[[nodiscard]] std::vector<Codec> formats_in(const Media& media);
/// All that is to be offered, each with a number of its own; one that is among `known` keeps its latest number.
[[nodiscard]] std::vector<Codec> numbered_formats(const AudioCapabilities& capabilities, const std::vector<Codec>& known);
void add_format(Media& media, const Codec& format);

[[nodiscard]] Media refused(const Media& offered);
[[nodiscard]] bool is_active_audio(const Media& media) noexcept;
/// `media.size()` when there is none.
[[nodiscard]] std::size_t index_of_audio(const Description& description) noexcept;

}  // namespace callwright::sdp
