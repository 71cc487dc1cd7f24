#pragma once

#include "audio/dtmf.hpp"
#include "audio/level.hpp"
#include "audio/live_sink.hpp"
#include "audio/tone_detector.hpp"
#include "media/media_port.hpp"
#include "media/packet_path.hpp"
#include "media/partner_watch.hpp"
#include "media/receive_path.hpp"
#include "media/send_path.hpp"
#include "media/sound_queue.hpp"
#include "media/sounding.hpp"
#include "rtp/rtcp_session.hpp"

#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace callwright::media {

/// Where events of streams and conferences go; called from within their functions. Must not add or remove any there.
class StreamEvents {
 public:
  virtual void on_stream_event(const StreamEvent& event) = 0;

 protected:
  ~StreamEvents() = default;
};

/// Where a stream puts its datagrams besides. The same holds for it.
class StreamOutput : public StreamEvents {
 public:
  virtual void send(StreamId id, Port port, const base::SocketAddress& to, rtp::Bytes datagram) = 0;

 protected:
  ~StreamOutput() = default;
};

class Conference;
struct Seat;

/// One stream of audio in both directions, without sockets or clock: datagrams and time go in, datagrams and events come out.
/// SendPath → RTP → PacketPath, and PacketPath → RTP → ReceivePath → detectors and taps, both in frames of 20 ms; RTCP beside them.
class Stream final : public Sounding, private SendPath::Output, private PacketPath::Output {
 public:
  static constexpr std::chrono::milliseconds kFrame = SendPath::kFrame;

  /// An empty `cname` is replaced by a random one. `identity` lives longer.
  Stream(StreamId id, std::string cname, base::Random& random, const rtp::DtlsIdentity& identity, StreamOutput& output);

  /// Begins with the next tick; called again, it changes what differs. Parameters that cannot be used end in StreamFailed.
  void start(const StreamParameters& parameters, base::TimePoint now);
  /// Samples of the rate `rate`; null: silence, or what the partner hears.
  void set_source(std::unique_ptr<audio::Source> source, audio::SampleRate rate) override;
  /// What one hears the other says, both ways, until `part`: packet by packet where the codec is the same and nobody needs the sound, else as sound. A
  /// partner that either had before is left. Both live until `part`.
  void join(Stream& other);
  /// Leaves a conference, too.
  void part();
  void set_listening(const Listening& listening);
  /// What is heard goes to `reader`, too; null: no more.
  void hear(std::shared_ptr<audio::LiveReader> reader);
  void add_tap(StreamTap& tap) override;
  void remove_tap(StreamTap& tap) override;
  [[nodiscard]] bool tapped() const noexcept override { return !taps_.empty(); }
  /// Presses keys, one after the other. Errors: InvalidArgument, LimitReached, and WrongState before `start`.
  base::Result<void> press(std::string_view keys, const KeyTiming& timing);

  /// A datagram from the network. Before `start`, it is ignored.
  void receive(Port port, const base::SocketAddress& from, rtp::Bytes datagram, base::TimePoint arrival);

  /// Does one frame for each 20 ms that have passed since the last call, and RTCP when it is due. When more than 100 ms have passed, the frames
  /// beyond are left out (the timestamp goes on), so a stall does not become a burst.
  void tick(base::TimePoint now, base::WallTime wall);
  /// Says BYE; nothing is sent or received afterwards.
  void end(base::TimePoint now, base::WallTime wall);

  [[nodiscard]] StreamId id() const noexcept { return id_; }
  /// Of what it sends and hears: sources of this rate need no conversion.
  [[nodiscard]] audio::SampleRate rate() const noexcept override { return receive_.rate(); }
  [[nodiscard]] StreamStatistics statistics() const;

 private:
  friend class Conference;  // stream_conference.cpp

  void on_packet(rtp::Buffer& packet) override;
  void send_datagram(Port port, const base::SocketAddress& to, rtp::Bytes datagram) override;

  template <class What>
  void emit(What what, base::TimePoint at) {
    output_.on_stream_event({id_, at, std::move(what)});
  }
  void receive_rtp(rtp::Bytes bytes, base::TimePoint arrival);
  void receive_rtcp(rtp::Bytes bytes, base::TimePoint arrival);
  void report_keys(base::TimePoint now);
  void skip_stall(base::TimePoint now);
  void play_frame(base::TimePoint now);
  void listen_to(std::span<const audio::Sample> frame, base::TimePoint now);
  void listen(std::span<const audio::Sample> frame, base::TimePoint now);
  void listen_for_keys(std::span<const audio::Sample> frame, base::TimePoint now);
  void tell_heard(std::span<const audio::Sample> frame);
  SendPath::Sound say_frame();
  [[nodiscard]] base::TimePoint said_at() const noexcept;
  void send_frame(base::TimePoint now);
  void send_reports(base::TimePoint now, base::WallTime wall);
  void receive_sound(const rtp::Packet& packet, base::TimePoint arrival);
  void skip_frame(base::TimePoint now);
  void do_frames(base::TimePoint now);

