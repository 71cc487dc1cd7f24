#pragma once

#include <string>
#include <string_view>

namespace callwright::call {

/// Appends text so that it may stand in an XML element or attribute. What XML cannot carry, control characters and bytes that are no
/// UTF-8, becomes '?'.
void append_xml(std::string& out, std::string_view text);

}  // namespace callwright::call
