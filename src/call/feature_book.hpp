#pragma once

#include "call/user_features.hpp"
#include "sip/transaction_layer.hpp"

#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <utility>

namespace callwright::call {

/// The features of all users who have some. Engine thread.
class FeatureBook {
 public:
  /// Hears of each change after it.
  using Changed = std::function<void(const std::string& user, const UserFeatures& features)>;

  void set_listener(Changed changed) { changed_ = std::move(changed); }
  /// Null: none. The call that it steers keeps it when it is changed.
  [[nodiscard]] std::shared_ptr<const UserFeatures> find(std::string_view user) const {
    const auto found = entries_.find(user);
    return found == entries_.end() ? nullptr : found->second;
  }
  /// Errors: as of `check`; then nothing has changed.
  base::Result<void> set(const std::string& user, UserFeatures features);

 private:
  sip::StringMap<std::shared_ptr<const UserFeatures>> entries_;
  Changed changed_;
};

}  // namespace callwright::call
