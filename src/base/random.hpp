#pragma once

#include <cstdint>
#include <string>

namespace callwright::base {

/// Source of random numbers for tags, branches, SSRCs, back-off times and nonces. One for each owner thread.
class Random {
 public:
  virtual ~Random() = default;
  [[nodiscard]] virtual std::uint64_t next() = 0;

  /// Uniform in [low, high]; `low <= high`.
  [[nodiscard]] std::uint64_t between(std::uint64_t low, std::uint64_t high);
  /// True with this probability (0 … 1).
  [[nodiscard]] bool chance(double probability);
  /// `length` characters of [a-z0-9], about 5 bits each: a token in the sense of RFC 3261 §25.1.
  [[nodiscard]] std::string token(std::size_t length);
  /// The same, at the end of `text`.
  void append_token(std::string& text, std::size_t length);
};

/// The same numbers for the same seed on every machine (xoshiro256**, seeded by SplitMix64). Not for secrets.
class DeterministicRandom final : public Random {
 public:
  explicit DeterministicRandom(std::uint64_t seed) noexcept;
  [[nodiscard]] std::uint64_t next() override;

 private:
  std::uint64_t state_[4];
};

/// Unpredictable numbers from the kernel, fetched in blocks; what the product uses.
class SystemRandom final : public Random {
 public:
  [[nodiscard]] std::uint64_t next() override;

 private:
  static constexpr std::size_t kBlock = 64;
  std::uint64_t block_[kBlock] = {};
  std::size_t used_ = kBlock;
};

}  // namespace callwright::base
