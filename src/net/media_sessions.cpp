#include "net/media_sessions.hpp"

#include "media/address_probe.hpp"
#include "media/source.hpp"
#include "net/endpoint.hpp"

#include <algorithm>
#include <array>
#include <utility>

namespace callwright::net {
namespace {

std::string_view as_text(rtp::Bytes bytes) { return {reinterpret_cast<const char*>(bytes.data()), bytes.size()}; }
/// A tick of ten thousand streams.
constexpr std::size_t kMostTapped = 20'000;

rtp::Bytes as_bytes(std::string_view text) { return {reinterpret_cast<const std::uint8_t*>(text.data()), text.size()}; }

}  // namespace

/// A stream with its two sockets, or a conference.
class MediaSessions::Session final : public RtpSocket::Owner, public media::StreamOutput, public media::AddressProbe::Output {
 public:
  /// A stream, with `use`; or a conference.
  Session(MediaSessions& owner, media::StreamId own_id) : id(own_id), owner_(owner), clock_(owner.loop_.clock()) {}

  void use(media::Stream& owned, PortPair sockets) {
    stream = &owned;
    sounding = &owned;
    local = {from_endpoint(sockets.rtp.local_endpoint()), from_endpoint(sockets.rtcp.local_endpoint())};
    if (owner_.impairment_ != nullptr) {
      owner_.impairment_->add(local[0]);
      owner_.impairment_->add(local[1]);
    }
    rtp.emplace(*owner_.poller_, std::move(sockets.rtp), media::Port::Rtp, static_cast<RtpSocket::Owner&>(*this));
    rtcp.emplace(*owner_.poller_, std::move(sockets.rtcp), media::Port::Rtcp, static_cast<RtpSocket::Owner&>(*this));
  }
  void use(media::Conference& owned) { sounding = &owned; }

  void on_packet(media::Port port, const base::SocketAddress& remote, std::string_view bytes) override {
    if (owner_.impairment_ == nullptr) {
      take(port, remote, bytes);
      return;
    }
    owner_.impairment_->carry_in(remote, bytes, [&sessions = owner_, own_id = id, port, remote](std::string_view late) {
      Session* const session = sessions.find(own_id);
      if (session != nullptr && session->rtp) {
        session->take(port, remote, late);
      }
    });
  }
  void take(media::Port port, const base::SocketAddress& remote, std::string_view bytes) {
    if (owner_.tap_) {
      owner_.note(remote, local[port == media::Port::Rtp ? 0 : 1], bytes);
    }
    if (probe == nullptr || !probe->receive(port, remote, bytes)) {
      stream->receive(port, remote, as_bytes(bytes), clock_.now());
    }
  }

  void send(media::StreamId /*id*/, media::Port port, const base::SocketAddress& to, rtp::Bytes datagram) override {
    if (owner_.impairment_ == nullptr) {
      put(port, to, as_text(datagram));
      return;
    }
    owner_.impairment_->carry_out(as_text(datagram), [&sessions = owner_, own_id = id, port, to](std::string_view bytes) {
      Session* const session = sessions.find(own_id);
      if (session != nullptr && session->rtp) {
        session->put(port, to, bytes);
      }
    });
  }
  /// On the wire.
  void put(media::Port port, const base::SocketAddress& to, std::string_view bytes) {
    (port == media::Port::Rtp ? rtp : rtcp)->send(to, bytes);
    if (owner_.tap_) {
      owner_.note(local[port == media::Port::Rtp ? 0 : 1], to, bytes);
    }
  }
  void on_stream_event(const media::StreamEvent& event) override { owner_.report(event); }

  void send_to_stun_server(media::Port port, const base::SocketAddress& server, std::string_view datagram) override { put(port, server, datagram); }

  void close_sockets() {
    if (owner_.impairment_ != nullptr) {
      owner_.impairment_->remove(local[0]);
      owner_.impairment_->remove(local[1]);
    }
    rtp.reset();
    rtcp.reset();
  }

  const media::StreamId id;
  media::Stream* stream = nullptr;  ///< Null: a conference.
  media::Sounding* sounding = nullptr;
  std::optional<RtpSocket> rtp;  ///< A conference has none.
  std::optional<RtpSocket> rtcp;
  std::array<base::SocketAddress, 2> local;  ///< Of RTP and of RTCP.
  media::SourceSpec source;
  audio::SampleRate source_rate = audio::kNarrowband;  ///< That it was made for.
  bool started = false;
  std::uint64_t source_request = 0;            ///< The newest `set_source`; a file that opens later than the next request is not used.
  std::unique_ptr<media::AddressProbe> probe;  ///< Where a STUN server is to be asked.

