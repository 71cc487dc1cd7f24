#include "media/stream.hpp"

#include "audio/g711.hpp"

#include <algorithm>
#include <utility>

namespace callwright::media {
namespace {

constexpr std::uint32_t kClockRate = 8000;
constexpr std::uint32_t kFrameSamples = 160;
constexpr std::chrono::milliseconds kLongestCatchUp{100};
constexpr std::chrono::seconds kLongestStallHeard{10};
constexpr std::size_t kMaxPayload = 2048;

// RFC 3551: these numbers mean the same without negotiation.
constexpr rtp::PayloadType kStaticPcmu{0};
constexpr rtp::PayloadType kStaticPcma{8};
constexpr rtp::PayloadType kComfortNoise{13};

audio::Encoding encoding_of(const StreamParameters& parameters) noexcept {
  return parameters.codec->kind == audio::CodecKind::Pcma ? audio::Encoding::Pcma : audio::Encoding::Pcmu;
}

constexpr rtp::PayloadType to_rtp(sdp::PayloadType type) noexcept { return rtp::PayloadType{static_cast<std::uint8_t>(type)}; }

std::string cname_or_random(std::string cname, base::Random& random) { return cname.empty() ? random.token(16) : std::move(cname); }

}  // namespace

Stream::Stream(StreamId id, std::string cname, base::Random& random, StreamOutput& output)
    : id_(id), output_(output), sender_(random), receiver_(kClockRate), rtcp_(cname_or_random(std::move(cname), random), random) {}

template <class What>
void Stream::emit(What what, base::TimePoint at) {
  output_.on_stream_event({id_, at, std::move(what)});
}

void Stream::start(const StreamParameters& parameters, base::TimePoint now) {
  if (state_ == State::Ended) {
    return;
  }
  if (state_ == State::Opened) {
    state_ = State::Running;
    started_ = next_frame_ = now;
    rtcp_.start(now);
  } else if (parameters.codec != parameters_.codec || parameters.send_payload_type != parameters_.send_payload_type) {
    pause_sending();
  }
  parameters_ = parameters;
}

std::unique_ptr<audio::Sink> Stream::set_sink(std::unique_ptr<audio::Sink> sink) noexcept { return std::exchange(sink_, std::move(sink)); }

void Stream::receive_rtp(rtp::Bytes datagram, base::TimePoint arrival) {
  if (state_ != State::Running) {
    return;
  }
  const auto packet = rtp::Packet::parse(datagram);
  audio::Encoding encoding{};
  const Kind kind = packet ? kind_of(packet->payload_type, encoding) : Kind::Unknown;
  if (kind == Kind::Unknown) {
    ++refused_;
    return;
  }
  const bool first = receiver_.packets() == 0;
  const rtp::Reception reception = receiver_.receive(*packet, arrival);
  if (reception == rtp::Reception::Duplicate || reception == rtp::Reception::Probation) {
    return;
  }
  if (first) {
    emit(FirstPacket{since_start(arrival)}, arrival);
  }
  if (reception == rtp::Reception::NewSource) {
    playout_.restart();
  }
  if (kind != Kind::Audio || !sdp::receives(parameters_.direction)) {
    return;
  }
  const auto duration = static_cast<std::uint32_t>(std::min(packet->payload.size(), kMaxPayload));
  if (duration > 0 && playout_.insert(*packet, duration, arrival) == Playout::Outcome::Late) {
    receiver_.discard(receiver_.extended_sequence());
    ++late_;
  }
}

Stream::Kind Stream::kind_of(rtp::PayloadType type, audio::Encoding& encoding) const noexcept {
  if (type == to_rtp(parameters_.receive_payload_type)) {
    encoding = encoding_of(parameters_);
    return Kind::Audio;
  }
  if (parameters_.receive_event_payload_type && type == to_rtp(*parameters_.receive_event_payload_type)) {
    return Kind::Other;
  }
  // An answerer may use any codec of the offer, so both laws are understood at any time.
  if (type == kStaticPcmu || type == kStaticPcma) {
    encoding = type == kStaticPcmu ? audio::Encoding::Pcmu : audio::Encoding::Pcma;
    return Kind::Audio;
  }
  return type == kComfortNoise ? Kind::Other : Kind::Unknown;
}

void Stream::receive_rtcp(rtp::Bytes datagram, base::TimePoint arrival) {
  if (state_ != State::Running) {
    return;
  }
  const auto received = rtcp_.receive(datagram, sender_, receiver_, arrival);
  if (!received) {
    ++refused_;
  } else if (*received == rtp::RtcpSession::Received::Bye) {
    emit(RemoteBye{}, arrival);
  }
}

void Stream::tick(base::TimePoint now, base::WallTime wall) {
  if (state_ != State::Running) {
    return;
  }
  skip_stall(now);
  for (; next_frame_ <= now; next_frame_ += kFrame) {
    send_frame(now);
    play_frame(now);
  }
  if (rtcp_.due(now)) {
    send_reports(now, wall);
  }
}

void Stream::skip_stall(base::TimePoint now) {
  if (now - next_frame_ <= kLongestCatchUp) {
    return;
  }
  pause_sending();
  if (now - next_frame_ > kLongestStallHeard) {
    const auto frames = (now - next_frame_) / kFrame;
    sender_.skip(static_cast<std::uint32_t>(frames * kFrameSamples));
    playout_.restart();
    next_frame_ += frames * kFrame;
    return;
  }
  for (; now - next_frame_ > kLongestCatchUp; next_frame_ += kFrame) {
    sender_.skip(kFrameSamples);
    play_frame(now);
  }
}

void Stream::play_frame(base::TimePoint now) {
  Frame frame;
  hear(frame);
  if (sink_) {
    sink_->write(frame);
  }
  listen(frame, now);
}

/// The next 20 ms, of as many packets as it takes.
void Stream::hear(Frame& frame) {
  while (decoded_.size() < frame.size()) {
    append(playout_.next(next_frame_, next_frame_ + audio::duration_of(decoded_.size())));
  }
  std::copy_n(decoded_.begin(), frame.size(), frame.begin());
  decoded_.erase(decoded_.begin(), decoded_.begin() + static_cast<std::ptrdiff_t>(frame.size()));
}

void Stream::append(const PlayoutFrame& next) {
  const std::size_t before = decoded_.size();
  decoded_.resize(before + next.duration);
  audio::Encoding encoding{};
  if (next.kind == PlayoutFrame::Kind::Packet && kind_of(next.payload_type, encoding) == Kind::Audio) {
    audio::decode(encoding, next.payload.first(std::min<std::size_t>(next.payload.size(), next.duration)), std::span(decoded_).subspan(before));
  }
  decoded_until_ = next.arrival + audio::duration_of(next.duration);
}

void Stream::listen(const Frame& frame, base::TimePoint now) {
  const auto tones = detector_.process(frame);
  const base::TimePoint heard_until = decoded_until_ - audio::duration_of(decoded_.size());
  const auto arrival_of = [&](std::uint64_t position) { return heard_until - audio::duration_of(detector_.position() - position); };
  if (!heard_ && detector_.first_audio()) {
    heard_ = true;
    emit(FirstAudio{since_start(arrival_of(detector_.first_audio()->position)), detector_.first_audio()->level_dbov}, now);
  }
  for (const audio::DetectedTone& tone : tones) {
    emit(ToneDetected{tone.frequency_hz, tone.level_dbov, since_start(arrival_of(tone.start))}, now);
  }
}

bool Stream::sending() const noexcept {
  return sdp::sends(parameters_.direction) && parameters_.remote_rtp.port != 0 && !parameters_.remote_rtp.ip.is_unspecified();
}

void Stream::send_frame(base::TimePoint now) {
  if (!sending()) {
    pause_sending();
    sender_.skip(kFrameSamples);
    return;
  }
  Frame frame;
  fill_from_source(frame, now);
  const std::size_t before = pending_.size();
  pending_.resize(before + frame.size());
  audio::encode(encoding_of(parameters_), frame, std::span(pending_).subspan(before));
  const std::size_t packet_samples = std::max<std::size_t>(kFrameSamples / 2, audio::samples_in(parameters_.ptime));
  std::size_t sent = 0;
  for (; pending_.size() - sent >= packet_samples; sent += packet_samples) {
    packet_.clear();
    sender_.send(to_rtp(parameters_.send_payload_type), std::span(pending_).subspan(sent, packet_samples), static_cast<std::uint32_t>(packet_samples), packet_);
    output_.send_rtp(id_, parameters_.remote_rtp, packet_);
  }
  pending_.erase(pending_.begin(), pending_.begin() + static_cast<std::ptrdiff_t>(sent));
}

void Stream::fill_from_source(Frame& frame, base::TimePoint now) {
  if (!source_) {
    frame.fill(0);
    return;
  }
  if (source_->read(frame) < frame.size()) {
    source_.reset();
    emit(SourceEnded{}, now);
  }
}

/// Gives up what is not a whole packet yet; its time passes all the same.
void Stream::pause_sending() {
  if (!pending_.empty()) {
    sender_.skip(static_cast<std::uint32_t>(pending_.size()));
    pending_.clear();
  }
}

void Stream::send_reports(base::TimePoint now, base::WallTime wall) {
  packet_.clear();
  // The next frame is due at its time, whether this tick came early or late.
  const auto next = static_cast<std::uint32_t>(sender_.timestamp()) + static_cast<std::uint32_t>(pending_.size());
  sender_.pair(rtp::Timestamp{next}, next_frame_, kClockRate);
  rtcp_.report(sender_, receiver_, now, wall, packet_);
  if (parameters_.remote_rtcp.port != 0 && !parameters_.remote_rtcp.ip.is_unspecified()) {
    output_.send_rtcp(id_, parameters_.remote_rtcp, packet_);
  }
}

void Stream::end(base::TimePoint now, base::WallTime wall) {
  if (state_ != State::Running) {
    state_ = State::Ended;
    return;
  }
  state_ = State::Ended;
  packet_.clear();
  rtcp_.bye(sender_, receiver_, now, wall, packet_);
  if (parameters_.remote_rtcp.port != 0 && !parameters_.remote_rtcp.ip.is_unspecified()) {
    output_.send_rtcp(id_, parameters_.remote_rtcp, packet_);
  }
}

StreamStatistics Stream::statistics() const {
  StreamStatistics statistics;
  statistics.packets_sent = sender_.packets();
  statistics.octets_sent = sender_.octets();
  statistics.packets_received = receiver_.packets();
  statistics.octets_received = receiver_.octets();
  statistics.lost = receiver_.lost();
  statistics.duplicates = receiver_.duplicates();
  statistics.late = late_;
  statistics.refused = refused_;
  statistics.jitter = receiver_.jitter();
  statistics.round_trip = rtcp_.round_trip();
  if (const auto& remote = rtcp_.remote()) {
    statistics.remote_fraction_lost = remote->fraction_lost;
    statistics.remote_jitter = audio::duration_of(remote->jitter);
  }
  return statistics;
}

}  // namespace callwright::media
