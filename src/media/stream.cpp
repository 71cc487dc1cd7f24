#include "media/stream.hpp"

#include "media/conference.hpp"

#include <algorithm>
#include <utility>

namespace callwright::media {
namespace {

constexpr std::chrono::milliseconds kLongestCatchUp{100};
constexpr std::chrono::seconds kLongestStallHeard{10};

CodecImpairment impairment_of(audio::CodecKind kind) noexcept {
  switch (kind) {
    case audio::CodecKind::Opus: return impairments::kOpus;
    case audio::CodecKind::G722: return impairments::kG722;
    case audio::CodecKind::Pcmu:
    case audio::CodecKind::Pcma:
    case audio::CodecKind::L16:
    case audio::CodecKind::ComfortNoise: return impairments::kG711;
  }
  return impairments::kG711;
}

std::string cname_or_random(std::string cname, base::Random& random) { return cname.empty() ? random.token(16) : std::move(cname); }

}  // namespace

Stream::Stream(StreamId id, std::string cname, base::Random& random, const rtp::DtlsIdentity& identity, StreamOutput& output)
    : id_(id),
      output_(output),
      receiver_(parameters_.codec->clock_rate),
      rtcp_(cname_or_random(std::move(cname), random), random),
      packets_(identity, *this),
      send_(random, *this) {}

void Stream::fail(const base::Error& error, base::TimePoint now) { emit(StreamFailed{error}, now); }

void Stream::start(const StreamParameters& parameters, base::TimePoint now) {
  if (state_ == State::Ended) {
    return;
  }
  now_ = now;
  if (joint_ != nullptr && parameters.codec != parameters_.codec) {
    stop_forwarding();
    joint_->partner->stop_forwarding();
    joint_->heard = std::make_shared<SoundQueue>();  // What is in the old one has the old rate.
  }
  const audio::SampleRate rate_before = receive_.rate();
  if (state_ == State::Opened || parameters.security != parameters_.security) {
    protection_told_ = std::holds_alternative<std::monostate>(parameters.security);
  }
  for (const auto& configured : {packets_.configure(parameters), send_.configure(parameters), receive_.configure(parameters)}) {
    if (!configured) {
      fail(configured.error(), now);
      return;
    }
  }
  if (state_ == State::Opened) {
    state_ = State::Running;
    started_ = next_frame_ = now;
    rtcp_.start(now);
  }
  if (receive_.rate() != rate_before) {
    detector_.reset();
    keys_in_sound_.reset();
    ears_.reset();
  }
  receiver_.set_clock_rate(receive_.clock_rate());
  if (parameters.receive_event_payload_type) {
    keys_in_sound_.reset();
  }
  parameters_ = parameters;
  watch_.configure(parameters.direction == sdp::Direction::SendRecv ? parameters.silence_limit : base::Duration::zero(), now);
  if (joint_ != nullptr) {
    joint_->other_law = false;
    rejoin();
  }
  if (seat_ != nullptr) {
    seat_->conference->review(*seat_);
  }
}

/// The parameters of a joined stream have changed.
void Stream::rejoin() {
  Stream& other = *joint_->partner;
  review_joint();
  if (forwards()) {
    rest();
  }
  if (fed_with_packets()) {
    other.rest();
  }
  // What this one hears may have another rate now.
  other.speak_for_partner();
}

base::Result<void> Stream::press(std::string_view keys, const KeyTiming& timing) {
  if (state_ != State::Running) {
    return base::Error(base::Errc::WrongState, "Keys cannot be pressed before the call is answered");
  }
  auto pressed = send_.press(keys, timing);
  review_joint();
  return pressed;
}

void Stream::receive(Port port, const base::SocketAddress& from, rtp::Bytes datagram, base::TimePoint arrival) {
  if (state_ != State::Running) {
    return;
  }
  now_ = arrival;
  const auto packet = packets_.receive(port, from, datagram, arrival);
  report_protection(arrival);
  if (!packet) {
    return;
  }
  if (packet->kind == PacketPath::Kind::Rtp) {
    receive_rtp(packet->bytes, arrival);
  } else {
    receive_rtcp(packet->bytes, arrival);
  }
}

void Stream::receive_rtp(rtp::Bytes bytes, base::TimePoint arrival) {
  const auto packet = rtp::Packet::parse(bytes);
  const ReceivePath::Kind kind = packet ? receive_.kind_of(packet->payload_type) : ReceivePath::Kind::Unknown;
  if (kind == ReceivePath::Kind::Unknown) {
    ++refused_;
    return;
  }
  const bool first = receiver_.packets() == 0;
  const rtp::Reception reception = receiver_.receive(*packet, arrival);
  if (reception == rtp::Reception::Duplicate || reception == rtp::Reception::Probation) {
    return;
  }
  note_partner(arrival);
  if (first) {
    emit(FirstPacket{since_start(arrival)}, arrival);
  }
  if (reception == rtp::Reception::NewSource) {
    if (forwards()) {
      joint_->partner->send_.begin_forwarding(std::nullopt);
    }
    receive_.restart();
  }
  if (!sdp::receives(parameters_.direction)) {
    return;
  }
  const bool passes = forwards();
  if (passes) {
    forward(*packet, kind, arrival);
  }
  if (kind == ReceivePath::Kind::Keys) {
    receive_.insert_keys(*packet, arrival, presses_);
    report_keys(arrival);
    return;
  }
  if (!passes) {
    receive_sound(*packet, arrival);
  }
}

void Stream::receive_sound(const rtp::Packet& packet, base::TimePoint arrival) {
  switch (receive_.insert(packet, arrival)) {
    case ReceivePath::Outcome::Taken: return;
    case ReceivePath::Outcome::Late:
      receiver_.discard(receiver_.extended_sequence());
      ++late_;
      return;
    case ReceivePath::Outcome::Malformed: ++refused_; return;
  }
}

void Stream::report_keys(base::TimePoint now) {
  for (const rtp::DtmfPress& press : std::exchange(presses_, {})) {
    emit(KeyPressed{press.digit, press.duration, KeyPressed::By::Event}, now);
    press_at_partner(press);
  }
}

void Stream::receive_rtcp(rtp::Bytes bytes, base::TimePoint arrival) {
  const auto received = rtcp_.receive(bytes, send_.sender(), receiver_, arrival);
  if (!received) {
    ++refused_;
    return;
  }
  if (*received == rtp::RtcpSession::Received::Bye) {
    emit(RemoteBye{}, arrival);
  } else {
    note_partner(arrival);
  }
  if (const auto& remote = rtcp_.remote()) {
    send_.set_expected_loss(remote->fraction_lost);
  }
}

void Stream::tick(base::TimePoint now, base::WallTime wall) {
  if (state_ != State::Running) {
    return;
  }
  now_ = now;
  packets_.tick(now);
  report_protection(now);
  watch_partner(now);
  do_frames(now);
  if (const auto key = receive_.expired_key(now)) {
    presses_.push_back(*key);
    report_keys(now);
  }
  if (rtcp_.due(now)) {
    send_reports(now, wall);
  }
}

void Stream::report_protection(base::TimePoint now) {
  if (protection_told_) {
    return;
  }
  if (!packets_.failure().empty()) {
    protection_told_ = true;
    fail({base::Errc::Refused, "The audio could not be encrypted: " + packets_.failure()}, now);
  } else if (packets_.ready()) {
    protection_told_ = true;
    emit(Protected{}, now);
  }
}

void Stream::skip_stall(base::TimePoint now) {
  if (now - next_frame_ <= kLongestCatchUp) {
    return;
  }
  if (now - next_frame_ > kLongestStallHeard) {
    const auto frames = (now - next_frame_) / kFrame;
    if (!fed_with_packets()) {
      send_.skip(frames * kFrame);
    }
    if (!forwards()) {
      receive_.restart();
    }
    next_frame_ += frames * kFrame;
    return;
  }
  for (; now - next_frame_ > kLongestCatchUp; next_frame_ += kFrame) {
    skip_frame(now);
  }
}

void Stream::skip_frame(base::TimePoint now) {
  if (!fed_with_packets()) {
    send_.skip(kFrame);
    if (joint_ != nullptr) {
      joint_->partner->joint_->heard->clear();
    }
  }
  play_frame(now);
}

void Stream::play_frame(base::TimePoint now) {
  if (forwards()) {
    return;
  }
  const std::span<const audio::Sample> frame = receive_.frame(next_frame_);
  if (!taps_.empty()) {
    tell_heard(frame);
  }
  if (joint_ != nullptr) {
    joint_->heard->push(frame);
  }
  tell_conference(frame);
  listen_to(frame, now);
}

void Stream::send_frame(base::TimePoint now) {
  if (fed_with_packets()) {
    return;
  }
  if (!can_send()) {
    send_.skip(kFrame);
    if (joint_ != nullptr) {
      joint_->partner->joint_->heard->clear();
    }
    return;
  }
  if (say_frame() == SendPath::Sound::Ended) {
    own_source_ = false;
    speak_for_partner();
    emit(SourceEnded{}, now);
  }
}

void Stream::on_packet(rtp::Buffer& packet) { packets_.send_rtp(packet); }

void Stream::send_datagram(Port port, const base::SocketAddress& to, rtp::Bytes datagram) { output_.send(id_, port, to, datagram); }

void Stream::send_reports(base::TimePoint now, base::WallTime wall) {
  report_.clear();
  // The next frame is due at its time, whether this tick came early or late. Packets that are passed on have been paired with their arrival.
  if (!fed_with_packets()) {
    send_.pair(next_frame_);
  }
  if (parameters_.voip_metrics) {
    rtcp_.send_extended_reports();
    rtcp_.set_voip_metrics(
        voip_metrics_of(receiver_.bursts(), impairment_of(parameters_.codec->kind), rtcp_.round_trip(), receive_.playout().delay(), parameters_.ptime));
  }
  rtcp_.report(send_.sender(), receiver_, now, wall, report_);
  packets_.send_rtcp(report_);
}

void Stream::end(base::TimePoint now, base::WallTime wall) {
  if (std::exchange(state_, State::Ended) != State::Running) {
    return;
  }
  part();
  report_.clear();
  rtcp_.bye(send_.sender(), receiver_, now, wall, report_);
  packets_.send_rtcp(report_);
  packets_.close();
}

StreamStatistics Stream::statistics() const {
  const PacketPath::Statistics packets = packets_.statistics();
  StreamStatistics statistics;
  statistics.packets_sent = send_.sender().packets();
  statistics.octets_sent = send_.sender().octets();
  statistics.packets_received = receiver_.packets();
  statistics.octets_received = receiver_.octets();
  statistics.lost = receiver_.lost();
  statistics.duplicates = receiver_.duplicates();
  statistics.reordered = receiver_.reordered();
  statistics.late = late_;
  statistics.refused = refused_ + packets.unknown;
  statistics.unauthentic = packets.unauthentic;
  statistics.strays = packets.strays;
  statistics.concealed = receive_.concealed();
  statistics.jitter = receiver_.jitter();
  statistics.round_trip = rtcp_.round_trip();
  if (const auto& remote = rtcp_.remote()) {
    statistics.remote_fraction_lost = remote->fraction_lost;
    statistics.remote_lost = static_cast<std::uint64_t>(std::max(remote->cumulative_lost, 0));
    statistics.remote_jitter = audio::duration_of(remote->jitter, audio::SampleRate{receive_.clock_rate()});
  }
  const CodecImpairment impairment = impairment_of(parameters_.codec->kind);
  statistics.received_quality = quality_of_received(receiver_.bursts(), impairment, statistics.round_trip, receive_.playout().delay());
  statistics.sent_quality = quality_of_sent(statistics.remote_fraction_lost, statistics.remote_jitter, impairment, statistics.round_trip);
  return statistics;
}

}  // namespace callwright::media
