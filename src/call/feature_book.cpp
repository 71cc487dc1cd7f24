#include "call/feature_book.hpp"

namespace callwright::call {

base::Result<void> FeatureBook::set(const std::string& user, UserFeatures features) {
  if (auto checked = check(features); !checked) {
    return checked;
  }
  const auto made = std::make_shared<const UserFeatures>(std::move(features));
  if (*made == UserFeatures()) {
    entries_.erase(user);
  } else {
    entries_[user] = made;
  }
  if (changed_) {
    changed_(user, *made);
  }
  return base::ok();
}

}  // namespace callwright::call
