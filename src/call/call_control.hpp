#pragma once

#include "base/id.hpp"
#include "call/user_features.hpp"

#include <chrono>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <variant>

/// The port through which an API steers calls. Engine thread on this side; whoever lives on another thread posts.
namespace callwright::call {

struct CommandTag;
/// Names one command while it runs; chosen by the submitter, unique in the process.
using CommandId = base::Id<CommandTag>;

/// Click to dial: ring `caller`, and when it has answered, connect it to `callee`. Both are SIP URIs, checked already.
/// `call_id` becomes the Call-ID of the first leg.
struct StartCall {
  std::string caller;
  std::string callee;
  std::string call_id;
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

/// Tells the features of a user of the exchange,
struct GetFeatures {
  std::string user;
};
/// or changes some of them, for calls from now on.
struct SetFeatures {
  std::string user;
  FeatureChange change;
};

using Command = std::variant<StartCall, EndCall, TransferCall, HoldCall, GetFeatures, SetFeatures, RedialCall>;

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
