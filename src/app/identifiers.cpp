#include "app/identifiers.hpp"

#include "base/random.hpp"

#include <fmt/format.h>

#include <cstdint>

namespace callwright::app {

std::string random_uuid() {
  base::SystemRandom random;
  const std::uint64_t high = random.next();
  const std::uint64_t low = random.next();
  // Version 4, variant 1 (RFC 4122).
  return fmt::format("{:08x}-{:04x}-4{:03x}-{:04x}-{:012x}", high >> 32U, (high >> 16U) & 0xFFFFU, high & 0xFFFU, ((low >> 48U) & 0x3FFFU) | 0x8000U,
                     low & 0xFFFFFFFFFFFFU);
}

}  // namespace callwright::app
