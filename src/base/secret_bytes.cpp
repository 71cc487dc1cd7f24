#include "base/secret_bytes.hpp"

#include <cstring>

namespace callwright::base {

void wipe(void* memory, std::size_t size) noexcept {
  if (size != 0) {
    explicit_bzero(memory, size);
  }
}

}  // namespace callwright::base
