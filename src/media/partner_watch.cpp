#include "media/partner_watch.hpp"

#include <utility>

namespace callwright::media {

void PartnerWatch::configure(base::Duration limit, base::TimePoint now) noexcept {
  const bool begins = limit_ == base::Duration::zero() && limit != base::Duration::zero();
  limit_ = limit;
  if (begins && !told_) {
    last_ = now;
  }
}

std::optional<base::Duration> PartnerWatch::heard(base::TimePoint at) noexcept {
  const base::Duration silence = at - std::exchange(last_, at);
  return std::exchange(told_, false) ? std::optional(silence) : std::nullopt;
}

std::optional<base::Duration> PartnerWatch::check(base::TimePoint now) noexcept {
  if (limit_ == base::Duration::zero() || told_ || now - last_ < limit_) {
    return std::nullopt;
  }
  told_ = true;
  return now - last_;
}

}  // namespace callwright::media
