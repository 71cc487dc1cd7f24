#pragma once

#include "base/id.hpp"
#include "call/user_features.hpp"
#include "media/media_port.hpp"
#include "sip/digest.hpp"

#include <chrono>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

/// The port through which an API steers calls. Engine thread on this side; whoever lives on another thread posts.
namespace callwright::call {

struct CommandTag;
/// Names one command while it runs; chosen by the submitter, unique in the process.
using CommandId = base::Id<CommandTag>;

/// What a call that an API starts is to look like. All of it has been checked by whoever asks.
struct CallLook {
  std::string caller_name = {};                      ///< Display names: that of the caller, which the callee's phone shows,
  std::string callee_name = {};                      ///< and the other way round.
  std::string caller_id = {};                        ///< The SIP URI that the callee's phone shows; "": that of the caller.
  std::string headers = {};                          ///< Ready-made lines for the INVITEs.
  std::optional<sip::Credentials> credentials = {};  ///< For whoever asks for some, where the exchange has none of its own.
  std::vector<sdp::Codec> codecs = {};               ///< What the two may speak, by preference; the media pass through the exchange then. None: anything.
  std::optional<std::chrono::seconds> timeout = {};  ///< How long each phone may ring; nothing: as configured.
};

/// Click to dial: ring `caller`, and when it has answered, connect it to `callee`. Both are SIP URIs, checked already.
/// `call_id` becomes the Call-ID of the first leg.
struct StartCall {
  std::string caller;
  std::string callee;
  std::string call_id;
  CallLook look = {};
};

/// A text for all phones of a user (RFC 3428).
struct SendMessage {
  std::string from;  ///< SIP URIs.
  std::string to;
  std::string text;
  std::string content_type = "text/plain;charset=UTF-8";
};

/// The same as soon as neither of them, who are users of the exchange, is in a call (RFC 5359 §2.17).
struct RedialCall {
  StartCall call;
  std::chrono::seconds limit{0};  ///< How long to wait for that.
};

/// Hang up the call to which the leg with this Call-ID belongs: BYE to both sides, CANCEL while ringing.
struct EndCall {
  std::string call_id;
};

/// Which party of a call: who called, or who was called.
enum class Side : std::uint8_t { Caller, Callee };
[[nodiscard]] constexpr Side opposite(Side side) noexcept { return side == Side::Caller ? Side::Callee : Side::Caller; }
/// "caller" or "callee"
[[nodiscard]] constexpr std::string_view to_string(Side side) noexcept { return side == Side::Caller ? "caller" : "callee"; }

/// A party of a call that is up.
struct CallParty {
  std::string call_id;  ///< Of either leg.
  Side side = Side::Caller;
};

/// A party is told to call `destination`, a SIP URI; when it is answered there, its present call is over (RFC 5589 §5). A phone that cannot be told stays in
/// its call, and the exchange puts `destination` in the place of the other party. With `joins`, a party of another call, it is connected with that one in the
/// place of whoever that talks to (attended transfer, §7); `destination` may then be "".
struct TransferCall {
  CallParty party;
  std::string destination;
  std::optional<CallParty> joins = {};
};

/// Puts a party of a call that is up on hold, or both: nobody hears them, and they hear the music of the exchange, where it has one and their media pass
/// through it; else whoever is not on hold. Or takes them back. Each phone gets a re-INVITE, and hears the directions in it (RFC 3264 §8.4).
struct HoldCall {
  enum class Change : std::uint8_t { Hold, Unhold };
  std::string call_id;             ///< Of either leg.
  std::optional<Side> party = {};  ///< Nothing: both.
  Change change = Change::Hold;
};

/// Plays something to a party of a call that is up, or to both, in place of what the others say, until it is over or stopped, or the call ends. Media that
/// bypass the exchange are taken in for this, as for all commands on sound.
struct PlaySound {
  std::string call_id;             ///< Of either leg; of a conference, that of the party.
  std::optional<Side> party = {};  ///< Nothing: both.
  std::string file;                ///< A name in the folder `MediaSettings::sounds`; "": a tone.
  double tone_hz = 0;
  media::Repeat repeat = media::Repeat::Once;  ///< Of a file; a tone never ends.
};

/// Ends what is played there.
struct StopSound {
  std::string call_id;
  std::optional<Side> party = {};
};

/// Presses keys that a party hears, or is told of (RFC 4733).
struct PressKeys {
  std::string call_id;
  std::optional<Side> party = {};
  std::string keys;  ///< 0 … 9, *, #, A … D. Never to be logged.
  media::KeyTiming timing = {};
};

/// Nobody hears a party any more, or does again.
struct MuteParty {
  std::string call_id;
  std::optional<Side> party = {};
  bool muted = true;
};

/// Records both parties of a call until it ends or `ChangeRecording` stops it, also while one of them is replaced.
struct RecordCall {
  std::string call_id;
  media::RecordingLayout layout = media::RecordingLayout::Stereo;  ///< The caller is left.
  audio::FileFormat format = audio::FileFormat::Wav;
};

/// Changes the recording of a call that is being recorded.
struct ChangeRecording {
  enum class Change : std::uint8_t { Pause, Resume, Stop };
  std::string call_id;
  Change change = Change::Stop;
};

/// Decides about a call that came in for an API (`ExchangeSettings::offered`). Answered, it has one party, with whom commands on sound and `BridgeCalls` deal.
struct DecideCall {
  enum class Decision : std::uint8_t { Ring, Answer, Reject, Redirect };
  std::string call_id;
  Decision decision = Decision::Answer;
  int status = 486;              ///< Of Reject, 300 … 699,
  std::string reason = {};       ///< and in words; "": the usual ones.
  std::string destination = {};  ///< Of Redirect: the SIP URI whose phones ring from now on.
};

/// Connects a party of one call with a party of another; whoever talked to them is hung up.
struct BridgeCalls {
  CallParty one;
  CallParty other;
};

/// Parts the two of a call: each is alone with the exchange then.
struct UnbridgeCall {
  std::string call_id;
};

/// Puts a party of a call that is up into a slot, where it hears music until somebody fetches it (RFC 5359 §2.15); whoever it talked to is hung up.
struct ParkCall {
  CallParty party;
  std::string slot = {};  ///< "": a free one.
};

/// Connects somebody with a party that is parked, or with the caller of a call that rings: whoever rings gets CANCEL (RFC 5359 §2.16).
struct PickUpCall {
  std::string slot = {};  ///< Where the party is parked; "": `call_id` names it, or the call that rings.
  std::string call_id = {};
  CallParty by = {};             ///< A party that is with us already; without a Call-ID, `destination` is called.
  std::string destination = {};  ///< A SIP URI.
};

/// Opens a conference, which lasts until it is ended. Users of the exchange may call its name, too.
struct CreateConference {
  std::string name;
  std::size_t max_parties = 100;
  bool tones = false;  ///< When somebody comes or leaves.
};

/// Takes a party of a call into a conference, or both; or calls somebody in.
struct AddToConference {
  std::string conference;
  std::string call_id;             ///< "": `destination` is called.
  std::optional<Side> party = {};  ///< Nothing: both.
  std::string destination = {};
};

/// Hangs up on a party, mutes it, or ends the conference for all.
struct ChangeConference {
  enum class Change : std::uint8_t { Remove, Mute, Unmute, End };
  std::string conference;
  Change change = Change::End;
  std::string call_id = {};  ///< The party.
};

/// How the media of one leg are. Shapes and units as in `media::StreamStatistics`.
struct LegQuality {
  std::string leg;    ///< The Call-ID of the leg,
  std::string party;  ///< its URI,
  std::string codec;  ///< and what it speaks.
  media::StreamStatistics statistics;
};

/// Tells how the media of calls that are up are now, where they pass through the exchange. Of anything else there is nothing to tell, which is no error.
struct MeasureCall {
  std::vector<std::string> call_ids;  ///< Of the legs; for two legs of one call, each stream is told once.
};

/// Tells the features of a user of the exchange,
struct GetFeatures {
  std::string user;
};
/// or changes some of them, for calls from now on.
struct SetFeatures {
  std::string user;
  FeatureChange change;
};

using Command = std::variant<StartCall, EndCall, TransferCall, HoldCall, PlaySound, StopSound, PressKeys, MuteParty, RecordCall, ChangeRecording, DecideCall,
                             BridgeCalls, UnbridgeCall, ParkCall, PickUpCall, CreateConference, AddToConference, ChangeConference, SendMessage, MeasureCall,
                             GetFeatures, SetFeatures, RedialCall>;

/// What a command reports. A command reports any number of the progress events, then at most one Failed, then exactly one Ended.
struct CommandEvent {
  enum class Kind {
    CallerAnswered,        ///< caller, callee
    Transferring,          ///< destination, and of StartCall caller
    TransferStart,         ///< call_id (of the new call: the one to name in later commands); of StartCall caller, callee, of others destination
    TransferPending,       ///< as TransferStart, and extra: the status line that the phone reports, "180 Ringing"
    TransferSuccessful,    ///< call_id, destination
    CalleeAnswered,        ///< call_id, caller, callee
    CallHolding,           ///< nothing: the call is known and its phones are asked
    CallHoldStart,         ///< leg: that phone is asked
    CallHoldSuccessful,    ///< leg: it has agreed
    CallUnholding,         ///< as CallHolding
    CallUnholdStart,       ///< leg
    CallUnholdSuccessful,  ///< leg
    CallPlayStart,         ///< leg: something is played to it
    CallPlaySuccessful,    ///< leg: it was played to its end,
    CallPlayStopped,       ///< or stopped before
    CallRecordStart,       ///< extra: the file; of two files, one event each
    CallRecordSuccessful,  ///< extra: the file is complete
    CallBridged,           ///< call_id (of the call that the two have now)
    ConferenceCalling,     ///< call_id, destination: it is called
    ConferenceJoined,      ///< call_id: that party takes part; also where it is alone
    Parked,                ///< call_id (of the party), extra: the slot
    PickupCalling,         ///< call_id, destination: it is called
    PickedUp,              ///< call_id (of the call that the two have now)
    MediaMeasured,         ///< call_id (the first that was asked for), media: of each leg, the caller's first
    Features,              ///< features: as they are now
    CalleeBusy,            ///< callee: one of the two is in a call; the command waits
    Failed,                ///< extra: what happened, in words, with the SIP status where there is one
    Ended,                 ///< nothing follows
  };

  CommandId command;
  Kind kind = Kind::Ended;
  std::string call_id;
  std::string caller;
  std::string callee;
  std::string destination;
  std::string leg = {};  ///< "caller" or "callee"
  std::string extra;
  std::shared_ptr<const UserFeatures> features = {};
  std::shared_ptr<const std::vector<LegQuality>> media = {};
};

class CommandObserver {
 public:
  virtual ~CommandObserver() = default;
  /// May be called from within `submit`.
  virtual void on_command_event(const CommandEvent& event) = 0;
};

class CallControl {
 public:
  virtual ~CallControl() = default;

  /// Starts a command; everything that happens to it, failure included, is reported to `observer`, which outlives the command.
  virtual void submit(CommandId id, const Command& command, CommandObserver& observer) = 0;
  /// Gives the command up: what it has set up is hung up, then Failed and Ended are reported. A command that has ended is no error.
  virtual void cancel(CommandId id) = 0;
};

}  // namespace callwright::call
