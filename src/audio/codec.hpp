#pragma once

#include "audio/audio.hpp"
#include "base/result.hpp"

#include <chrono>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

/// Samples to RTP payloads and back.
///
/// A stream finds its Codec by what SDP says, makes an Encoder and a Decoder for it and keeps them as long as the payload type stays: both remember
/// what came before. RTP timestamps count at `clock_rate`, samples at the coder's `rate()`; the two differ for G.722 and Opus.
namespace callwright::audio {

enum class CodecKind : std::uint8_t { Pcmu, Pcma, G722, Opus, L16, ComfortNoise };

/// What SDP says of a codec, and at which rate it works.
struct Codec {
  CodecKind kind;
  std::string_view name;                            ///< The encoding name of `a=rtpmap`.
  std::optional<std::uint8_t> static_payload_type;  ///< RFC 3551 §6.
  std::uint32_t clock_rate;                         ///< Of RTP timestamps; 8000 for G.722, whose samples are 16 kHz (RFC 3551 §4.5.2).
  SampleRate rate;                                  ///< Of samples, unless CodecOptions says otherwise.
  std::uint8_t channels;                            ///< As in `a=rtpmap`: 2 for Opus, always (RFC 7587 §7); what is played and sent is mono.

  /// The length in RTP timestamp units of so many samples at `rate`.
  [[nodiscard]] constexpr std::uint32_t ticks(std::size_t samples, SampleRate sample_rate) const noexcept {
    return static_cast<std::uint32_t>(samples * clock_rate / static_cast<std::uint32_t>(sample_rate));
  }
  /// The number of samples at `rate` in so many RTP timestamp units.
  [[nodiscard]] constexpr std::size_t samples(std::uint32_t ticks, SampleRate sample_rate) const noexcept {
    return static_cast<std::size_t>(std::uint64_t{ticks} * static_cast<std::uint32_t>(sample_rate) / clock_rate);
  }
};

/// Every codec there is here, the best first; ComfortNoise last, which has no coder of its own (comfort_noise.hpp).
[[nodiscard]] std::span<const Codec> codecs() noexcept;
/// By the fields of `a=rtpmap`; names are compared without case. Null: there is none.
[[nodiscard]] const Codec* find_codec(std::string_view name, std::uint32_t clock_rate, std::uint32_t channels = 1) noexcept;
/// By a static payload type (RFC 3551 §6). Null: there is none.
[[nodiscard]] const Codec* find_codec(std::uint8_t static_payload_type) noexcept;

/// How an encoder is to work: what the receiver asked for by `a=fmtp`. All but Opus ignore it.
struct CodecOptions {
  std::optional<SampleRate> rate{};             ///< Of Opus samples: 8, 12, 16, 24 or 48 kHz; none: 48.
  std::uint32_t max_playback_rate = 48000;      ///< Hz; nothing above half of it is worth sending.
  std::optional<std::uint32_t> max_bit_rate{};  ///< `maxaveragebitrate`, bits a second, 6000 … 510000; none: what Opus takes for the rate.
  bool in_band_fec = true;                      ///< Packets carry the one before once more, coarser.
  bool discontinuous = false;                   ///< `usedtx`: hardly anything is sent while there is silence.
  bool constant_bit_rate = false;
  friend bool operator==(const CodecOptions&, const CodecOptions&) = default;
};

/// Reads the parameters of `a=fmtp` (RFC 7587 §6.1): "maxplaybackrate=16000;useinbandfec=1". Unknown and malformed ones are passed over, values
/// out of range are brought into it. What is absent has the default of the RFC: no FEC.
[[nodiscard]] CodecOptions parse_fmtp(const Codec& codec, std::string_view fmtp);
/// What this side says it wants to receive; empty where a codec has no parameters.
[[nodiscard]] std::string to_fmtp(const Codec& codec, const CodecOptions& options);

using Payload = std::span<const std::uint8_t>;

/// No packet holds more sound than this (RFC 6716 §3.2.5, and the limit for all others here).
inline constexpr std::chrono::milliseconds kLongestPacket{120};

/// Makes the payloads of one outgoing stream. Media thread; allocates nothing after it was made.
class Encoder {
 public:
  virtual ~Encoder() = default;
  [[nodiscard]] virtual SampleRate rate() const noexcept = 0;
  /// The longest packet it makes that is not longer than `wanted`, or else its shortest; at most kLongestPacket.
  [[nodiscard]] virtual std::chrono::milliseconds packet_time(std::chrono::milliseconds wanted) const noexcept = 0;
  /// Room that the payload for so many samples needs at most.
  [[nodiscard]] virtual std::size_t max_bytes(std::size_t samples) const noexcept = 0;
  /// One packet of `packet_time`. Returns the bytes written; 0: nothing need be sent (discontinuous transmission), or the length is not
  /// one that it takes, or `out` is shorter than `max_bytes`.
  virtual std::size_t encode(std::span<const Sample> samples, std::span<std::uint8_t> out) = 0;
  /// What the receiver reports as lost, 0 … 1; Opus spends bits on FEC accordingly.
  virtual void set_expected_loss(double /*fraction*/) {}
};

/// Makes sound of the payloads of one incoming stream. Takes any bytes. Media thread; allocates nothing after it was made.
class Decoder {
 public:
  virtual ~Decoder() = default;
  [[nodiscard]] virtual SampleRate rate() const noexcept = 0;
  /// How many samples `decode` would give: 0 when the payload is empty, malformed or longer than kLongestPacket.
  [[nodiscard]] virtual std::size_t length(Payload payload) const noexcept = 0;
  /// All samples of a packet, or none: 0 when `length` is 0 or more than `out` holds.
  virtual std::size_t decode(Payload payload, std::span<Sample> out) = 0;
  /// Fills `out` with what may have been in a lost packet; fades out when there is no end.
  virtual void conceal(std::span<Sample> out) = 0;
  /// The same where the packet after the lost one is at hand, which `decode` is to get afterwards. Opus finds a copy in it, if the sender put one there.
  virtual void decode_fec(Payload /*next*/, std::span<Sample> out) { conceal(out); }
};

/// Errors: Unsupported (ComfortNoise; a rate that the codec does not have).
[[nodiscard]] base::Result<std::unique_ptr<Encoder>> make_encoder(const Codec& codec, const CodecOptions& options = {});
[[nodiscard]] base::Result<std::unique_ptr<Decoder>> make_decoder(const Codec& codec, const CodecOptions& options = {});

}  // namespace callwright::audio
