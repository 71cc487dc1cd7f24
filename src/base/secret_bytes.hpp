#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <vector>

namespace callwright::base {

/// Overwrites memory; never optimised away.
void wipe(void* memory, std::size_t size) noexcept;

/// Overwrites what it gives back.
template <class T>
struct WipingAllocator {
  using value_type = T;
  WipingAllocator() noexcept = default;
  template <class Other>
  WipingAllocator(const WipingAllocator<Other>& /*other*/) noexcept {}  // NOLINT(google-explicit-constructor): as allocators are converted.

  [[nodiscard]] T* allocate(std::size_t count) { return std::allocator<T>().allocate(count); }
  void deallocate(T* memory, std::size_t count) noexcept {
    wipe(memory, count * sizeof(T));
    std::allocator<T>().deallocate(memory, count);
  }
  friend bool operator==(const WipingAllocator& /*left*/, const WipingAllocator& /*right*/) noexcept { return true; }
};

/// Keys: no copy stays in memory that is free again.
using SecretBytes = std::vector<std::uint8_t, WipingAllocator<std::uint8_t>>;

}  // namespace callwright::base
