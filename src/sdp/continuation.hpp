#pragma once

#include "sdp/description.hpp"

#include <cstdint>
#include <string>
#include <string_view>

namespace callwright::sdp {

/// Goes on with the descriptions of a session under the `o=` that the other side knows, when somebody else writes them from here on: of `o=` nothing but
/// the version may change, and that counts up whenever the description differs from the one before (RFC 3264 §8).
class Continuation {
 public:
  /// `latest`: of the description before. A version that is no number is not gone on with.
  explicit Continuation(Origin latest);

  /// `description` with that `o=` in place of its own; all else stays byte for byte.
  [[nodiscard]] std::string next(std::string_view description);
  /// Of the latest description.
  [[nodiscard]] const Origin& origin() const noexcept { return origin_; }

 private:
  Origin origin_;
  std::string latest_;  ///< As it came.
};

}  // namespace callwright::sdp
