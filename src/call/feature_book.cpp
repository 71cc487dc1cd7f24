#include "call/feature_book.hpp"

namespace callwright::call {

base::Result<void> FeatureBook::set(const std::string& user, UserFeatures features) {
  if (auto checked = check(features); !checked) {
    return checked;
  }
  if (features == UserFeatures()) {
    entries_.erase(user);
  } else {
    entries_[user] = std::make_shared<const UserFeatures>(std::move(features));
  }
  if (changed_) {
    changed_(entries_);
  }
  return base::ok();
}

}  // namespace callwright::call
