#include "net/recordings.hpp"

#include <optional>
#include <utility>
#include <vector>

namespace callwright::net {

struct Recordings::Session {
  FileRecording file;
  media::Recording recording;
  media::StreamId stream{};  ///< That goes into it; zero: none.
  std::optional<media::RecordingTap> tap;
  bool finishing = false;

  Session(EngineLoop& loop, EngineLoop& files, const media::RecordingOptions& options, FileRecording::OnFailed on_failed)
      : file(loop, files, options, std::move(on_failed)), recording(options.rate, file) {}
};

Recordings::Recordings(EngineLoop& loop, EngineLoop& files, media::StreamSet& streams, Emit emit)
    : loop_(loop), files_(files), streams_(streams), emit_(std::move(emit)) {}

Recordings::~Recordings() = default;

/// Null when there is none that goes on.
Recordings::Session* Recordings::find(media::RecordingId id) noexcept {
  const auto found = sessions_.find(id);
  return found == sessions_.end() || found->second->finishing ? nullptr : found->second.get();
}

void Recordings::open(media::RecordingId id, const media::RecordingOptions& options) {
  sessions_[id] = std::make_unique<Session>(loop_, files_, options, [weak = weak_from_this(), id](const base::Error& error) {
    if (const auto self = weak.lock()) {
      self->fail(id, error);
    }
  });
}

void Recordings::record(media::RecordingId id, media::StreamId stream, media::HeardOn heard_on) {
  Session* const session = find(id);
  media::Sounding* const recorded = streams_.find_sounding(stream);
  if (session == nullptr || recorded == nullptr) {
    return;
  }
  detach(*session);
  session->recording.begin(loop_.clock().now());
  session->stream = stream;
  recorded->add_tap(session->tap.emplace(session->recording, heard_on));
}

void Recordings::detach(Session& session) {
  if (media::Sounding* const recorded = session.tap ? streams_.find_sounding(session.stream) : nullptr) {
    recorded->remove_tap(*session.tap);
  }
  session.tap.reset();
  session.stream = {};
}

void Recordings::leave(media::StreamId stream) {
  const media::Sounding* const leaving = streams_.find_sounding(stream);
  if (leaving == nullptr || !leaving->tapped()) {
    return;
  }
  for (const auto& [id, session] : sessions_) {
    if (session->stream == stream) {
      detach(*session);
    }
  }
}

void Recordings::pause(media::RecordingId id) {
  if (Session* const session = find(id)) {
    session->recording.pause(loop_.clock().now());
  }
}

void Recordings::resume(media::RecordingId id) {
  if (Session* const session = find(id)) {
    session->recording.resume(loop_.clock().now());
  }
}

void Recordings::stop(media::RecordingId id) {
  Session* const session = find(id);
  if (session == nullptr) {
    return;
  }
  detach(*session);
  session->finishing = true;
  session->recording.finish(loop_.clock().now());
  session->file.finish([weak = weak_from_this(), id](const media::RecordingEnded& ended) {
    if (const auto self = weak.lock()) {
      self->end(id, ended);
    }
  });
}

void Recordings::stop_all() {
  std::vector<media::RecordingId> ids;
  for (const auto& [id, session] : sessions_) {
    ids.push_back(id);
  }
  for (const media::RecordingId id : ids) {
    stop(id);
  }
}

void Recordings::fail(media::RecordingId id, const base::Error& error) {
  if (sessions_.contains(id)) {
    emit_({id, loop_.clock().now(), media::RecordingFailed{error}});
    stop(id);
  }
}

void Recordings::end(media::RecordingId id, const media::RecordingEnded& ended) {
  sessions_.erase(id);
  emit_({id, loop_.clock().now(), ended});
}

void Recordings::tick(base::TimePoint now) {
  for (const auto& [id, session] : sessions_) {
    session->recording.tick(now);
  }
}

}  // namespace callwright::net
