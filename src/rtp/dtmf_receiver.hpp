#pragma once

#include "base/clock.hpp"
#include "rtp/telephone_event.hpp"

#include <array>
#include <optional>
#include <vector>

namespace callwright::rtp {

/// A key that was pressed and let go.
struct DtmfPress {
  char digit = 0;
  base::Duration duration{};  ///< As far as the packets that came tell.
  Timestamp start{};
  friend bool operator==(const DtmfPress&, const DtmfPress&) = default;
};

/// Makes of telephone-event packets exactly one DtmfPress for each press, whatever was lost, doubled or came in another order (RFC 4733 §2.5.2).
/// Presses are told apart by their timestamp; the segments of a long one follow each other by 0xFFFF ticks.
class DtmfReceiver {
 public:
  /// A press of which nothing came for so long has ended: its end was lost.
  static constexpr std::chrono::milliseconds kSilence{150};

  explicit DtmfReceiver(std::uint32_t clock_rate) noexcept : clock_rate_(clock_rate) {}

  /// Takes in a packet in the order of arrival; appends the presses that it completes. Events that are no digits, and what is malformed, do nothing.
  void receive(Timestamp timestamp, Bytes payload, base::TimePoint arrival, std::vector<DtmfPress>& out);
  /// To be asked on the tick: the press whose end did not come.
  [[nodiscard]] std::optional<DtmfPress> expire(base::TimePoint now);
  /// The key that is down now.
  [[nodiscard]] std::optional<char> pressed() const noexcept { return current_ ? digit_of_event(current_->event) : std::nullopt; }

 private:
  struct Press {
    std::uint8_t event = 0;
    std::uint32_t start = 0;
    std::uint32_t segment = 0;  ///< Where its present segment begins.
    std::uint16_t duration = 0;
    base::TimePoint last_arrival{};
  };

  void take(std::uint32_t timestamp, const TelephoneEvent& event, base::TimePoint arrival, std::vector<DtmfPress>& out);
  void follow(const TelephoneEvent& event, base::TimePoint arrival, std::vector<DtmfPress>& out);
  void finish(std::vector<DtmfPress>& out);
  void remember(std::uint32_t timestamp) noexcept;
  [[nodiscard]] bool is_over(std::uint32_t timestamp) const noexcept;
  [[nodiscard]] DtmfPress told(const Press& press) const noexcept;

  std::uint32_t clock_rate_;
  std::optional<Press> current_;
  std::array<std::uint32_t, 16> over_{};  ///< Timestamps of the last presses and segments that are complete.
  std::size_t over_count_ = 0;
};

}  // namespace callwright::rtp
