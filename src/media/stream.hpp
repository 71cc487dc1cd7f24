#pragma once

#include "audio/tone_detector.hpp"
#include "media/media_port.hpp"
#include "media/playout.hpp"
#include "rtp/rtcp_session.hpp"

#include <array>
#include <memory>
#include <string>
#include <vector>

namespace callwright::media {

/// Where streams put packets and events; called from within their functions. Must not add or remove streams there.
class StreamOutput {
 public:
  virtual void send_rtp(StreamId id, const base::SocketAddress& to, rtp::Bytes packet) = 0;
  virtual void send_rtcp(StreamId id, const base::SocketAddress& to, rtp::Bytes packet) = 0;
  virtual void on_stream_event(const StreamEvent& event) = 0;

 protected:
  ~StreamOutput() = default;
};

/// One stream of audio in both directions, without sockets or clock: datagrams and time go in, datagrams and events come out.
/// source → encode → RTP, and RTP → playout → decode → tone detector and recorder, both in frames of 20 ms; RTCP beside them.
class Stream {
 public:
  static constexpr std::chrono::milliseconds kFrame{20};

  /// An empty `cname` is replaced by a random one.
  Stream(StreamId id, std::string cname, base::Random& random, StreamOutput& output);

  /// Begins with the next tick; called again, it changes what differs.
  void start(const StreamParameters& parameters, base::TimePoint now);
  /// Null: silence.
  void set_source(std::unique_ptr<audio::Source> source) noexcept { source_ = std::move(source); }
  /// Takes what is heard from now on; null: nothing. Gives back the one before, for whoever completes its file.
  std::unique_ptr<audio::Sink> set_sink(std::unique_ptr<audio::Sink> sink) noexcept;

  /// A datagram from the network. Before `start`, it is ignored.
  void receive_rtp(rtp::Bytes datagram, base::TimePoint arrival);
  void receive_rtcp(rtp::Bytes datagram, base::TimePoint arrival);

  /// Does one frame for each 20 ms that have passed since the last call, and RTCP when it is due. When more than 100 ms have passed, the frames
  /// beyond are left out (the timestamp goes on), so a stall does not become a burst.
  void tick(base::TimePoint now, base::WallTime wall);
  /// Says BYE; nothing is sent or received afterwards.
  void end(base::TimePoint now, base::WallTime wall);

  [[nodiscard]] StreamId id() const noexcept { return id_; }
  [[nodiscard]] StreamStatistics statistics() const;

 private:
  using Frame = std::array<audio::Sample, 160>;

  template <class What>
  void emit(What what, base::TimePoint at);
  void skip_stall(base::TimePoint now);
  void play_frame(base::TimePoint now);
  void hear(Frame& frame);
  void append(const PlayoutFrame& next);
  void listen(const Frame& frame, base::TimePoint now);
  void send_frame(base::TimePoint now);
  void fill_from_source(Frame& frame, base::TimePoint now);
  void pause_sending();
  void send_reports(base::TimePoint now, base::WallTime wall);
  [[nodiscard]] bool sending() const noexcept;
  enum class Kind { Audio, Other, Unknown };
  [[nodiscard]] Kind kind_of(rtp::PayloadType type, audio::Encoding& encoding) const noexcept;
  [[nodiscard]] base::Duration since_start(base::TimePoint time) const noexcept { return std::max(base::Duration::zero(), time - started_); }

  StreamId id_;
  StreamOutput& output_;
  rtp::Sender sender_;
  rtp::Receiver receiver_;
  rtp::RtcpSession rtcp_;
  Playout playout_{Playout::Options{}};
  audio::ToneDetector detector_;
  std::unique_ptr<audio::Source> source_;
  std::unique_ptr<audio::Sink> sink_;

  enum class State { Opened, Running, Ended };
  State state_ = State::Opened;
  StreamParameters parameters_;
  base::TimePoint started_{};
  base::TimePoint next_frame_{};
  std::vector<audio::Sample> decoded_;  ///< And not heard yet, less than one packet.
  base::TimePoint decoded_until_{};     ///< When the end of it arrived.
  rtp::Buffer pending_;                 ///< Encoded and not sent yet, less than one packet.
  rtp::Buffer packet_;                  ///< Kept for its memory.
  bool heard_ = false;                  ///< FirstAudio was reported.
  std::uint64_t late_ = 0;
  std::uint64_t refused_ = 0;
};

}  // namespace callwright::media
