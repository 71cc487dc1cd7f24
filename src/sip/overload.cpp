#include "sip/overload.hpp"

#include "base/log.hpp"

#include <utility>

namespace callwright::sip {
namespace {

constexpr base::Duration kProbe = std::chrono::milliseconds(100);
constexpr base::Duration kRelief = std::chrono::seconds(1);
constexpr base::Duration kBetweenLines = std::chrono::seconds(10);

}  // namespace

Overload::Overload(base::Timers& timers, base::Duration max_lag)
    : timers_(timers),
      max_lag_(max_lag),
      probe_(timers, base::Callback::to<&Overload::on_probe>(*this)),
      lagging_until_(base::TimePoint::min()),
      next_line_(base::TimePoint::min()) {}

void Overload::on_request() {
  if (max_lag_ > base::Duration::zero() && !probe_.pending()) {
    expected_ = timers_.clock().now() + kProbe;
    probe_.start(kProbe);
  }
}

bool Overload::lagging() const { return lagging_until_ != base::TimePoint::min() && timers_.clock().now() < lagging_until_; }

void Overload::on_probe() {
  const base::TimePoint now = timers_.clock().now();
  if (now - expected_ > max_lag_) {
    lagging_until_ = now + kRelief;
  } else if (now >= lagging_until_) {
    lagging_until_ = base::TimePoint::min();
  }
}

void Overload::on_refused(std::string_view reason) {
  ++refused_;
  const base::TimePoint now = timers_.clock().now();
  if (now < next_line_) {
    return;
  }
  next_line_ = now + kBetweenLines;
  base::log::warn("new SIP requests refused with 503", {{"reason", reason}, {"refused", std::exchange(refused_, 0)}});
}

}  // namespace callwright::sip
