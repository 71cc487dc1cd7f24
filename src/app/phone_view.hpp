#pragma once

#include "call/event.hpp"

#include <optional>
#include <string>
#include <string_view>

namespace callwright::app {

/// What `callwright phone` prints for an event of its agent: "tone  call=…  frequency_hz=440.0", or the same as an object in JSON. Nothing for events that
/// are not its business.
[[nodiscard]] std::optional<std::string> phone_text(const call::Event& event);
[[nodiscard]] std::optional<std::string> phone_json(const call::Event& event);

/// The same for a message of the command itself: `name` is "listening" or "error".
[[nodiscard]] std::string phone_text(std::string_view name, std::string_view message);
[[nodiscard]] std::string phone_json(std::string_view name, std::string_view message);

}  // namespace callwright::app
