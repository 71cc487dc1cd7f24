#pragma once

#include "sdp/description.hpp"
#include "sdp/protection.hpp"

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

/// The offer/answer model for one audio stream (RFC 3264). Pure; the caller owns dialogs and transports.
namespace callwright::sdp {

/// An encoding that one side can send and receive.
struct Codec {
  std::string name;  ///< As in `a=rtpmap`; compared without regard to case.
  std::uint32_t clock_rate = 8000;
  std::uint32_t channels = 1;
  PayloadType payload_type{};  ///< The number it gets in an offer; in an answer the offer's number counts.
  std::string fmtp;            ///< Empty: no `a=fmtp`.

  [[nodiscard]] bool matches(const RtpMap& map) const noexcept;
  friend bool operator==(const Codec&, const Codec&) = default;
};

[[nodiscard]] Codec pcmu();
[[nodiscard]] Codec pcma();

/// Whose order of codecs decides on what an answer takes.
enum class CodecPreference : std::uint8_t {
  Theirs,  ///< The offer's, as RFC 3264 §6.1 recommends.
  Ours,    ///< Against its recommendation, which is none of the protocol: for trunks that offer the worst codec first.
};

/// Of one side of ICE, fresh for each call (RFC 8839 §5.4). The password is never logged.
struct IceUser {
  std::string ufrag;
  std::string password;
  friend bool operator==(const IceUser&, const IceUser&) = default;
};

/// The other side checks the paths to us, we answer its checks (RFC 8445, lite).
struct IceAgreement {
  IceUser local;
  IceUser remote;
  friend bool operator==(const IceAgreement&, const IceAgreement&) = default;
};

/// What one side can do and wants now.
struct AudioCapabilities {
  std::vector<Codec> codecs = {pcma(), pcmu()};  ///< In order of preference, without telephone-event. "CN" goes along with a codec of its clock rate.
  CodecPreference preference = CodecPreference::Theirs;
  base::SocketAddress address;                           ///< Where it receives RTP; RTCP goes one port above,
  std::optional<base::SocketAddress> rtcp_address = {};  ///< unless there is this one (RFC 3605).
  Direction direction = Direction::SendRecv;             ///< SendOnly or Inactive to hold the other side.
  std::chrono::milliseconds ptime{20};
  /// RFC 4733, events 0-16, at every clock rate of the codecs: this number at the lowest one, free ones at the others. None: not offered, not accepted.
  std::optional<PayloadType> telephone_event = PayloadType{101};
  Protection protection = {};
  bool rtcp_mux = false;            ///< RTCP may share the port of RTP (RFC 5761).
  bool voip_metrics = false;        ///< Reports may say how it sounds (RFC 3611 §4.7).
  std::optional<IceUser> ice = {};  ///< ICE-lite is offered, and answered to full agents that share the port of RTCP; with one host candidate.
};

/// What both sides agreed on, from our point of view.
struct Negotiated {
  /// `payload_type` is the one that we send with, `fmtp` what the other side said of it: how we are to encode.
  Codec codec;
  PayloadType receive_payload_type{};                     ///< What the other side sends it with.
  std::optional<PayloadType> event_payload_type;          ///< telephone-event that we send, at the codec's clock rate; none: not agreed.
  std::optional<PayloadType> receive_event_payload_type;  ///< telephone-event that we receive.
  std::optional<PayloadType> comfort_noise_payload_type;  ///< CN (RFC 3389) that we send; none: not agreed.
  std::optional<PayloadType> receive_comfort_noise_payload_type;
  base::SocketAddress remote_rtp;  ///< 0.0.0.0 when the other side holds us the old way (RFC 2543).
  base::SocketAddress remote_rtcp;
  Direction direction = Direction::SendRecv;  ///< What we may do: send only when it says so.
  bool held = false;                          ///< The other side does not want to hear us.
  std::chrono::milliseconds ptime{20};        ///< Of the packets that we send.
  Security security = {};
  bool rtcp_mux = false;                 ///< Both share the port.
  bool voip_metrics = false;             ///< Both tell how it sounds.
  std::optional<IceAgreement> ice = {};  ///< With it, the checks tell where to send to; `remote_rtp` may be 0.0.0.0:9.
  friend bool operator==(const Negotiated&, const Negotiated&) = default;
};

struct Answer {
  Description description;
  Negotiated negotiated;
};

/// A fresh offer of one audio stream. `known`: payload types that the dialog has used; they keep their meaning (RFC 3264 §8.3.2).
[[nodiscard]] Description make_offer(const AudioCapabilities& capabilities, const Origin& origin, const std::vector<Codec>& known = {});

/// Answers every m-line of the offer, in its order: the first audio stream over RTP with a codec in common, and protected as both demand, is taken, all
/// others are refused with port 0. The codec is the first of the offer that we have (RFC 3264 §6.1), or the preferred one, with the offer's payload type.
/// Errors: Unsupported when no stream can be taken (the caller answers 488), InvalidArgument when its address cannot be used.
base::Result<Answer> make_answer(const Description& offer, const AudioCapabilities& capabilities, const Origin& origin);

/// Reads the answer to our own offer. Errors: Refused when the stream was refused, Unsupported when it names no codec of the offer,
/// InvalidArgument when its m-lines do not match the offer's or its address cannot be used.
base::Result<Negotiated> negotiate_answer(const Description& offer, const Description& answer);

/// One side's descriptions during one dialog: keeps the `o=` line right (its version goes up by one when, and only when, the content
/// changes, RFC 3264 §8), the number of m-lines from shrinking, and a codec's payload type from changing.
/// A failed call leaves it as it was, except that an offer made counts as sent.
class Session {
 public:
  /// `session_id`: unique for this dialog, from base::Random. `address`: shown in `o=`.
  Session(std::uint64_t session_id, const base::IpAddress& address);

  /// Before the first description: somebody else has made those of this side so far, the latest with this `o=`, which goes on as theirs does
  /// (RFC 3264 §8). A version that is no number is not followed.
  void follow(const Origin& origin);

  /// The first offer, or a new one later (hold, resume, new address). Until `accept_answer` takes its answer, `negotiated()` stays.
  Description make_offer(const AudioCapabilities& capabilities);
  /// An offer of no stream is answered by none, and nothing is negotiated then.
  base::Result<Description> make_answer(const Description& offer, const AudioCapabilities& capabilities);
  base::Result<Negotiated> accept_answer(const Description& answer);

  /// What counts now; none before the first answer.
  [[nodiscard]] const std::optional<Negotiated>& negotiated() const noexcept { return negotiated_; }
  /// Our description that was sent last; none before the first.
  [[nodiscard]] const std::optional<Description>& local() const noexcept { return local_; }

 private:
  void adopt(Description& description);
  void remember_numbers();

  std::uint64_t session_id_;
  std::uint64_t version_ = 1;
  base::IpAddress address_;
  std::optional<Origin> followed_;
  std::optional<Description> local_;
  std::optional<Negotiated> negotiated_;
  std::vector<Codec> numbers_;  ///< What each payload type of our descriptions meant, the latest last; never more than there are.
};

}  // namespace callwright::sdp
