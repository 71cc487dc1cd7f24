#include "net/media_thread.hpp"

#include "net/endpoint.hpp"

#include <utility>

namespace callwright::net {
namespace {

constexpr base::Duration kRetryDelay = std::chrono::milliseconds(20);

/// Before the other threads, where the system allows it: what comes late is not heard.
EngineLoop::Options media_loop() { return {.name = "media", .slow_iteration = std::chrono::milliseconds(20), .urgent = true}; }

/// Waiting for the disk is what this one is for.
EngineLoop::Options file_loop() { return {.name = "media-files", .slow_iteration = std::chrono::seconds(2)}; }

}  // namespace

void MediaThread::Registry::deliver(const media::StreamEvent& event) {
  const bool ended = std::holds_alternative<media::Ended>(event.what);
  if (ended) {
    open.erase(event.stream);
  }
  const auto found = observers.find(event.stream);
  if (found == observers.end()) {
    return;
  }
  media::MediaObserver* const observer = found->second;
  if (ended) {
    observers.erase(found);
  }
  observer->on_media_event(event);
}

void MediaThread::Registry::deliver(const media::RecordingEvent& event) {
  const bool ended = std::holds_alternative<media::RecordingEnded>(event.what);
  if (ended) {
    open_recordings.erase(event.recording);
  }
  const auto found = recording_observers.find(event.recording);
  if (found == recording_observers.end()) {
    return;
  }
  media::RecordingObserver* const observer = found->second;
  if (ended) {
    recording_observers.erase(found);
  }
  observer->on_recording_event(event);
}

MediaThread::MediaThread(EngineLoop& engine) : MediaThread(engine, Options{}) {}

MediaThread::MediaThread(EngineLoop& engine, const Options& options)
    : engine_(engine),
      options_(options),
      identity_(rtp::DtlsIdentity::make(engine.clock().wall_now()).value()),
      retry_(engine.timers(), base::Callback::to<&MediaThread::retry_commands>(*this)),
      files_(file_loop()),
      loop_(media_loop()) {
  sessions_ = std::make_shared<MediaSessions>(loop_, files_, identity_, [&loop = engine_, registry = registry_](const auto& events) {
    return loop.post([registry, events] {
      for (const MediaEvent& event : *events) {
        std::visit([&registry](const auto& what) { registry->deliver(what); }, event);
      }
    });
  });
  if (options_.impairment) {
    sessions_->impair(*options_.impairment);
  }
  files_.start();
  if (options_.encryption == Encryption::Prepared) {
    (void)files_.post([] { rtp::blocking_prepare_srtp(); });
  }
  loop_.start();
}

MediaThread::~MediaThread() {
  registry_->observers.clear();
  registry_->recording_observers.clear();
  command([sessions = sessions_] { sessions->close_all(); });
  loop_.stop();
  loop_.join();
  files_.stop();
  files_.join();
}

base::Result<media::OpenedStream> MediaThread::open(const media::StreamOptions& options, media::MediaObserver& observer) {
  if (registry_->open.size() >= options_.max_streams || !waiting_commands_.empty()) {
    return base::Error(base::Errc::LimitReached, "No more audio streams: " + std::to_string(registry_->open.size()) + " are open. End calls first.");
  }
  const bool named = options.first_port != 0 || options.last_port != 0;
  auto bound = ports_.bind(loop_.context(), options.address, named ? PortRange{options.first_port, options.last_port} : options_.ports);
  if (!bound) {
    return bound.error();
  }
  const media::StreamId id = ids_.next();
  const media::OpenedStream opened{id, from_endpoint(bound->rtp.local_endpoint()), from_endpoint(bound->rtcp.local_endpoint())};
  const auto sockets = std::make_shared<PortPair>(std::move(*bound));
  if (!loop_.post([sessions = sessions_, id, options, sockets] { sessions->open(id, options, std::move(*sockets)); })) {
    return base::Error(base::Errc::LimitReached, "The media thread has too much to do to open a stream. Try again later.");
  }
  registry_->open.insert(id);
  registry_->observers[id] = &observer;
  return opened;
}

void MediaThread::tap(PacketTap tap) {
  if (!tap) {
    command([sessions = sessions_] { sessions->tap({}); });
    return;
  }
  command([sessions = sessions_, &engine = engine_, tap = std::move(tap)] {
    sessions->tap([&engine, tap](const TappedPackets& packets) { static_cast<void>(engine.post([tap, packets] { tap(packets); })); });
  });
}

void MediaThread::start(media::StreamId id, const media::StreamParameters& parameters) {
  command([sessions = sessions_, id, parameters] { sessions->start(id, parameters); });
}

void MediaThread::set_source(media::StreamId id, const media::SourceSpec& source) {
  command([sessions = sessions_, id, source] { sessions->set_source(id, source); });
}

void MediaThread::join(media::StreamId one, media::StreamId other) {
  command([sessions = sessions_, one, other] { sessions->join(one, other); });
}

void MediaThread::part(media::StreamId id) {
  command([sessions = sessions_, id] { sessions->part(id); });
}

base::Result<media::ConferenceId> MediaThread::open_conference(const media::ConferenceOptions& options, media::MediaObserver& observer) {
  if (auto checked = options.check(); !checked) {
    return checked.error();
  }
  if (!waiting_commands_.empty()) {
    return base::Error(base::Errc::LimitReached, "The media thread has too much to do to open a conference. Try again later.");
  }
  const media::ConferenceId id = ids_.next();
  command([sessions = sessions_, id, options] { sessions->open_conference(id, options); });
  registry_->open.insert(id);
  registry_->observers[id] = &observer;
  return id;
}

void MediaThread::confer(media::ConferenceId conference, media::StreamId stream, const media::ConferenceParty& party) {
  command([sessions = sessions_, conference, stream, party] { sessions->confer(conference, stream, party); });
}

void MediaThread::measure(media::StreamId id) {
  command([sessions = sessions_, id] { sessions->measure(id); });
}

void MediaThread::set_listening(media::StreamId id, const media::Listening& listening) {
  command([sessions = sessions_, id, listening] { sessions->set_listening(id, listening); });
}

void MediaThread::hear(media::StreamId id, std::shared_ptr<audio::LiveReader> reader) {
  command([sessions = sessions_, id, reader = std::move(reader)] { sessions->hear(id, reader); });
}

base::Result<void> MediaThread::press(media::StreamId id, std::string_view keys, const media::KeyTiming& timing) {
  if (auto checked = media::check_keys(keys, timing); !checked) {
    return checked;
  }
  command([sessions = sessions_, id, pressed = std::string(keys), timing] { sessions->press(id, pressed, timing); });
  return base::ok();
}

base::Result<media::RecordingId> MediaThread::open_recording(const media::RecordingOptions& options, media::RecordingObserver& observer) {
  if (auto checked = media::check_recording(options); !checked) {
    return checked.error();
  }
  if (registry_->open_recordings.size() >= options_.max_recordings) {
    return base::Error(base::Errc::LimitReached, "No more recordings: " + std::to_string(registry_->open_recordings.size()) + " are open. Stop some first.");
  }
  const media::RecordingId id = recording_ids_.next();
  registry_->open_recordings.insert(id);
  registry_->recording_observers[id] = &observer;
  command([sessions = sessions_, id, options] { sessions->open_recording(id, options); });
  return id;
}

void MediaThread::record(media::RecordingId recording, media::StreamId stream, media::HeardOn heard_on) {
  command([sessions = sessions_, recording, stream, heard_on] { sessions->recordings().record(recording, stream, heard_on); });
}

void MediaThread::pause_recording(media::RecordingId recording) {
  command([sessions = sessions_, recording] { sessions->recordings().pause(recording); });
}

void MediaThread::resume_recording(media::RecordingId recording) {
  command([sessions = sessions_, recording] { sessions->recordings().resume(recording); });
}

void MediaThread::stop_recording(media::RecordingId recording) {
  command([sessions = sessions_, recording] { sessions->recordings().stop(recording); });
}

void MediaThread::abandon_recording(media::RecordingId recording) {
  registry_->recording_observers.erase(recording);
  stop_recording(recording);
}

void MediaThread::close(media::StreamId id) {
  command([sessions = sessions_, id] { sessions->close(id); });
}

void MediaThread::abandon(media::StreamId id) {
  registry_->observers.erase(id);
  close(id);
}

void MediaThread::command(EngineLoop::Task task) {
  if (!waiting_commands_.empty() || !loop_.post(task)) {
    waiting_commands_.push_back(std::move(task));
    retry_.start(kRetryDelay);
  }
}

void MediaThread::retry_commands() {
  while (!waiting_commands_.empty() && loop_.post(waiting_commands_.front())) {
    waiting_commands_.pop_front();
  }
  if (!waiting_commands_.empty()) {
    retry_.start(kRetryDelay);
  }
}

}  // namespace callwright::net
