#pragma once

#include "sdp/description.hpp"

#include <string>
#include <string_view>
#include <vector>

/// Descriptions that somebody else has written, with directions of our own: what a server in between does that puts parties on hold.
namespace callwright::sdp {

/// Of each section, in order; none when the text is no description.
[[nodiscard]] std::vector<Direction> directions_of(std::string_view description);

/// The description with these directions, as far as `allowed` allows them; sections beyond them keep to what is allowed. A text that is no description stays
/// as it is.
[[nodiscard]] std::string directed(std::string_view description, const std::vector<Direction>& directions, Direction allowed);

}  // namespace callwright::sdp
