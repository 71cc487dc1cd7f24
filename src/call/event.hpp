#pragma once

#include "base/boxed.hpp"
#include "base/clock.hpp"
#include "base/log.hpp"
#include "media/media_port.hpp"
#include "sdp/offer_answer.hpp"
#include "sip/transport.hpp"

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

/// The journal: whatever happens is one typed event. Notifications, logs, ladders and reports are views of it.
namespace callwright::call {

struct Registered {
  std::chrono::seconds expires;
};
struct Unregistered {};
struct RegistrationFailed {
  int status = 0;
  std::string reason;
};
struct CallStarted {
  enum class Placed : std::uint8_t { There, Here };
  std::string from;
  std::string to;
  Placed placed = Placed::There;  ///< Of an agent's call: Here, it is the agent that calls.
};
/// It came in for an API to decide about.
struct CallOffered {
  std::string caller_name;  ///< As the caller says; "": it does not.
};
struct CallRinging {};
struct CallAnswered {
  std::string leg = {};  ///< At the exchange: the Call-ID of the leg to whoever answered; "" where the caller is alone with us.
};
struct CallEnded {
  enum class By : std::uint8_t { Exchange, Caller, Callee, Network };
  int status = 0;
  std::string reason;
  By by = By::Exchange;     ///< Who ended it; the exchange also at the wish of an API, and when it refuses.
  std::size_t streams = 0;  ///< At the exchange: MediaEnded of this call that are still to come.
};
/// "exchange", "caller", "callee" or "network"
[[nodiscard]] constexpr std::string_view to_string(CallEnded::By by) noexcept {
  constexpr std::string_view kNames[] = {"exchange", "caller", "callee", "network"};
  return kNames[static_cast<std::size_t>(by)];
}
/// A party has given its place in a call to another (RFC 3891); the call goes on under the Call-ID of that one.
struct CallReplaced {
  enum class Side { Caller, Callee };
  std::string by;
  std::string party;  ///< The URI of whoever came.
  Side side = Side::Caller;
  std::string leg = {};  ///< The Call-ID of the leg to whoever came.
};
/// The first sound that an agent hears in a call, or a steady tone in it. `since_start` counts from the start of its media.
struct AudioHeard {
  double frequency_hz = 0;  ///< 0: no steady tone known yet.
  double level_dbov = 0;
  base::Duration since_start{};
};
/// The first packet that an agent gets in a call. `since_start` counts from the start of its media.
struct MediaFlows {
  base::Duration since_start{};
};
/// Offer and answer of an agent's call have agreed on its media, or on other media than before.
struct MediaAgreed {
  base::Boxed<sdp::Negotiated> negotiated;  ///< With keys: never for a log.
};
/// The keys of an encrypted stream are there; from here on packets flow.
struct MediaSecured {};
/// What an agent played was played to its end.
struct SoundPlayed {};
/// The last of an agent's call: its stream is closed. Comes after CallEnded. At the exchange, so ends each side of a call whose media pass through it, also
/// when another takes its place and the call goes on.
struct MediaEnded {
  base::Boxed<media::StreamStatistics> statistics;
  std::string leg = {};    ///< At the exchange: the Call-ID of the side,
  std::string party = {};  ///< its URI,
  std::string codec = {};  ///< and what it spoke last.
};
struct MediaFailed {
  std::string reason;
};
/// The recording of an agent's call is complete; what has gone wrong with it was said by MediaFailed before.
struct CallRecorded {
  std::vector<std::string> paths;
  base::Duration duration{};
};
/// Nothing came from the other side of a call for too long; told once, until something comes again.
struct PartnerSilent {
  base::Duration since_last{};
};
struct PartnerBack {
  base::Duration silence{};
};
/// The other side of an agent's call pressed a key; each press once.
struct KeyPressed {
  enum class By : std::uint8_t { Event, Sound, Info };  ///< RFC 4733, heard in the sound, SIP INFO.
  char key = 0;                                         ///< 0 … 9, *, #, A … D. Never to be logged.
  base::Duration duration{};
  By by = By::Event;
};
/// Keys of ours could not be pressed; those that waited are given up.
struct KeysFailed {
  std::string reason;
};
/// How a change of the media ended that an agent asked for in its call.
struct Renegotiated {
  int status = 0;  ///< 200: `codec` is spoken now. Else all is as before.
  std::string reason;
  std::string codec;
};
/// The other side of an agent's call wants it to call somebody (RFC 3515); the agent does.
struct TransferRequested {
  std::string refer_to;     ///< URI, without the dialog that is to be replaced.
  std::string referred_by;  ///< URI, or "".
};
/// What became so far of a transfer that an agent asked for.
struct TransferProgress {
  enum class Stage : std::uint8_t { Answered, Progress, Ended };
  Stage stage = Stage::Answered;  ///< The REFER has its final answer; a NOTIFY came; the last one came.
  int status = 0;                 ///< Of the REFER, then of the call that it led to; 0: the other side ended it without a word.
  std::string reason;
};
/// MESSAGE to an agent, in a call or outside of all.
struct TextReceived {
  std::string from;  ///< URI
  std::string content_type;
  std::string body;
};
/// How the media of an agent's call are, because somebody wanted to know.
struct MediaMeasured {
  base::Boxed<media::StreamStatistics> statistics;
};
/// No STUN server told the address of a call's media; the call goes on with that of this machine.
struct AddressUnknown {
  std::string reason;
};
/// An API has put parties of a call on hold, or taken them back: who is held now.
struct CallHeld {
  bool caller = false;
  bool callee = false;
};
/// A phone was told to make another call (RFC 3515), and that has come: the two belong together. Told of both, right after the second has started.
struct CallLinked {
  std::string other;  ///< The Call-ID under which the journal knows the other one then.
};
/// A registered phone does not answer OPTIONS any more, or does again; or it has come, or gone.
struct ContactChanged {
  enum class Now { Lost, Back, Registered, Unregistered };
  std::string user;
  std::string contact;
  Now now = Now::Lost;
  base::Duration round_trip{};  ///< When it is back.
};
/// A SIP message as it went over the wire, credentials masked.
struct SipMessage {
  sip::TraceSink::Direction direction = sip::TraceSink::Direction::Sent;
  sip::Flow flow;
  std::string text;
};

/// Too many requests came from there (`net::SourceGuard`): nothing is taken from it for that time.
struct SourceBanned {
  base::IpAddress source;
  std::chrono::seconds duration{0};
};
struct SourceUnbanned {
  base::IpAddress source;
};

struct Event {
  base::WallTime time{};
  std::string agent;    ///< Name of the agent, or "" for the exchange.
  std::string call_id;  ///< "" when it belongs to no call.
  std::variant<Registered, Unregistered, RegistrationFailed, CallStarted, CallRinging, CallAnswered, CallEnded, AudioHeard, MediaFailed, SipMessage,
               CallReplaced, SourceBanned, SourceUnbanned, ContactChanged, CallRecorded, MediaAgreed, MediaSecured, SoundPlayed, MediaEnded, PartnerSilent,
               PartnerBack, KeyPressed, KeysFailed, Renegotiated, AddressUnknown, CallHeld, CallOffered, CallLinked, TransferRequested, TransferProgress,
               TextReceived, MediaMeasured, MediaFlows>
      what;
};

/// Engine thread.
class EventSink {
 public:
  virtual ~EventSink() = default;
  virtual void on_event(const Event& event) = 0;
};

/// Writes the journal to the log: one line an event at Info, SIP messages at Trace.
class LogEventSink final : public EventSink {
 public:
  void on_event(const Event& event) override;
};

}  // namespace callwright::call