 private:
  MediaSessions& owner_;
  const base::Clock& clock_;
};

MediaSessions::MediaSessions(EngineLoop& loop, EngineLoop& files, const rtp::DtlsIdentity& identity, Deliver deliver)
    : loop_(loop),
      files_(files),
      deliver_(std::move(deliver)),
      poller_(std::make_shared<RtpPoller>(loop, base::Callback::to<&MediaSessions::on_busy>(*this))),
      streams_(random_, identity, *this),
      recordings_(std::make_shared<Recordings>(loop, files, streams_, [this](const media::RecordingEvent& event) { report(event); })),
      tick_(loop.context()),
      events_(std::make_shared<std::vector<MediaEvent>>()),
      batch_end_(loop, base::Callback::to<&MediaSessions::deliver_events>(*this)) {}

MediaSessions::~MediaSessions() = default;

void MediaSessions::impair(const Impairment::Options& options) {
  impairment_ = std::make_unique<Impairment>(loop_.timers(), options, std::make_shared<std::unordered_set<base::SocketAddress>>());
}

MediaSessions::Session* MediaSessions::find(media::StreamId id) noexcept {
  const auto found = sessions_.find(id);
  return found == sessions_.end() ? nullptr : found->second.get();
}

MediaSessions::Session* MediaSessions::find_any(media::StreamId id) noexcept {
  const auto found = sessions_.find(id);
  return found == sessions_.end() || found->second->sounding == nullptr ? nullptr : found->second.get();
}

void MediaSessions::open(media::StreamId id, const media::StreamOptions& options, PortPair sockets) {
  auto& session = sessions_[id] = std::make_unique<Session>(*this, id);
  session->use(streams_.add(id, options.cname, *session), std::move(sockets));
  if (options.stun_server) {
    session->probe = std::make_unique<media::AddressProbe>(*options.stun_server, random_, loop_.clock().now());
    probes_.push_back(id);
  }
  begin_ticking();
}

void MediaSessions::open_conference(media::ConferenceId id, const media::ConferenceOptions& options) {
  auto& session = sessions_[id] = std::make_unique<Session>(*this, id);
  session->use(streams_.add_conference(id, options));
  begin_ticking();
}

void MediaSessions::begin_ticking() {
  if (!ticking_) {
    ticking_ = true;
    slot_ = 0;
    next_tick_ = loop_.clock().now() + media::Stream::kFrame;
    wait_for_tick();
  }
}

void MediaSessions::start(media::StreamId id, const media::StreamParameters& parameters) {
  Session* const session = find(id);
  if (session == nullptr) {
    return;
  }
  session->stream->start(parameters, loop_.clock().now());
  // Nothing was played yet: made again for the rate that is known only now. Later changes are converted, so that what plays goes on.
  if (!std::exchange(session->started, true) && session->source_rate != session->stream->rate()) {
    make_source(*session);
  }
}

void MediaSessions::set_source(media::StreamId id, const media::SourceSpec& source) {
  if (Session* const session = find_any(id)) {
    session->source = source;
    make_source(*session);
  }
}

void MediaSessions::make_source(Session& session) {
  ++session.source_request;
  session.source_rate = session.sounding->rate();
  if (const auto* const file = std::get_if<media::SoundFile>(&session.source)) {
    load_source(session, *file);
  } else {
    // Does not wait for anything: no file is involved.
    use_source(session.id, session.source_request, session.source_rate, media::blocking_make_source(session.source, session.source_rate));
  }
}

void MediaSessions::load_source(Session& session, const media::SoundFile& file) {
  const bool accepted = files_.post([self = shared_from_this(), id = session.id, request = session.source_request, rate = session.source_rate, file] {
    const auto opened = std::make_shared<base::Result<std::unique_ptr<audio::Source>>>(media::blocking_make_source(file, rate));
    (void)self->loop_.post([self, id, request, rate, opened] { self->use_source(id, request, rate, std::move(*opened)); });
  });
  if (!accepted) {
    emit(session.id, media::FileFailed{{base::Errc::LimitReached, "Too much work waits for the disk to open " + file.path.string() + "."}});
  }
}

void MediaSessions::use_source(media::StreamId id, std::uint64_t request, audio::SampleRate rate, base::Result<std::unique_ptr<audio::Source>> source) {
  Session* const session = find_any(id);
  if (session == nullptr || session->source_request != request) {
    return;
  }
  if (source) {
    session->sounding->set_source(std::move(*source), rate);
  } else {
    session->sounding->set_source(nullptr, rate);
    emit(id, media::FileFailed{source.error()});
  }
}

void MediaSessions::measure(media::StreamId id) {
  if (Session* const session = find(id)) {
    emit(id, media::Measured{session->stream->statistics()});
  }
}

void MediaSessions::set_listening(media::StreamId id, const media::Listening& listening) {
  if (Session* const session = find(id)) {
    session->stream->set_listening(listening);
  }
}

void MediaSessions::hear(media::StreamId id, std::shared_ptr<audio::LiveReader> reader) {
  if (Session* const session = find(id)) {
    session->stream->hear(std::move(reader));
  }
}

void MediaSessions::press(media::StreamId id, const std::string& keys, const media::KeyTiming& timing) {
  if (Session* const session = find(id)) {
    if (const auto pressed = session->stream->press(keys, timing); !pressed) {
      emit(id, media::KeysRefused{pressed.error()});
    }
  }
}

void MediaSessions::open_recording(media::RecordingId id, const media::RecordingOptions& options) {
  recordings_->open(id, options);
  begin_ticking();
}

void MediaSessions::close(media::StreamId id) {
  Session* const session = find_any(id);
  if (session == nullptr) {
    return;
  }
  recordings_->leave(id);
  if (session->stream == nullptr) {
    emit(id, media::Ended{});
    streams_.remove_conference(id);
  } else {
    session->stream->end(loop_.clock().now(), loop_.clock().wall_now());
    session->close_sockets();
    emit(id, media::Ended{session->stream->statistics()});
    streams_.remove(id);
  }
  sessions_.erase(id);
}

void MediaSessions::close_all() {
  std::vector<media::StreamId> ids;
  for (const auto& [id, session] : sessions_) {
    ids.push_back(id);
  }
  for (const media::StreamId id : ids) {
    close(id);
  }
  recordings_->stop_all();
}

void MediaSessions::emit(media::StreamId id, decltype(media::StreamEvent::what) what) { on_stream_event({id, loop_.clock().now(), std::move(what)}); }

void MediaSessions::on_stream_event(const media::StreamEvent& event) { report(event); }

void MediaSessions::report(MediaEvent event) {
  events_->push_back(std::move(event));
  batch_end_.request();
}

void MediaSessions::deliver_events() {
  if (!events_->empty() && deliver_(events_)) {
    events_ = std::make_shared<std::vector<MediaEvent>>();
  }
}

void MediaSessions::tap(PacketTap tap) {
  deliver_tapped();
  tap_ = std::move(tap);
}

void MediaSessions::note(const base::SocketAddress& from, const base::SocketAddress& to, std::string_view bytes) {
  if (tapped_.size() < kMostTapped) {
    tapped_.push_back({loop_.clock().wall_now(), from, to, std::string(bytes)});
  }
}

void MediaSessions::deliver_tapped() {
  if (!tapped_.empty()) {
    tap_(std::make_shared<const std::vector<TappedPacket>>(std::exchange(tapped_, {})));
  }
}

void MediaSessions::wait_for_tick() {
  tick_.expires_at(std::chrono::time_point_cast<boost::asio::steady_timer::duration>(next_tick_));
  tick_.async_wait([weak = weak_from_this()](const boost::system::error_code& failure) {
    if (const auto self = weak.lock(); self != nullptr && !failure) {
      self->on_tick();
    }
  });
}

/// The sockets are looked at with the ticks: the next one is that of the slot which is due now.
void MediaSessions::on_busy() {
  const base::TimePoint now = loop_.clock().now();
  while (next_tick_ - media::StreamSet::kSlot > now && slot_ > 0) {
    next_tick_ -= media::StreamSet::kSlot;
    --slot_;
  }
  if (ticking_) {
    wait_for_tick();
  }
}

void MediaSessions::tick_probes(base::TimePoint now) {
  std::erase_if(probes_, [this](media::StreamId id) { return find(id) == nullptr; });
  for (const media::StreamId id : probes_) {
    Session& session = *find(id);
    const auto outcome = session.probe->tick(now, session);
    if (const auto* const learned = std::get_if<media::AddressLearned>(&outcome)) {
      emit(id, *learned);
    } else if (const auto* const unknown = std::get_if<media::AddressUnknown>(&outcome)) {
      emit(id, *unknown);
    }
  }
}

void MediaSessions::on_tick() {
  loop_.handler_started();
  const base::TimePoint now = loop_.clock().now();
  // Once around at most; each stream catches up with what a late tick has missed.
  const base::TimePoint round_end = next_tick_ + media::Stream::kFrame;
  while (next_tick_ <= now && next_tick_ < round_end) {
    tick_slot(now);
    go_to_next_slot();
  }
  if (sessions_.empty() && recordings_->empty() && events_->empty()) {
    ticking_ = false;
    deliver_tapped();
    return;
  }
  poller_->look();
  // The schedule is absolute, so it does not drift.
  while (next_tick_ <= now) {
    next_tick_ += media::Stream::kFrame;
  }
  wait_for_tick();
}

void MediaSessions::tick_slot(base::TimePoint now) {
  streams_.tick(slot_, now, loop_.clock().wall_now());
  if (slot_ == 0) {
    tick_probes(now);
    recordings_->tick(now);
    deliver_events();
    deliver_tapped();
  }
}

void MediaSessions::go_to_next_slot() noexcept {
  do {
    slot_ = (slot_ + 1) % media::StreamSet::kSlots;
    next_tick_ += media::StreamSet::kSlot;
  } while (slot_ != 0 && !streams_.used(slot_) && !poller_->busy());
}

}  // namespace callwright::net
