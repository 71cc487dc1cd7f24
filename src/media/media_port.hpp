#pragma once

#include "audio/audio.hpp"
#include "audio/codec.hpp"
#include "audio/tone_source.hpp"
#include "audio/voice_activity.hpp"
#include "base/clock.hpp"
#include "base/id.hpp"
#include "base/result.hpp"
#include "base/socket_address.hpp"
#include "media/quality.hpp"
#include "media/recording_options.hpp"
#include "rtp/dtls.hpp"
#include "rtp/ice_lite.hpp"
#include "sdp/crypto.hpp"
#include "sdp/offer_answer.hpp"

#include <chrono>
#include <cstdint>
#include <filesystem>
#include <memory>
#include <optional>
#include <string>
#include <variant>

namespace callwright::audio {
class LiveReader;
class LiveWriter;
}  // namespace callwright::audio

/// The media of calls as the engine sees it: streams that are opened, started, told what to play and closed. Samples and packets
/// stay on the media thread; here only commands go down and events come up.
namespace callwright::media {

struct StreamTag;
/// One RTP stream in each direction: one audio m-line of one dialog.
using StreamId = base::Id<StreamTag>;

/// Digital silence is sent: packets flow.
struct Silence {
  friend bool operator==(const Silence&, const Silence&) = default;
};
/// A sine that never ends.
struct Tone {
  double frequency_hz = 440;
  double level_dbov = -20;  ///< Up to -3.01, the loudest sine there is.
  friend bool operator==(const Tone&, const Tone&) = default;
};
using audio::Repeat;
/// White noise.
struct Noise {
  double level_dbov = -50;  ///< Up to -10.
  friend bool operator==(const Noise&, const Noise&) = default;
};
/// A sound file of any format, rate and number of channels (audio/file_source.hpp). Played once, it is followed by SourceEnded and silence.
struct SoundFile {
  std::filesystem::path path;
  Repeat repeat = Repeat::Once;
  friend bool operator==(const SoundFile&, const SoundFile&) = default;
};
/// What a program writes while it is played, from a thread of its own (audio/live_source.hpp). For one stream; it ends where the writer finishes.
struct LiveSound {
  std::shared_ptr<audio::LiveWriter> writer;
  friend bool operator==(const LiveSound&, const LiveSound&) = default;
};
using SourceSpec = std::variant<Silence, Tone, audio::TonePattern, Noise, SoundFile, LiveSound>;

struct StreamOptions {
  base::IpAddress address;       ///< To bind: what the description will name; not 0.0.0.0.
  std::uint16_t first_port = 0;  ///< RTP takes an even port in [first_port, last_port], RTCP the next; both 0: any free pair.
  std::uint16_t last_port = 0;
  std::string cname;  ///< For RTCP SDES, "user@host"; empty: one is made up (RFC 7022).
  /// Is asked by STUN (RFC 8489) from both ports what address a NAT gives them: AddressLearned or AddressUnknown follows, once.
  std::optional<base::SocketAddress> stun_server = {};
};

/// How keys are pressed.
struct KeyTiming {
  std::chrono::milliseconds press{100};  ///< At least 40.
  std::chrono::milliseconds gap{60};     ///< After each; at least 40.
};

/// Errors: InvalidArgument, which says which character or time cannot be.
[[nodiscard]] base::Result<void> check_keys(std::string_view keys, const KeyTiming& timing);

/// A bound pair of ports.
struct OpenedStream {
  StreamId id;
  base::SocketAddress rtp;
  base::SocketAddress rtcp;
};

/// Keys of SRTP by DTLS (RFC 5764), with the certificate of this process (`MediaPort::fingerprint`).
struct DtlsParameters {
  rtp::DtlsRole role = rtp::DtlsRole::Active;
  rtp::Fingerprint remote;  ///< What the certificate of the other side has to have.
  friend bool operator==(const DtlsParameters&, const DtlsParameters&) = default;
};
/// How packets are protected: not at all, by keys that stand in the descriptions (RFC 4568), or by DTLS.
using StreamSecurity = std::variant<std::monostate, sdp::CryptoAgreement, DtlsParameters>;

/// The lite side of ICE (RFC 8445): the other side checks our addresses and chooses one of its own; only that is sent to.
struct IceParameters {
  rtp::IceCredentials local;
  std::string remote_ufrag;
  friend bool operator==(const IceParameters&, const IceParameters&) = default;
};

/// Ports of RTCP: one above RTP, or the same (RFC 5761).
enum class RtcpPort : std::uint8_t { Separate, Shared };

/// What a stream looks for in the sound that comes, and when.
struct Listening {
  enum class When : std::uint8_t {
    Alone,   ///< While it is joined with no other: joined ones cost next to nothing.
    Always,  ///< Also then.
  };
  using enum When;
  Listening(When when_to = Alone) : when(when_to) {}  // NOLINT(google-explicit-constructor): the usual things, at that time.

