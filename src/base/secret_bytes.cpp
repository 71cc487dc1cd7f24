#include "base/secret_bytes.hpp"

#include <cstring>

namespace callwright::base {

void wipe(void* memory, std::size_t size) noexcept { explicit_bzero(memory, size); }

}  // namespace callwright::base
