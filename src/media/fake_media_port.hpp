#pragma once

#include "media/media_port.hpp"

#include <map>
#include <optional>
#include <utility>
#include <vector>

namespace callwright::media {

/// For tests: streams with made-up ports, no packets. Records the last command of each kind; the test plays the other side with `emit`.
class FakeMediaPort final : public MediaPort {
 public:
  struct FakeStream {
    StreamOptions options;
    OpenedStream opened;
    MediaObserver* observer = nullptr;         ///< Null once abandoned or ended.
    std::vector<StreamParameters> parameters;  ///< Every `start`, in order.
    SourceSpec source = Silence{};
    std::optional<StreamId> joined;
    std::optional<ConferenceId> conference;  ///< That it takes part in.
    ConferenceParty party;                   ///< And how.
    bool confers = false;                    ///< It is one.
    Listening listening;
    std::shared_ptr<audio::LiveReader> reader;
    std::string keys;       ///< All that were pressed.
    unsigned measured = 0;  ///< How often that was asked for.
    bool closed = false;
  };

  struct FakeRecording {
    RecordingOptions options;
    RecordingObserver* observer = nullptr;  ///< Null once abandoned or ended.
    std::optional<StreamId> stream;
    HeardOn heard_on = HeardOn::Left;
    bool paused = false;
    bool stopped = false;
  };

  /// The next `open` calls fail with this, until it is cleared; so many of them go well before.
  std::optional<base::Error> refuse_open;
  std::size_t opens_before = 0;

  const rtp::Fingerprint& fingerprint() const override { return fingerprint_; }

  base::Result<OpenedStream> open(const StreamOptions& options, MediaObserver& observer) override {
    if (refuse_open && opens_before == 0) {
      return *refuse_open;
    }
    opens_before -= opens_before > 0 ? 1 : 0;
    const StreamId id = ids_.next();
    const OpenedStream opened{id, {options.address, next_port_}, {options.address, static_cast<std::uint16_t>(next_port_ + 1)}};
    next_port_ = static_cast<std::uint16_t>(next_port_ >= 60000 ? kFirstPort : next_port_ + 2);
    FakeStream& stream = streams_[id];
    stream.options = options;
    stream.opened = opened;
    stream.observer = &observer;
    return opened;
  }

  void start(StreamId id, const StreamParameters& parameters) override {
    if (FakeStream* stream = open_stream(id)) {
      stream->parameters.push_back(parameters);
    }
  }

  void set_source(StreamId id, const SourceSpec& source) override {
    if (FakeStream* stream = open_stream(id)) {
      stream->source = source;
    }
  }

  void join(StreamId one, StreamId other) override {
    FakeStream* const first = open_stream(one);
    FakeStream* const second = open_stream(other);
    if (first == nullptr || second == nullptr || one == other) {
      return;
    }
    part(one);
    part(other);
    first->joined = other;
    second->joined = one;
  }

  void part(StreamId id) override {
    FakeStream* const stream = open_stream(id);
    if (stream != nullptr) {
      stream->conference.reset();
    }
    if (stream == nullptr || !stream->joined) {
      return;
    }
    streams_.at(*stream->joined).joined.reset();
    stream->joined.reset();
  }

  base::Result<ConferenceId> open_conference(const ConferenceOptions& options, MediaObserver& observer) override {
    if (auto checked = options.check(); !checked || refuse_open) {
      return refuse_open ? *refuse_open : checked.error();
    }
    const ConferenceId id = ids_.next();
    streams_[id].observer = &observer;
    streams_[id].confers = true;
    return id;
  }

  void confer(ConferenceId conference, StreamId stream, const ConferenceParty& party) override {
    FakeStream* const all = open_stream(conference);
    FakeStream* const one = open_stream(stream);
    if (all == nullptr || !all->confers || one == nullptr) {
      return;
    }
    part(stream);
    one->conference = conference;
    one->party = party;
  }

  void measure(StreamId id) override {
    if (FakeStream* stream = open_stream(id)) {
      ++stream->measured;
    }
  }

  void set_listening(StreamId id, const Listening& listening) override {
    if (FakeStream* stream = open_stream(id)) {
      stream->listening = listening;
    }
  }

  void hear(StreamId id, std::shared_ptr<audio::LiveReader> reader) override {
    if (FakeStream* stream = open_stream(id)) {
      stream->reader = std::move(reader);
    }
  }

  base::Result<void> press(StreamId id, std::string_view keys, const KeyTiming& /*timing*/) override {
    if (FakeStream* stream = open_stream(id)) {
      stream->keys += keys;
    }
    return base::ok();
  }

