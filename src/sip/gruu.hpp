#pragma once

#include "base/random.hpp"
#include "sip/digest_hash.hpp"

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace callwright::sip {

/// User parts of temporary GRUUs (RFC 5627 §3.1.2): each is an encrypted block with the number of a registration and one of its own, so that nobody can
/// tell which ones belong together, and none costs memory. For `registrar.cpp` only.
class TemporaryGruus {
 public:
  explicit TemporaryGruus(base::Random& random);

  /// "tgruu.7f…", another one for each `serial`.
  [[nodiscard]] std::string make(std::uint64_t registration, std::uint32_t serial) const;
  /// The registration; nothing for what was not made here.
  [[nodiscard]] std::optional<std::uint64_t> read(std::string_view user) const;

 private:
  Block key_{};
};

/// A +sip.instance value (RFC 5626 §4.1) that can be kept and written: "<urn:uuid:…>".
[[nodiscard]] bool is_instance(std::string_view text) noexcept;

}  // namespace callwright::sip
