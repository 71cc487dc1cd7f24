#pragma once

#include "media/source.hpp"
#include "media/stream_set.hpp"

#include <gmock/gmock.h>

#include <algorithm>
#include <deque>
#include <map>
#include <vector>

namespace callwright::media {

inline constexpr StreamId kAlice{1};
inline constexpr StreamId kBob{2};
inline const base::SocketAddress kFromAlice{base::IpAddress::v4({127, 0, 0, 1}), 1000};

inline StreamParameters parameters_towards(std::uint16_t port) {
  StreamParameters parameters;
  parameters.remote_rtp = {base::IpAddress::v4({127, 0, 0, 1}), port};
  parameters.remote_rtcp = {base::IpAddress::v4({127, 0, 0, 1}), static_cast<std::uint16_t>(port + 1)};
  return parameters;
}

/// Keeps all that a stream hears.
class HearingTap final : public StreamTap {
 public:
  void on_heard(std::span<const audio::Sample> frame, audio::SampleRate /*rate*/, base::TimePoint /*at*/) override {
    samples.insert(samples.end(), frame.begin(), frame.end());
  }
  void on_said(std::span<const audio::Sample> /*frame*/, audio::SampleRate /*rate*/, base::TimePoint /*at*/) override {}

  std::vector<audio::Sample> samples;
};

/// Two streams, alice on port 1000 and bob on port 2000 (others, where a test adds some, on 1000 times their number), and a network between them, in virtual
/// time of 20 ms a step.
class TwoStreams : public testing::Test, public StreamOutput {
 protected:
  struct Datagram {
    base::TimePoint due;
    base::SocketAddress from;
    std::uint16_t port;
    rtp::Buffer bytes;
  };

  void send(StreamId id, Port port, const base::SocketAddress& to, rtp::Bytes datagram) override {
    if (port == Port::Rtp && rtp::kind_of(datagram) == rtp::DatagramKind::Rtp) {
      sent_[id].push_back(rtp::Packet::parse(datagram).value());
      sent_[id].back().payload = {static_cast<const std::uint8_t*>(nullptr), 0};
      sizes_[id].push_back(datagram.size() - rtp::Packet::kFixedHeaderSize);
    }
    put_on_wire(port_of(id, port), to, datagram);
  }
  void on_stream_event(const StreamEvent& event) override { events_.push_back(event); }

  static std::uint16_t port_of(StreamId id, Port port) {
    return static_cast<std::uint16_t>(static_cast<std::uint16_t>(id.value) * 1000 + (port == Port::Rtp ? 0 : 1));
  }

  void put_on_wire(std::uint16_t from, const base::SocketAddress& to, rtp::Bytes packet) {
    if (random_.chance(loss_)) {
      return;
    }
    const auto jitter = std::chrono::milliseconds(random_.between(0, static_cast<std::uint64_t>(jitter_.count())));
    wire_.push_back({clock_.now() + delay_ + jitter, {to.ip, from}, to.port, {packet.begin(), packet.end()}});
    if (random_.chance(duplication_)) {
      wire_.push_back(wire_.back());
    }
  }

  void deliver() {
    std::stable_sort(wire_.begin(), wire_.end(), [](const Datagram& left, const Datagram& right) { return left.due < right.due; });
    while (!wire_.empty() && wire_.front().due <= clock_.now()) {
      const Datagram datagram = std::move(wire_.front());
      wire_.pop_front();
      if (Stream* stream = streams_.find(StreamId{static_cast<std::uint64_t>(datagram.port / 1000)})) {
        stream->receive(datagram.port % 2 == 0 ? Port::Rtp : Port::Rtcp, datagram.from, datagram.bytes, datagram.due);
      }
    }
  }

  void run(base::Duration duration) {
    for (const base::TimePoint end = clock_.now() + duration; clock_.now() < end; clock_.advance(Stream::kFrame)) {
      deliver();
      streams_.tick(clock_.now(), clock_.wall_now());
    }
  }

  void start_both() {
    alice_.start(parameters_towards(2000), clock_.now());
    bob_.start(parameters_towards(1000), clock_.now());
  }

  static void play(Stream& stream, double frequency_hz, double level = -20) {
    stream.set_source(blocking_make_source(Tone{frequency_hz, level}, stream.rate()).value(), stream.rate());
  }

  template <class What>
  std::vector<What> events_of(StreamId id) const {
    std::vector<What> found;
    for (const StreamEvent& event : events_) {
      if (event.stream == id && std::holds_alternative<What>(event.what)) {
        found.push_back(std::get<What>(event.what));
      }
    }
    return found;
  }

  double loss_ = 0;
  double duplication_ = 0;
  std::chrono::milliseconds delay_{30};
  std::chrono::milliseconds jitter_{0};

  base::ManualClock clock_;
  base::DeterministicRandom random_{7};
  std::deque<Datagram> wire_;
  std::map<StreamId, std::vector<rtp::Packet>> sent_;   ///< Headers only.
  std::map<StreamId, std::vector<std::size_t>> sizes_;  ///< Of their payloads.
  std::vector<StreamEvent> events_;
  rtp::DtlsIdentity identity_ = rtp::DtlsIdentity::make(base::WallTime(std::chrono::hours(24 * 365 * 50))).value();
  StreamSet streams_{random_, identity_, *this};
  Stream& alice_ = streams_.add(kAlice, "alice@test", *this);
  Stream& bob_ = streams_.add(kBob, "", *this);
};

}  // namespace callwright::media
