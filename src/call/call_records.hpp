#pragma once

#include "base/random.hpp"
#include "base/timers.hpp"
#include "call/open_calls.hpp"

#include <cstddef>
#include <deque>
#include <functional>
#include <string>
#include <vector>

namespace callwright::call {

/// A call that is over, with all that is known of it.
struct CallRecord {
  std::string id;  ///< Of this record alone, in all runs of the server: 24 characters of [a-z0-9].
  BookedCall call;
};

/// A leg, with the media that it had, if they passed through the exchange. One that had several streams is there for each of them.
struct RecordedLeg {
  BookedCall::Leg leg;                ///< Its times are zero when it never took part: early media of a phone that did not answer.
  const MediaEnded* media = nullptr;  ///< Null: none.
};
/// In the order in which they came. Valid as long as `call`.
[[nodiscard]] std::vector<RecordedLeg> legs_of(const BookedCall& call);
/// From the answer to the end; zero when nobody answered.
[[nodiscard]] base::Duration talk_time(const BookedCall& call) noexcept;

/// One record for each call, once it is over and its media have ended: a view of the journal of the exchange. One thread.
class CallRecords {
 public:
  using OnRecord = std::function<void(CallRecord record)>;

  /// Media that have not ended so long after their call are not waited for.
  static constexpr base::Duration kMediaLimit = std::chrono::seconds(5);

  /// `on_record` may not call back.
  CallRecords(base::Timers& timers, base::Random& random, OnRecord on_record)
      : timers_(timers), random_(random), on_record_(std::move(on_record)), deadline_(timers, base::Callback::to<&CallRecords::on_deadline>(*this)) {}

  void note(const Event& event);
  /// The end of the journal: records all that is left, calls that are not over as cut off at `now`.
  void finish(base::WallTime now);

 private:
  struct Waiting {
    base::TimePoint deadline;
    std::size_t streams = 0;  ///< Whose end is still to come.
    BookedCall call;
  };

  void wait_for_media(BookedCall call);
  void note_media(const Event& event, const MediaEnded& what);
  void record(BookedCall call);
  void on_deadline();

  base::Timers& timers_;
  base::Random& random_;
  const OnRecord on_record_;
  OpenCalls open_;
  std::deque<Waiting> waiting_;  ///< By deadline.
  base::Timer deadline_;
};

}  // namespace callwright::call