  When when;
  bool tones = true;                                 ///< ToneDetected, FirstAudio.
  bool keys = true;                                  ///< KeyPressed by Sound, where no telephone-events were agreed on.
  std::optional<audio::VoiceActivityOptions> voice;  ///< SpeechStarted, SpeechEnded.
  std::chrono::milliseconds level_window{0};         ///< LevelMeasured for each; 20 or more, 0: never.
};

/// What is sent while the source is silent.
enum class SilenceSending : std::uint8_t {
  Packets,       ///< As many as ever.
  ComfortNoise,  ///< Its level now and then (RFC 3389), where that was agreed on.
};

/// A conference is named as a stream is: `set_source` says something to all parties, `record` writes the sum of all, `close` and `abandon` part them.
using ConferenceId = StreamId;

struct ConferenceOptions {
  audio::SampleRate rate = audio::kWideband;  ///< Of what it says and records; parties have rates of their own.

  /// Errors: InvalidArgument, which says what there is: 8, 16, 24, 32, 44.1 and 48 kHz.
  [[nodiscard]] base::Result<void> check() const;
};

/// How a stream takes part in a conference.
struct ConferenceParty {
  enum class Role : std::uint8_t {
    Talk,    ///< Hears all others, and they hear it.
    Listen,  ///< Hears all, and is not heard.
  };
  Role role = Role::Talk;
  bool muted = false;  ///< Is not heard for now.
  double gain_db = 0;  ///< Of what it says, −60 … +20; beyond, the nearest of these.
  friend bool operator==(const ConferenceParty&, const ConferenceParty&) = default;
};

/// What offer and answer agreed on. `start` takes it; given again, it changes the running stream (hold, new address, new codec, new keys).
struct StreamParameters {
  base::SocketAddress remote_rtp;
  base::SocketAddress remote_rtcp;
  RtcpPort rtcp_port = RtcpPort::Separate;
  bool voip_metrics = false;  ///< Reports tell how it sounds (RFC 3611 §4.7).
  StreamSecurity security;
  std::optional<IceParameters> ice;                             ///< With `rtcp_port` Shared; `remote_rtp` may then be 0.0.0.0:9, no place to send to.
  const audio::Codec* codec = audio::find_codec("PCMU", 8000);  ///< Of both directions.
  audio::CodecOptions codec_options;                            ///< How we are to encode: what the other side's `a=fmtp` asks for.
  sdp::PayloadType send_payload_type{};
  sdp::PayloadType receive_payload_type{};
  std::optional<sdp::PayloadType> send_event_payload_type;  ///< telephone-event (RFC 4733) at the codec's clock rate; none: not agreed.
  std::optional<sdp::PayloadType> receive_event_payload_type;
  std::optional<sdp::PayloadType> send_comfort_noise_payload_type;  ///< CN (RFC 3389) at the codec's clock rate; none: not agreed.
  std::optional<sdp::PayloadType> receive_comfort_noise_payload_type;
  sdp::Direction direction = sdp::Direction::SendRecv;  ///< Ours: RecvOnly and Inactive send no RTP.
  std::chrono::milliseconds ptime{20};                  ///< Of sent packets, 10 … 60; any length is received.
  SilenceSending silence = SilenceSending::Packets;
  std::chrono::seconds silence_limit{0};  ///< PartnerSilent when nothing came for so long, while both sides may send; 0: never.