  base::Result<RecordingId> open_recording(const RecordingOptions& options, RecordingObserver& observer) override {
    if (auto checked = check_recording(options); !checked) {
      return checked.error();
    }
    const RecordingId id = recording_ids_.next();
    recordings_[id] = {options, &observer, {}, HeardOn::Left, false, false};
    return id;
  }
  void record(RecordingId recording, StreamId stream, HeardOn heard_on) override {
    if (FakeRecording* const found = open_recording(recording); found != nullptr && open_stream(stream) != nullptr) {
      found->stream = stream;
      found->heard_on = heard_on;
    }
  }
  void pause_recording(RecordingId recording) override {
    if (FakeRecording* const found = open_recording(recording)) {
      found->paused = true;
    }
  }
  void resume_recording(RecordingId recording) override {
    if (FakeRecording* const found = open_recording(recording)) {
      found->paused = false;
    }
  }
  void stop_recording(RecordingId recording) override {
    if (FakeRecording* const found = open_recording(recording)) {
      found->stopped = true;
    }
  }
  void abandon_recording(RecordingId recording) override {
    stop_recording(recording);
    if (const auto found = recordings_.find(recording); found != recordings_.end()) {
      found->second.observer = nullptr;
    }
  }

  void close(StreamId id) override {
    part_all(id);
    if (FakeStream* stream = open_stream(id)) {
      stream->closed = true;
    }
  }

  void abandon(StreamId id) override {
    part_all(id);
    if (const auto found = streams_.find(id); found != streams_.end()) {
      found->second.closed = true;
      found->second.observer = nullptr;
    }
  }

  /// Delivers an event as the media thread would; nothing happens for abandoned or ended streams.
  template <class What>
  void emit(StreamId id, What what, base::TimePoint at = {}) {
    const auto found = streams_.find(id);
    if (found != streams_.end() && found->second.observer != nullptr) {
      found->second.observer->on_media_event({id, at, std::move(what)});
    }
  }

  void fail_recording(RecordingId id, const base::Error& error) {
    FakeRecording* const found = open_recording(id);
    if (found != nullptr && found->observer != nullptr) {
      found->stopped = true;
      found->observer->on_recording_event({id, {}, RecordingFailed{error}});
    }
  }

  /// Gives Ended to every stream that was closed, and to every recording that was stopped, and has not had it. Call it where the engine would process its
  /// queue.
  void finish_closing(const StreamStatistics& statistics = {}) {
    for (auto& [id, stream] : streams_) {
      if (stream.closed && stream.observer != nullptr) {
        std::exchange(stream.observer, nullptr)->on_media_event({id, {}, Ended{statistics}});
      }
    }
    for (auto& [id, recording] : recordings_) {
      if (recording.stopped && recording.observer != nullptr) {
        std::exchange(recording.observer, nullptr)
            ->on_recording_event({id, {}, RecordingEnded{RecordingEnded::Reason::Stopped, files_of(recording.options), 0, {}, {}}});
      }
    }
  }

  /// Null when there never was such a stream. Closed streams stay visible.
  [[nodiscard]] const FakeStream* stream(StreamId id) const {
    const auto found = streams_.find(id);
    return found == streams_.end() ? nullptr : &found->second;
  }
  [[nodiscard]] const std::map<StreamId, FakeStream>& streams() const noexcept { return streams_; }
  [[nodiscard]] const std::map<RecordingId, FakeRecording>& recordings() const noexcept { return recordings_; }
  [[nodiscard]] std::size_t open_count() const {
    std::size_t count = 0;
    for (const auto& [id, stream] : streams_) {
      count += stream.closed ? 0 : 1;
    }
    return count;
  }

 private:
  void part_all(StreamId id) {
    part(id);
    for (auto& [other, stream] : streams_) {
      if (stream.conference == id) {
        stream.conference.reset();
      }
    }
  }

  static constexpr std::uint16_t kFirstPort = 20000;

  FakeStream* open_stream(StreamId id) {
    const auto found = streams_.find(id);
    return found == streams_.end() || found->second.closed ? nullptr : &found->second;
  }

  FakeRecording* open_recording(RecordingId id) {
    const auto found = recordings_.find(id);
    return found == recordings_.end() || found->second.stopped ? nullptr : &found->second;
  }

  /// The hash of nothing.
  const rtp::Fingerprint fingerprint_{"sha-256", "E3:B0:C4:42:98:FC:1C:14:9A:FB:F4:C8:99:6F:B9:24:27:AE:41:E4:64:9B:93:4C:A4:95:99:1B:78:52:B8:55"};
  base::IdSource<StreamId> ids_;
  std::uint16_t next_port_ = kFirstPort;
  std::map<StreamId, FakeStream> streams_;
  base::IdSource<RecordingId> recording_ids_;
  std::map<RecordingId, FakeRecording> recordings_;
};

}  // namespace callwright::media
