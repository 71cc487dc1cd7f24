#pragma once

#include "base/result.hpp"
#include "call/user_features.hpp"

#include <map>
#include <string>
#include <utility>

namespace callwright::app {

/// Features of users that were changed at run time, as a JSON object with a member for each of these users; they outlive the server. Whoever changes the
/// file himself does it while the server is down. One thread at a time.
class FeatureFile {
 public:
  using Entries = std::map<std::string, call::UserFeatures>;

  explicit FeatureFile(std::string path) : path_(std::move(path)) {}

  /// Takes over what the file says; nothing when there is none yet. Errors: it cannot be read, or is no such file; the message names the place.
  [[nodiscard]] base::Result<void> blocking_read();
  [[nodiscard]] const Entries& entries() const noexcept { return entries_; }
  /// Writes all with this change, in the place of what was there, all at once. Errors: Io.
  [[nodiscard]] base::Result<void> blocking_set(const std::string& user, const call::UserFeatures& features);

 private:
  std::string path_;
  Entries entries_;
};

}  // namespace callwright::app
