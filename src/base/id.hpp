#pragma once

#include <compare>
#include <cstdint>
#include <functional>

namespace callwright::base {

/// A number that names one thing of one kind; ids of different kinds do not mix. Zero names nothing.
/// `struct CallTag; using CallId = base::Id<CallTag>;`
template <class Tag>
struct Id {
  std::uint64_t value = 0;

  explicit operator bool() const noexcept { return value != 0; }
  friend auto operator<=>(const Id&, const Id&) = default;
};

/// Hands out ids 1, 2, 3, … Not thread-safe: one for each owner thread.
template <class IdType>
class IdSource {
 public:
  IdType next() noexcept { return IdType{++last_}; }

 private:
  std::uint64_t last_ = 0;
};

}  // namespace callwright::base

template <class Tag>
struct std::hash<callwright::base::Id<Tag>> {
  std::size_t operator()(const callwright::base::Id<Tag>& id) const noexcept { return std::hash<std::uint64_t>{}(id.value); }
};
