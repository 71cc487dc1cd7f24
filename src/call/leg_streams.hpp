#pragma once

#include "call/call_control.hpp"
#include "call/event.hpp"
#include "call/leg_media.hpp"
#include "sip/dialog.hpp"

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <unordered_map>
#include <vector>

namespace callwright::call {

/// The streams of the exchange's legs, and who hears of each: the owner of the leg, and when that has let it go the journal, which is told what was counted.
/// So what a call was like is known, however early the call goes. Engine thread.
class LegStreams final : private media::MediaObserver {
 public:
  /// Whose stream it is.
  struct Name {
    std::string call_id;  ///< Under which the journal knows the call.
    std::string leg;      ///< The Call-ID of this side,
    std::string party;    ///< and its URI.
  };
  using Report = std::function<void(const std::string& call_id, decltype(Event::what) what)>;

  struct GiveBack {
    LegStreams* streams = nullptr;
    void operator()(LegMedia* leg) const;
  };
  /// Its ports are freed when it goes. It must not outlive the LegStreams.
  using Leg = std::unique_ptr<LegMedia, GiveBack>;

  explicit LegStreams(Report report) : report_(std::move(report)) {}
  /// Streams that still end are not told any more.
  ~LegStreams();
  LegStreams(const LegStreams&) = delete;
  LegStreams& operator=(const LegStreams&) = delete;

  /// As `LegMedia::open`. `owner` hears of the stream until it lets the leg go.
  base::Result<Leg> open(media::MediaPort& port, base::Random& random, media::MediaObserver& owner, LegMedia::Options options);
  /// What the stream says while nothing is played; that of whom it is joined with where it is Silence.
  void set_background(media::StreamId id, const media::SourceSpec& source);
  /// How playing something ended.
  enum class PlayEnd : std::uint8_t {
    Played,   ///< To its end.
    Stopped,  ///< By `stop_playing`, or since something else is played.
    Failed,   ///< The file cannot be played.
    Gone,     ///< The stream is, before.
  };
  using OnPlayEnd = std::function<void(PlayEnd how, const std::string& why)>;
  /// Plays something in place of the background, and of whatever is played. `ended` is called once, never from within this.
  void play(media::StreamId id, const media::SourceSpec& source, OnPlayEnd ended);
  /// False: nothing is played there.
  bool stop_playing(media::StreamId id);
  /// Calls `gone` once, when the stream is closed.
  void watch(media::StreamId id, std::function<void()> gone);
  /// How a stream is; null: it ended before that was known.
  using OnMeasured = std::function<void(const LegQuality* quality)>;
  /// `told` is called once, later. False, and it is not: there is no such stream.
  bool measure(media::StreamId id, OnMeasured told);
  /// To be filled in when media flow. A leg without the Call-ID of its call ends unheard.
  [[nodiscard]] Name& name(const LegMedia& leg) { return streams_.at(leg.stream()).name; }
  /// Streams that are open, or whose end is still to come.
  [[nodiscard]] std::size_t size() const noexcept { return streams_.size(); }
  /// Those of a call, as the journal knows it, that have been let go and whose end is still to come.
  [[nodiscard]] std::size_t ending(const std::string& call_id) const;

 private:
  struct Stream {
    media::MediaPort* port = nullptr;
    const LegMedia* leg = nullptr;          ///< Null once it has been let go.
    media::MediaObserver* owner = nullptr;  ///< Null: only the end is waited for.
    Name name;
    std::string codec;  ///< The last one.
    media::SourceSpec background = media::Silence{};
    OnPlayEnd play_ended = {};  ///< While something is played.
    std::vector<std::function<void()>> watchers = {};
    std::vector<OnMeasured> measuring = {};
  };

  void on_media_event(const media::StreamEvent& event) override;
  void take_back(std::unique_ptr<LegMedia> leg);
  void end_playing(Stream& stream, media::StreamId id, PlayEnd how, const std::string& why);
  static void tell_of_end(Stream& stream);
  static void tell_quality(Stream& stream, const media::StreamStatistics& statistics);

  Report report_;
  std::map<media::StreamId, Stream> streams_;
  std::unordered_map<std::string, std::size_t> ending_;  ///< By the call; no zeros.
};

/// The URI of the other side of a dialog, "" when it has none that can be read.
[[nodiscard]] std::string party_of(const sip::Dialog& dialog);

}  // namespace callwright::call
