#pragma once

#include <string_view>

namespace callwright::script {

/// The script library (library/scenario/main.mjs with all that it imports): defines `turn` and `untilNextTimer`, and the API of scenarios.
extern const std::string_view kScenarioLibrary;

/// Parts of it that are evaluated for the first who needs them (`part` of library/scenario/host.mjs): scripts whose value is what rhai.mjs, testfile.mjs,
/// syntax.mjs and transpiler.mjs export.
extern const std::string_view kRhaiPart;
extern const std::string_view kTestfilePart;
extern const std::string_view kSyntaxPart;
extern const std::string_view kTranspilerPart;

/// What scripts see, for editors: callwright.d.ts.
extern const std::string_view kDefinitions;

/// The same for Rhai: callwright.d.rhai.
extern const std::string_view kRhaiDefinitions;

}  // namespace callwright::script