  /// Unsupported when the codec is none that can be played here.
  static base::Result<StreamParameters> from(const sdp::Negotiated& negotiated);
  friend bool operator==(const StreamParameters&, const StreamParameters&) = default;
};

/// Counted since `start`; a change of parameters does not reset it.
struct StreamStatistics {
  std::uint64_t packets_sent = 0;
  std::uint64_t octets_sent = 0;  ///< Payload only.
  std::uint64_t packets_received = 0;
  std::uint64_t octets_received = 0;
  std::uint64_t lost = 0;  ///< Never arrived (RFC 3550 §6.4.1).
  std::uint64_t duplicates = 0;
  std::uint64_t reordered = 0;                  ///< Arrived after one that follows them.
  std::uint64_t late = 0;                       ///< Arrived after their turn to be played.
  std::uint64_t refused = 0;                    ///< No RTP or RTCP, or a payload type that was not agreed.
  std::uint64_t unauthentic = 0;                ///< Not encrypted with the key that was agreed, or sent once more by somebody.
  std::uint64_t strays = 0;                     ///< From somebody else, while the partner was there.
  base::Duration concealed{};                   ///< Sound that never came and was made up.
  base::Duration jitter{};                      ///< Interarrival jitter (RFC 3550 A.8), as of the last packet.
  std::optional<base::Duration> round_trip;     ///< From the last RTCP report of the other side.
  std::optional<double> remote_fraction_lost;   ///< 0 … 1, what the other side misses of ours, in its last report.
  std::optional<std::uint64_t> remote_lost;     ///< Packets of ours, as of that report,
  std::optional<base::Duration> remote_jitter;  ///< and this.
  std::optional<Quality> received_quality;      ///< By the E-model (ITU-T G.107); none before enough packets came,
  std::optional<Quality> sent_quality;          ///< and before the other side has reported.
  friend bool operator==(const StreamStatistics&, const StreamStatistics&) = default;
};

/// The first valid packet. All `since_start` count from `start` to the arrival at this machine; sound adds its place in the packet.
struct FirstPacket {
  base::Duration since_start{};
};
/// The first sound that is not silence.
struct FirstAudio {
  base::Duration since_start{};
  double level_dbov = audio::kSilenceDbov;
};
/// A steady tone, reported once when it is certain and again when another one follows. `since_start` is where the tone began.
struct ToneDetected {
  double frequency_hz = 0;
  double level_dbov = audio::kSilenceDbov;
  base::Duration since_start{};
};
/// A key was pressed and let go; each press is reported once.
struct KeyPressed {
  enum class By : std::uint8_t { Event, Sound };
  char key = 0;  ///< 0 … 9, *, #, A … D.
  base::Duration duration{};
  By by = By::Event;  ///< Told by a telephone-event (RFC 4733), or heard. Never heard in Opus, which is not made for tones.
};
/// Somebody begins or ceases to speak (`Listening::voice`). `since_start` is where, which is known a little later.
struct SpeechStarted {
  base::Duration since_start{};
};
struct SpeechEnded {
  base::Duration since_start{};
};
/// How loud it was in one window (`Listening::level_window`).
struct LevelMeasured {
  double rms_dbov = audio::kSilenceDbov;
  double peak_dbov = audio::kSilenceDbov;
  base::Duration since_start{};  ///< Of its beginning.
};
/// What a NAT makes of the ports of a stream (`StreamOptions::stun_server`).
struct AddressLearned {
  base::SocketAddress rtp;
  std::optional<base::SocketAddress> rtcp;  ///< None: that port got no answer.
};
struct AddressUnknown {
  base::Error error;
};
/// Keys could not be pressed: too many wait already.
struct KeysRefused {
  base::Error error;
};
/// Encryption was agreed on, and its keys are there: from here on packets flow.
struct Protected {};
/// The stream cannot work as was agreed on; nothing is sent or heard any more. The call should end.
struct StreamFailed {
  base::Error error;
};
/// A WavFile was played to its end.
struct SourceEnded {};
/// A file could not be opened or read; the stream goes on without it.
struct FileFailed {
  base::Error error;
};
/// The other side ended its stream by RTCP BYE. The call goes on.
struct RemoteBye {};
/// No valid RTP or RTCP came for `StreamParameters::silence_limit`; told once, until something comes again.
struct PartnerSilent {
  base::Duration since_last{};
};
/// The first packet after PartnerSilent.
struct PartnerBack {
  base::Duration silence{};
};
/// What `MediaPort::measure` asked for.
struct Measured {
  StreamStatistics statistics;
};
/// The last event of a stream that was closed: its sockets are free.
struct Ended {
  StreamStatistics statistics;
};

struct StreamEvent {
  StreamId stream;
  base::TimePoint at{};  ///< When the media thread saw it.
  std::variant<FirstPacket, FirstAudio, ToneDetected, KeyPressed, KeysRefused, Protected, SourceEnded, FileFailed, StreamFailed, RemoteBye, PartnerSilent,
               PartnerBack, SpeechStarted, SpeechEnded, LevelMeasured, AddressLearned, AddressUnknown, Measured, Ended>
      what;
};

/// Called on the engine thread, never from within a MediaPort call.
class MediaObserver {
 public:
  virtual void on_media_event(const StreamEvent& event) = 0;

