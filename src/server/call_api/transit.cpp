#include "server/call_api/transit.hpp"

#include "base/log.hpp"

#include <utility>

namespace callwright::server::call_api {

bool Transit::carry(Importance importance, std::function<void()> job) {
  if (importance == Importance::Dispensable && in_transit_.load(std::memory_order_relaxed) >= capacity_) {
    if (dropped_.fetch_add(1, std::memory_order_relaxed) == 0) {
      base::log::warn("events are dropped: the web thread does not keep up", {{"events", what_}, {"capacity", capacity_}});
    }
    return false;
  }
  in_transit_.fetch_add(1, std::memory_order_relaxed);
  to_web_([this, job = std::move(job)] {
    in_transit_.fetch_sub(1, std::memory_order_relaxed);
    job();
  });
  return true;
}

}  // namespace callwright::server::call_api
