#pragma once

#include <cstdlib>

/// What a fuzz target insists on; a fuzzer takes the abort for a finding.
inline void require(bool holds) {
  if (!holds) std::abort();
}
