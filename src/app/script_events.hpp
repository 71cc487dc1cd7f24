#pragma once

#include "call/event.hpp"

#include <boost/json/object.hpp>

#include <optional>

namespace callwright::app {

/// An event of a phone as the script library takes it (src/script/library/scenario/agent.mjs), without the phone's number; nothing for those that scripts do
/// not need.
[[nodiscard]] std::optional<boost::json::object> script_event(const call::Event& event);

/// What was counted of a call's media; what is not known is left out.
[[nodiscard]] boost::json::object script_statistics(const media::StreamStatistics& statistics);

}  // namespace callwright::app