  void tell_conference(std::span<const audio::Sample> frame);
  /// Half a frame of the conference that is due; false: this stream has no part in it.
  bool play_in_conference(base::TimePoint due, base::TimePoint now);
  void send_in_conference(base::TimePoint now);
  bool part_from_conference();
  void listen_to_voice(std::span<const audio::Sample> frame, base::TimePoint now);
  void note_partner(base::TimePoint arrival);
  void watch_partner(base::TimePoint now);

  /// With another stream.
  struct Joint {
    Stream* partner = nullptr;
    std::shared_ptr<SoundQueue> heard = std::make_shared<SoundQueue>();  ///< Here, and not said there yet.
    std::shared_ptr<SoundQueue> says;                                    ///< What the partner hears, unless something of its own is played.
    bool forwards = false;                                               ///< What is heard here goes on as packets.
    bool other_law = false;                                              ///< The one of G.711 that was not agreed on is spoken here.
    bool key_forwarded = false;                                          ///< The press that is under way was.
    unsigned waits = 0;                                                  ///< Frames since forwarding became possible.
    rtp::Buffer last;                                                    ///< Payload that was forwarded.
  };
  [[nodiscard]] bool forwards() const noexcept { return joint_ != nullptr && joint_->forwards; }
  [[nodiscard]] bool fed_with_packets() const noexcept { return joint_ != nullptr && joint_->partner->joint_->forwards; }
  [[nodiscard]] bool can_forward() const noexcept;
  [[nodiscard]] bool can_send() const noexcept { return state_ == State::Running && sdp::sends(parameters_.direction) && packets_.ready(); }
  [[nodiscard]] rtp::PayloadType parameters_receive_type() const noexcept {
    return rtp::PayloadType{static_cast<std::uint8_t>(parameters_.receive_payload_type)};
  }
  /// Ends forwarding where it is not possible any more.
  void review_joint();
  void begin_forwarding(base::TimePoint now);
  void stop_forwarding();
  void forward(const rtp::Packet& packet, ReceivePath::Kind kind, base::TimePoint arrival);
  void rest();
  void rejoin();
  void speak_for_partner();
  void press_at_partner(const rtp::DtmfPress& press);

  void fail(const base::Error& error, base::TimePoint now);
  void report_protection(base::TimePoint now);
  [[nodiscard]] base::Duration since_start(base::TimePoint time) const noexcept { return std::max(base::Duration::zero(), time - started_); }

  StreamId id_;
  StreamOutput& output_;
  StreamParameters parameters_;
  rtp::Receiver receiver_;
  rtp::RtcpSession rtcp_;
  PacketPath packets_;
  PartnerWatch watch_;
  SendPath send_;
  ReceivePath receive_;
  std::unique_ptr<Joint> joint_;
  Seat* seat_ = nullptr;  ///< In a conference, which owns it.
  Listening listening_;
  /// What listens besides.
  struct Ears {
    std::unique_ptr<audio::VoiceActivity> voice;
    std::optional<audio::LevelMeter> meter;
    std::unique_ptr<audio::LiveSink> live;
    std::uint64_t heard = 0;  ///< Samples that `voice` and `meter` had, with those of the present frame.
  };
  std::unique_ptr<Ears> ears_;  ///< Made when more than tones and keys is listened to.
  std::shared_ptr<audio::LiveReader> reader_;
  bool own_source_ = false;                             ///< Something is played, in place of what the partner hears.
  std::unique_ptr<audio::ToneDetector> detector_;       ///< Made when somebody listens.
  std::unique_ptr<audio::DtmfDetector> keys_in_sound_;  ///< The same, where no telephone-events were agreed on.
  std::vector<StreamTap*> taps_;

  enum class State { Opened, Running, Ended };
  State state_ = State::Opened;
  base::TimePoint started_{};
  base::TimePoint next_frame_{};  ///< From the first tick on, in step with the ticks.
  bool ticked_ = false;
  base::TimePoint now_{};                ///< Of the last tick or datagram.
  std::vector<rtp::DtmfPress> presses_;  ///< Kept for its memory, as is the next one.
  rtp::Buffer report_;
  bool heard_ = false;            ///< FirstAudio was reported.
  bool protection_told_ = false;  ///< So was Protected, or why not; nothing is to be told where nothing is encrypted.
  std::uint64_t late_ = 0;
  std::uint64_t refused_ = 0;
};

}  // namespace callwright::media
