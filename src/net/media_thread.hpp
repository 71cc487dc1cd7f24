#pragma once

#include "base/random.hpp"
#include "base/timers.hpp"
#include "media/media_port.hpp"
#include "net/engine_loop.hpp"
#include "net/impairment.hpp"
#include "net/media_sessions.hpp"
#include "net/port_pairs.hpp"

#include <cstddef>
#include <deque>
#include <memory>
#include <unordered_map>
#include <unordered_set>

namespace callwright::net {

/// The media of calls on real sockets: one thread for the streams and one for their files, which run as long as the object lives. Used on the thread of the
/// engine's loop, on which observers are called too.
///
/// Commands that find the media thread's queue full wait and are given again, in order; `open` refuses instead. Events that find the engine's queue full are
/// offered again with the next tick. Destruction says BYE on every stream and completes the recordings, but calls no observer.
class MediaThread final : public media::MediaPort {
 public:
  /// Making ready for SRTP takes the library a good part of a second, on the thread for files.
  enum class Encryption : std::uint8_t { Prepared, OnDemand };
  struct Options {
    PortRange ports;  ///< For streams whose options name none.
    std::size_t max_streams = 10'000;
    Encryption encryption =
        Encryption::Prepared;  ///< OnDemand: by whoever calls `rtp::blocking_prepare_srtp`, or else with the first encrypted stream, while others wait.
    std::optional<Impairment::Options> impairment = {};  ///< For tests: of what is sent and received.
    std::size_t max_recordings = 2'000;                  ///< A second of sound in both directions is kept for each.
  };

  explicit MediaThread(EngineLoop& engine);
  MediaThread(EngineLoop& engine, const Options& options);
  ~MediaThread() override;

  [[nodiscard]] const rtp::Fingerprint& fingerprint() const override { return identity_.fingerprint(); }
  base::Result<media::OpenedStream> open(const media::StreamOptions& options, media::MediaObserver& observer) override;
  void start(media::StreamId id, const media::StreamParameters& parameters) override;
  void set_source(media::StreamId id, const media::SourceSpec& source) override;
  void join(media::StreamId one, media::StreamId other) override;
  void part(media::StreamId id) override;
  base::Result<media::ConferenceId> open_conference(const media::ConferenceOptions& options, media::MediaObserver& observer) override;
  void confer(media::ConferenceId conference, media::StreamId stream, const media::ConferenceParty& party) override;
  void measure(media::StreamId id) override;
  void set_listening(media::StreamId id, const media::Listening& listening) override;
  void hear(media::StreamId id, std::shared_ptr<audio::LiveReader> reader) override;
  base::Result<void> press(media::StreamId id, std::string_view keys, const media::KeyTiming& timing) override;
  base::Result<media::RecordingId> open_recording(const media::RecordingOptions& options, media::RecordingObserver& observer) override;
  void record(media::RecordingId recording, media::StreamId stream, media::HeardOn heard_on) override;
  void pause_recording(media::RecordingId recording) override;
  void resume_recording(media::RecordingId recording) override;
  void stop_recording(media::RecordingId recording) override;
  void abandon_recording(media::RecordingId recording) override;
  void close(media::StreamId id) override;
  void abandon(media::StreamId id) override;

  /// From now on `tap` gets a copy of all packets, on the engine thread; empty: nobody does. What comes while the engine is too busy is left out.
  void tap(PacketTap tap);
  /// Streams that have not had their end, abandoned ones included.
  [[nodiscard]] std::size_t streams() const noexcept { return registry_->open.size(); }

 private:
  /// Shared with the events that are on their way when the object goes.
  struct Registry {
    std::unordered_set<media::StreamId> open;
    std::unordered_map<media::StreamId, media::MediaObserver*> observers;

    std::unordered_set<media::RecordingId> open_recordings;
    std::unordered_map<media::RecordingId, media::RecordingObserver*> recording_observers;

    void deliver(const media::StreamEvent& event);
    void deliver(const media::RecordingEvent& event);
  };

  void command(EngineLoop::Task task);
  void retry_commands();

  EngineLoop& engine_;
  const Options options_;
  const rtp::DtlsIdentity identity_;
  base::SystemRandom random_;
  PortPairs ports_{random_};
  base::IdSource<media::StreamId> ids_;
  base::IdSource<media::RecordingId> recording_ids_;
  std::shared_ptr<Registry> registry_ = std::make_shared<Registry>();
  std::deque<EngineLoop::Task> waiting_commands_;
  base::Timer retry_;
  EngineLoop files_;
  EngineLoop loop_;
  std::shared_ptr<MediaSessions> sessions_;
};

}  // namespace callwright::net
