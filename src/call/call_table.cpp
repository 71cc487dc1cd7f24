#include "call/call_table.hpp"

#include <algorithm>
#include <utility>

namespace callwright::call {

void CallTable::add(std::unique_ptr<ActiveCall> call) {
  ActiveCall* const key = call.get();
  calls_[key].call = std::move(call);
}

void CallTable::name(std::string_view call_id, ActiveCall& call) {
  if (const auto found = calls_.find(&call); found != calls_.end()) {
    const sip::MatchKey key = key_of_(call_id);
    by_call_id_[key] = &call;
    found->second.names.push_back(key);
  }
}

void CallTable::unname(std::string_view call_id, ActiveCall& call) {
  const sip::MatchKey key = key_of_(call_id);
  const auto named = by_call_id_.find(key);
  const auto found = calls_.find(&call);
  if (named == by_call_id_.end() || named->second != &call || found == calls_.end()) {
    return;
  }
  by_call_id_.erase(named);
  auto& names = found->second.names;
  names.erase(std::remove(names.begin(), names.end(), key), names.end());
}

std::unique_ptr<ActiveCall> CallTable::take(ActiveCall& call) {
  const auto found = calls_.find(&call);
  if (found == calls_.end()) {
    return nullptr;
  }
  for (const sip::MatchKey& key : found->second.names) {
    const auto named = by_call_id_.find(key);
    if (named != by_call_id_.end() && named->second == &call) {
      by_call_id_.erase(named);
    }
  }
  auto taken = std::move(found->second.call);
  calls_.erase(found);
  return taken;
}

void CallTable::clear() {
  by_call_id_.clear();
  std::exchange(calls_, {}).clear();
}

ActiveCall* CallTable::find(std::string_view call_id) const {
  const auto found = by_call_id_.find(key_of_(call_id));
  return found == by_call_id_.end() ? nullptr : found->second;
}

std::vector<ActiveCall*> CallTable::all() const {
  std::vector<ActiveCall*> all;
  all.reserve(calls_.size());
  for (const auto& [call, entry] : calls_) {
    all.push_back(call);
  }
  return all;
}

}  // namespace callwright::call
