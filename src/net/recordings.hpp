#pragma once

#include "media/recording.hpp"
#include "media/stream_set.hpp"
#include "net/engine_loop.hpp"
#include "net/file_recording.hpp"

#include <functional>
#include <memory>
#include <unordered_map>

namespace callwright::net {

/// The recordings of one media thread: their files, and the streams that go into them. Media thread. Lives in a shared_ptr: what waits for the disk keeps it.
class Recordings final : public std::enable_shared_from_this<Recordings> {
 public:
  using Emit = std::function<void(const media::RecordingEvent&)>;

  /// `files` runs what waits for the disk. `streams` and both loops live longer than the streams that are recorded.
  Recordings(EngineLoop& loop, EngineLoop& files, media::StreamSet& streams, Emit emit);
  ~Recordings();

  void open(media::RecordingId id, const media::RecordingOptions& options);
  void record(media::RecordingId id, media::StreamId stream, media::HeardOn heard_on);
  void pause(media::RecordingId id);
  void resume(media::RecordingId id);
  void stop(media::RecordingId id);
  void stop_all();
  /// Before the stream or the conference goes.
  void leave(media::StreamId stream);
  void tick(base::TimePoint now);
  [[nodiscard]] bool empty() const noexcept { return sessions_.empty(); }

 private:
  struct Session;

  [[nodiscard]] Session* find(media::RecordingId id) noexcept;
  void detach(Session& session);
  void fail(media::RecordingId id, const base::Error& error);
  void end(media::RecordingId id, const media::RecordingEnded& ended);

  EngineLoop& loop_;
  EngineLoop& files_;
  media::StreamSet& streams_;
  const Emit emit_;
  std::unordered_map<media::RecordingId, std::unique_ptr<Session>> sessions_;
};

}  // namespace callwright::net
