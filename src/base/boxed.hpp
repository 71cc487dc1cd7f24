#pragma once

#include <memory>
#include <utility>

namespace callwright::base {

/// A value of its own place on the heap, which copies share and nobody changes: for the large alternative of a variant whose others are small, since a variant
/// is as large as its largest. Copies may be used in any thread.
template <class Value>
class Boxed {
 public:
  Boxed() : Boxed(Value{}) {}
  // Not explicit: events are written with the value itself.
  Boxed(Value value) : value_(std::make_shared<const Value>(std::move(value))) {}
  // Declared, so that there is no move that would leave nothing behind.
  Boxed(const Boxed&) = default;
  Boxed& operator=(const Boxed&) = default;
  ~Boxed() = default;

  [[nodiscard]] const Value& operator*() const noexcept { return *value_; }
  [[nodiscard]] const Value* operator->() const noexcept { return value_.get(); }

 private:
  std::shared_ptr<const Value> value_;  // Never null.
};

}  // namespace callwright::base
