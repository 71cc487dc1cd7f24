#pragma once

#include "sip/session_fields.hpp"

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

namespace callwright::call {

/// Who has forwarded a call to whom, and why: Diversion (RFC 5806) and History-Info (RFC 7044), both of which peers look at.
class RedirectionHistory {
 public:
  enum class Cause : std::uint8_t { Always, Busy, NoAnswer, Unreachable, FollowMe, Deflected };

  static constexpr std::size_t kMaxKept = 20;  ///< Entries of others, each.

  RedirectionHistory() = default;
  /// As the INVITE told it.
  RedirectionHistory(std::vector<sip::Diversion> diversions, std::vector<sip::HistoryEntry> entries);

  /// `from` gives the call to `to`, both URIs.
  void note(const std::string& from, const std::string& to, Cause cause);
  /// Ready-made lines for the INVITE to the latest `to`; "" when nobody has forwarded the call.
  [[nodiscard]] std::string lines() const;

 private:
  std::vector<sip::Diversion> diversions_;  ///< The latest first (RFC 5806 §5).
  std::vector<sip::HistoryEntry> entries_;  ///< The latest last.
  std::size_t known_ = 0;                   ///< Entries that are not ours.
};

}  // namespace callwright::call
