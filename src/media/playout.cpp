#include "media/playout.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <utility>

namespace callwright::media {
namespace {

using Kind = PlayoutFrame::Kind;
using std::chrono::milliseconds;

constexpr std::size_t kMaxTransits = 512;
constexpr unsigned kPacketsUntilChoice = 25;
constexpr unsigned kAskedUntilChoice = 64;
constexpr unsigned kLateUntilBoost = 3;
constexpr std::size_t kMaxPayload = 2048;
constexpr std::size_t kMaxSpare = 16;
constexpr milliseconds kStretch{10};
constexpr milliseconds kShortfall{2};
constexpr milliseconds kPatience{500};
constexpr milliseconds kConcealed{100};  ///< Longer than that nobody speaks for who is not heard.
constexpr std::chrono::seconds kForgotten{1};
constexpr std::chrono::seconds kBoost{5};

}  // namespace

Playout::Playout(const Options& options) : options_(options), unit_(options.clock_rate / 50), target_(options.least) {}

void Playout::restart() noexcept {
  for (Stored& stored : waiting_) {
    if (spare_.size() < kMaxSpare) {
      spare_.push_back(std::move(stored.payload));
    }
  }
  waiting_.clear();
  running_ = false;
  origin_.reset();
  last_sequence_.reset();
  newest_sequence_.reset();
  passed_over_.reset();
  transits_.clear();
  next_transit_ = 0;
  since_choice_ = 0;
  late_in_a_row_ = 0;
  too_long_since_.reset();
  delay_ = {};
}

void Playout::release() noexcept {
  restart();
  waiting_ = {};
  current_ = {};
  spare_ = {};
  transits_ = {};
}

std::optional<rtp::Timestamp> Playout::next_timestamp() const noexcept {
  return running_ ? std::optional(rtp::Timestamp{static_cast<std::uint32_t>(next_)}) : std::nullopt;
}

bool Playout::take(rtp::Packet& packet) {
  if (waiting_.empty()) {
    return false;
  }
  std::swap(current_, waiting_.front());
  drop_first();
  packet = {};
  packet.sequence = current_.sequence;
  packet.timestamp = rtp::Timestamp{static_cast<std::uint32_t>(current_.timestamp)};
  packet.payload_type = current_.payload_type;
  packet.payload = current_.payload;
  return true;
}

std::int64_t Playout::extend(rtp::Timestamp timestamp) const noexcept {
  return newest_ + static_cast<std::int32_t>(static_cast<std::uint32_t>(timestamp) - static_cast<std::uint32_t>(newest_));
}

base::Duration Playout::time_of(std::int64_t ticks) const noexcept {
  const std::int64_t rate = options_.clock_rate;
  return std::chrono::seconds(ticks / rate) + std::chrono::nanoseconds(ticks % rate * 1'000'000'000 / rate);
}

std::int64_t Playout::ticks_of(base::Duration duration) const noexcept {
  return std::chrono::duration_cast<std::chrono::microseconds>(duration).count() * options_.clock_rate / 1'000'000;
}

Playout::Outcome Playout::insert(const rtp::Packet& packet, std::uint32_t duration, base::TimePoint arrival) {
  duration = std::clamp<std::uint32_t>(duration, 1, options_.clock_rate);
  std::int64_t timestamp = origin_ ? extend(packet.timestamp) : static_cast<std::int64_t>(packet.timestamp);
  base::Duration transit = origin_ ? arrival.time_since_epoch() - time_of(timestamp - *origin_) : arrival.time_since_epoch();
  if (origin_ && std::chrono::abs(transit - fastest_) > kJump) {
    restart();
  }
  if (!origin_) {
    timestamp = static_cast<std::int64_t>(packet.timestamp);
    origin_ = newest_ = timestamp;
    fastest_ = transit = arrival.time_since_epoch();
    target_ = std::clamp(target_, options_.least, options_.most);
  }
  measure(transit, arrival);
  note_sequence(packet.sequence, Sound::Yes);
  newest_ = std::max(newest_, timestamp);
  // Half of it at least has to be still to come.
  if (running_ && timestamp + duration / 2 < next_) {
    note_late(transit, arrival);
    // Timestamps that stood still while the other side was on hold, or a network that stalled: no delay allowed here would do.
    if (late_in_a_row_ >= kLateUntilBoost && transit - fastest_ > options_.most) {
      restart();
    }
    return Outcome::Late;
  }
  late_in_a_row_ = 0;
  return store(packet, timestamp, duration);
}

void Playout::note_sequence(std::uint16_t sequence, Sound sound) noexcept {
  const auto ahead = static_cast<std::int16_t>(sequence - newest_sequence_.value_or(static_cast<std::uint16_t>(sequence - 1)));
  for (std::int16_t i = 0; i < std::min<std::int16_t>(ahead, static_cast<std::int16_t>(passed_over_.size())); ++i) {
    passed_over_.reset(static_cast<std::uint16_t>(sequence - i) % passed_over_.size());
  }
  if (ahead > 0) {
    newest_sequence_ = sequence;
  }
  passed_over_.set(sequence % passed_over_.size(), sound == Sound::No);
}

/// Every number between the packet that was heard last and this one is accounted for.
bool Playout::only_passed_over(std::uint16_t end) const noexcept {
  if (!last_sequence_) {
    return false;
  }
  const auto between = static_cast<std::uint16_t>(end - *last_sequence_ - 1);
  for (std::uint16_t i = 1; i <= between; ++i) {
    if (between >= passed_over_.size() || !passed_over_.test(static_cast<std::uint16_t>(*last_sequence_ + i) % passed_over_.size())) {
      return false;
    }
  }
  return true;
}

/// Behind the packet that was heard last came such as have no sound and nothing else: somebody presses a key, and nothing is missing.
bool Playout::keys_follow() const noexcept {
  return last_sequence_ && newest_sequence_ && *newest_sequence_ != *last_sequence_ && only_passed_over(static_cast<std::uint16_t>(*newest_sequence_ + 1));
}

Playout::Outcome Playout::store(const rtp::Packet& packet, std::int64_t timestamp, std::uint32_t duration) {
  const auto at =
      std::lower_bound(waiting_.begin(), waiting_.end(), timestamp, [](const Stored& stored, std::int64_t value) { return stored.timestamp < value; });
  if (at != waiting_.end() && at->timestamp == timestamp) {
    ++statistics_.duplicates;
    return Outcome::Duplicate;
  }
  statistics_.reordered += at != waiting_.end() ? 1U : 0U;
  Stored stored{timestamp, duration, packet.sequence, packet.payload_type, {}};
  if (!spare_.empty()) {
    stored.payload = std::move(spare_.back());
    spare_.pop_back();
  }
  const std::size_t size = std::min(packet.payload.size(), kMaxPayload);
  stored.payload.assign(packet.payload.begin(), packet.payload.begin() + static_cast<std::ptrdiff_t>(size));
  waiting_.insert(at, std::move(stored));
  if (waiting_.size() > kMaxPackets) {
    drop_first();
    ++statistics_.shortened;
  }
  return Outcome::Queued;
}

void Playout::measure(base::Duration transit, base::TimePoint arrival) {
  // Grows as packets come: a stream whose packets are soon passed on needs few.
  if (transits_.size() < kMaxTransits) {
    transits_.push_back({arrival, transit});
  } else {
    transits_[next_transit_++ % kMaxTransits] = {arrival, transit};
  }
  fastest_ = std::min(fastest_, transit);
  if (++since_choice_ >= kPacketsUntilChoice) {
    choose_target(arrival);
  }
}

void Playout::choose_target(base::TimePoint now) {
  since_choice_ = 0;
  std::array<base::Duration, kMaxTransits> values;
  std::size_t count = 0;
  for (const Transit& transit : transits_) {
    if (now - transit.arrival <= kWindow) {
      values[count++] = transit.value;
    }
  }
  const auto end = values.begin() + static_cast<std::ptrdiff_t>(count);
  fastest_ = *std::min_element(values.begin(), end);
  const auto rank = static_cast<std::ptrdiff_t>(std::floor(options_.percentile * static_cast<double>(count - 1)));
  std::nth_element(values.begin(), values.begin() + rank, end);
  const base::Duration boost = now < boost_ends_ ? boost_ : base::Duration{};
  target_ = std::clamp(std::max(values[static_cast<std::size_t>(rank)] - fastest_, boost), options_.least, options_.most);
}

/// Several late ones in a row are a new delay of the network: no need to wait for the percentile to see it.
void Playout::note_late(base::Duration transit, base::TimePoint arrival) {
  ++statistics_.late;
  if (++late_in_a_row_ < kLateUntilBoost) {
    return;
  }
  boost_ = transit - fastest_;
  boost_ends_ = arrival + kBoost;
  choose_target(arrival);
}

PlayoutFrame Playout::frame(Kind kind, std::int64_t duration) const noexcept {
  PlayoutFrame result;
  result.kind = kind;
  result.duration = static_cast<std::uint32_t>(duration);
  result.arrival = base::TimePoint(fastest_ + time_of(next_ - origin_.value_or(next_)));
  return result;
}

void Playout::note_ahead(base::Duration ahead) noexcept {
  ahead_since_ = std::max(ahead_since_, ahead);
  ahead_ = std::max(ahead_, ahead);
  if (++asked_ == kAskedUntilChoice) {
    ahead_ = std::exchange(ahead_since_, {});
    asked_ = 0;
  }
}

PlayoutFrame Playout::next(base::TimePoint now, base::TimePoint at) {
  note_ahead(at - now);
  if (!running_ && !begin(at)) {
    delay_ = {};
    PlayoutFrame silence = frame(Kind::Nothing, options_.clock_rate / 100);
    silence.arrival = at - target_;
    return silence;
  }
  delay_ = at.time_since_epoch() - time_of(next_ - *origin_) - fastest_;
  const base::Duration excess = delay_ - target_ - ahead_;
  if (excess < -kShortfall) {
    // Where there is silence, more of it is heard by nobody.
    const bool silent = last_kind_ == Kind::Nothing;
    statistics_.stretched += silent ? 0U : 1U;
    return frame(silent ? Kind::Nothing : Kind::Stretch, ticks_of(kStretch));
  }
  if (wants_less(excess, at)) {
    leave_out(excess);
  }
  PlayoutFrame result = waiting_.empty() ? starve() : waiting_.front().timestamp > next_ ? fill_gap() : play_first();
  last_kind_ = result.kind;
  return result;
}

/// True when the first packet has waited long enough.
bool Playout::begin(base::TimePoint at) {
  if (waiting_.empty() || at.time_since_epoch() - time_of(waiting_.front().timestamp - *origin_) < fastest_ + target_ + ahead_) {
    return false;
  }
  running_ = true;
  next_ = waiting_.front().timestamp;
  starved_ = {};
  too_long_since_.reset();
  return true;
}

bool Playout::wants_less(base::Duration excess, base::TimePoint at) noexcept {
  const base::Duration unit = time_of(unit_);
  const bool gap = !waiting_.empty() && waiting_.front().timestamp > next_;
  if (gap && excess > unit / 2) {
    return true;
  }
  if (excess <= unit + milliseconds(5)) {
    too_long_since_.reset();
    return false;
  }
  too_long_since_ = too_long_since_.value_or(at);
  return delay_ > options_.most + ahead_ + unit || at - *too_long_since_ >= kPatience;
}

/// A gap is left out as far as is needed, else one packet.
void Playout::leave_out(base::Duration excess) {
  too_long_since_.reset();
  if (waiting_.empty()) {
    return;
  }
  const std::int64_t gap = waiting_.front().timestamp - next_;
  if (gap > 0) {
    next_ += std::min(gap, ticks_of(excess));
    return;
  }
  ++statistics_.shortened;
  next_ = waiting_.front().timestamp + waiting_.front().duration;
  last_sequence_ = waiting_.front().sequence;
  drop_first();
}

void Playout::drop_first() {
  if (spare_.size() < kMaxSpare) {
    spare_.push_back(std::move(waiting_.front().payload));
  }
  waiting_.erase(waiting_.begin());
}

PlayoutFrame Playout::play_first() {
  PlayoutFrame result = frame(Kind::Packet, waiting_.front().duration);
  std::swap(current_, waiting_.front());
  drop_first();
  result.payload_type = current_.payload_type;
  result.payload = current_.payload;
  next_ = current_.timestamp + current_.duration;
  unit_ = current_.duration;
  last_sequence_ = current_.sequence;
  starved_ = {};
  ++statistics_.packets;
  return result;
}

/// Numbers that go on without a gap say that nothing was sent; else something was lost.
PlayoutFrame Playout::fill_gap() {
  const Stored& first = waiting_.front();
  const std::int64_t gap = first.timestamp - next_;
  const bool sent_nothing = only_passed_over(first.sequence);
  PlayoutFrame result = frame(sent_nothing || starved_ >= kConcealed ? Kind::Nothing : Kind::Lost, std::min(gap, unit_));
  if (result.kind == Kind::Lost) {
    ++statistics_.lost;
    if (gap <= unit_) {
      result.payload_type = first.payload_type;
      result.payload = first.payload;
    }
  }
  starved_ += time_of(result.duration);
  next_ += result.duration;
  return result;
}

PlayoutFrame Playout::starve() {
  PlayoutFrame result = frame(starved_ < kConcealed && last_sequence_ && !keys_follow() ? Kind::Lost : Kind::Nothing, unit_);
  statistics_.lost += result.kind == Kind::Lost ? 1U : 0U;
  starved_ += time_of(unit_);
  next_ += unit_;
  if (starved_ >= kForgotten) {
    restart();
  }
  return result;
}

}  // namespace callwright::media
