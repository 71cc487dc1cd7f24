#pragma once

#include <type_traits>

namespace callwright::base {

/// A member function bound to its object: two words, no allocation, no ownership. The object must outlive every call;
/// use it only where the holder (a Timer, say) is a member of that object.
class Callback {
 public:
  constexpr Callback() noexcept = default;

  template <auto Method, class Object>
  static constexpr Callback to(Object& object) noexcept {
    return Callback(&object, [](void* target) { (static_cast<Object*>(target)->*Method)(); });
  }

  void operator()() const { function_(object_); }
  explicit operator bool() const noexcept { return function_ != nullptr; }

 private:
  using Function = void (*)(void*);
  constexpr Callback(void* object, Function function) noexcept : object_(object), function_(function) {}

  void* object_ = nullptr;
  Function function_ = nullptr;
};

}  // namespace callwright::base