 protected:
  ~MediaObserver() = default;
};

/// Owned by the adapter that has the sockets; used by `call`. Engine thread only, no call blocks. Commands for one stream take effect in
/// order, at the next tick (20 ms) at the latest. A command for an unknown or closed stream does nothing.
class MediaPort {
 public:
  virtual ~MediaPort() = default;

  /// Of the certificate that DTLS shows the other side; for descriptions.
  [[nodiscard]] virtual const rtp::Fingerprint& fingerprint() const = 0;
  /// Binds the ports. `observer` must live until it got Ended, or until `abandon`. Errors: LimitReached (no ports left), Io.
  virtual base::Result<OpenedStream> open(const StreamOptions& options, MediaObserver& observer) = 0;
  /// Media flows from now on. Again: the stream changes, its clock and statistics go on.
  virtual void start(StreamId id, const StreamParameters& parameters) = 0;
  /// What is sent from the next packet on; Silence until told otherwise. May be given before `start`.
  virtual void set_source(StreamId id, const SourceSpec& source) = 0;
  /// What one hears the other says, both ways, until `part` or the end of one: packet by packet, or decoded and encoded anew where codecs differ or the
  /// sound is recorded or listened to. A source that is set on one is said in place of what the other hears. Streams that were joined before are parted.
  virtual void join(StreamId one, StreamId other) = 0;
  virtual void part(StreamId id) = 0;
  /// A conference that nobody takes part in yet. `observer` gets SourceEnded, FileFailed and Ended, under the id of the conference. Errors: InvalidArgument
  /// (the rate), LimitReached.
  virtual base::Result<ConferenceId> open_conference(const ConferenceOptions& options, MediaObserver& observer) = 0;
  /// What the stream hears all others hear, and it says the sum of what they hear, never itself, until `part` or the end of one. It leaves what it was joined
  /// with before. Again: changes role, muting and gain.
  virtual void confer(ConferenceId conference, StreamId stream, const ConferenceParty& party) = 0;
  /// Measured follows, with what was counted by then.
  virtual void measure(StreamId id) = 0;
  virtual void set_listening(StreamId id, const Listening& listening) = 0;
  /// What is heard goes to `reader` as well, which a program reads on a thread of its own (audio/live_sink.hpp); null: no more.
  virtual void hear(StreamId id, std::shared_ptr<audio::LiveReader> reader) = 0;
  /// Presses keys, behind those that are being pressed; by telephone-events or in the sound, as was agreed on. Before `start`, it does nothing.
  /// Errors: InvalidArgument (a character that is no key, or a time).
  virtual base::Result<void> press(StreamId id, std::string_view keys, const KeyTiming& timing) = 0;

  /// Makes the files of a recording, in which nothing is yet. `observer` must live until it got RecordingEnded, or until `abandon_recording`.
  /// Errors: those of `check_recording`, LimitReached. What the disk refuses comes as RecordingFailed.
  virtual base::Result<RecordingId> open_recording(const RecordingOptions& options, RecordingObserver& observer) = 0;
  /// Both directions of this stream go into the recording, from now on in place of those of another stream: what the stream hears on the channel
  /// `heard_on`, what it says on the other one; of a conference, the sum of all. Time begins with the first stream, and runs on while there is none, or while a
  /// call is on hold.
  virtual void record(RecordingId recording, StreamId stream, HeardOn heard_on) = 0;
  /// What comes until `resume_recording` is cut out.
  virtual void pause_recording(RecordingId recording) = 0;
  virtual void resume_recording(RecordingId recording) = 0;
  /// Completes the files; then the observer gets RecordingEnded, and nothing after it. A recording whose stream has ended goes on until this.
  virtual void stop_recording(RecordingId recording) = 0;
  /// Like `stop_recording`, but the observer is not called any more.
  virtual void abandon_recording(RecordingId recording) = 0;

  /// Sends BYE, frees the ports; then the observer gets Ended, and nothing after it.
  virtual void close(StreamId id) = 0;
  /// Like `close`, but the observer is not called any more, also not for events under way. For a closed stream: no Ended.
  virtual void abandon(StreamId id) = 0;
};

}  // namespace callwright::media
