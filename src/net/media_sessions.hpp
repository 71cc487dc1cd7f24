#pragma once

#include "base/random.hpp"
#include "media/stream_set.hpp"
#include "net/engine_loop.hpp"
#include "net/impairment.hpp"
#include "net/packet_tap.hpp"
#include "net/port_pairs.hpp"
#include "net/recordings.hpp"
#include "net/rtp_poller.hpp"
#include "net/rtp_socket.hpp"

#include <boost/asio/steady_timer.hpp>

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <unordered_map>
#include <variant>
#include <vector>

namespace callwright::net {

/// What goes up to the engine.
using MediaEvent = std::variant<media::StreamEvent, media::RecordingEvent>;

/// What lives on the media thread: streams with their sockets, their recordings, one tick of 20 ms in slots for all of them, and the events on their way up.
/// Media thread, but for construction and destruction, when that thread does not run. Lives in a shared_ptr: pending work keeps it.
class MediaSessions final : public std::enable_shared_from_this<MediaSessions>, private media::StreamEvents {
 public:
  /// Takes the events of one iteration; false: not now, they will be offered again.
  using Deliver = std::function<bool(const std::shared_ptr<std::vector<MediaEvent>>&)>;

  /// `files` runs what waits for the disk; `identity` is shown by DTLS. All live longer.
  MediaSessions(EngineLoop& loop, EngineLoop& files, const rtp::DtlsIdentity& identity, Deliver deliver);
  ~MediaSessions();

  /// For tests, before the first stream: what streams send and receive goes through a bad network.
  void impair(const Impairment::Options& options);
  /// Gets a copy of all that is sent and received from now on, about every 20 ms; empty: nobody does. What is too much until then is left out.
  void tap(PacketTap tap);
  void open(media::StreamId id, const media::StreamOptions& options, PortPair sockets);
  void start(media::StreamId id, const media::StreamParameters& parameters);
  void set_source(media::StreamId id, const media::SourceSpec& source);
  void join(media::StreamId one, media::StreamId other) { streams_.join(one, other); }
  void part(media::StreamId id) { streams_.part(id); }
  void open_conference(media::ConferenceId id, const media::ConferenceOptions& options);
  void confer(media::ConferenceId conference, media::StreamId stream, const media::ConferenceParty& party) { streams_.confer(conference, stream, party); }
  void measure(media::StreamId id);
  void set_listening(media::StreamId id, const media::Listening& listening);
  void hear(media::StreamId id, std::shared_ptr<audio::LiveReader> reader);
  void press(media::StreamId id, const std::string& keys, const media::KeyTiming& timing);
  void open_recording(media::RecordingId id, const media::RecordingOptions& options);
  [[nodiscard]] Recordings& recordings() noexcept { return *recordings_; }
  void close(media::StreamId id);
  void close_all();

 private:
  class Session;

  void on_stream_event(const media::StreamEvent& event) override;

  /// An open stream; or also a conference. Null: there is none.
  [[nodiscard]] Session* find(media::StreamId id) noexcept;
  [[nodiscard]] Session* find_any(media::StreamId id) noexcept;
  void begin_ticking();
  void emit(media::StreamId id, decltype(media::StreamEvent::what) what);
  void make_source(Session& session);
  void load_source(Session& session, const media::SoundFile& file);
  void use_source(media::StreamId id, std::uint64_t request, audio::SampleRate rate, base::Result<std::unique_ptr<audio::Source>> source);
  void report(MediaEvent event);
  void tick_probes(base::TimePoint now);
  void wait_for_tick();
  void on_busy();
  void on_tick();
  void tick_slot(base::TimePoint now);
  void go_to_next_slot() noexcept;
  void deliver_events();
  void note(const base::SocketAddress& from, const base::SocketAddress& to, std::string_view bytes);
  void deliver_tapped();

  EngineLoop& loop_;
  EngineLoop& files_;
  Deliver deliver_;
  base::SystemRandom random_;
  std::shared_ptr<RtpPoller> poller_;
  media::StreamSet streams_;
  std::unordered_map<media::StreamId, std::unique_ptr<Session>> sessions_;
  std::shared_ptr<Recordings> recordings_;
  std::vector<media::StreamId> probes_;     ///< Those that ask a STUN server.
  std::unique_ptr<Impairment> impairment_;  ///< Null: there is none.
  PacketTap tap_;
  std::vector<TappedPacket> tapped_;
  boost::asio::steady_timer tick_;
  base::TimePoint next_tick_{};
  unsigned slot_ = 0;  ///< Of the next tick.
  bool ticking_ = false;
  std::shared_ptr<std::vector<MediaEvent>> events_;
  EngineLoop::BatchEnd batch_end_;
};

}  // namespace callwright::net
