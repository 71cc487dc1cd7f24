#pragma once

#include <string_view>

namespace callwright::script {

/// The script library (library/scenario/main.mjs with all that it imports): defines `turn` and `untilNextTimer`, and the API of scenarios.
extern const std::string_view kScenarioLibrary;

/// What scripts see, for editors: callwright.d.ts.
extern const std::string_view kDefinitions;

/// The same for Rhai: callwright.d.rhai.
extern const std::string_view kRhaiDefinitions;

}  // namespace callwright::script
