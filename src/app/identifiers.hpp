#pragma once

#include <string>

namespace callwright::app {

/// Version 4 (RFC 4122), of the kernel's chance. Any thread.
[[nodiscard]] std::string random_uuid();

}  // namespace callwright::app
