#pragma once

#include "call/bridge.hpp"

#include <array>

/// What a Bridge makes on demand. For its own files only.
namespace callwright::call {

/// Somebody takes the place of one side: the side that stays gets his offer, he gets its answer, and then the side that goes is hung up.
struct Bridge::Replacement {
  enum class Step : std::uint8_t {
    Asking,      ///< The side that stays has the newcomer's offer.
    Withdrawn,   ///< The newcomer has gone meanwhile; the answer of the side that stays is still to come.
    Reoffering,  ///< The side that was to go is asked for an offer, to be put together with the other again,
    Rejoining,   ///< which has that offer.
  };
  std::unique_ptr<sip::InviteSession> newcomer;
  sip::InviteSession* replaced = nullptr;  ///< Null once it has hung up by itself.
  sip::InviteSession* staying = nullptr;
  Step step = Step::Asking;
  FindWatcher watcher = {};
};

/// A party is told to call somebody, by a command and not by the other party.
struct Bridge::Told {
  const sip::InviteSession* session = nullptr;
  FindReferWatcher watcher;
};

/// The phones are asked for the media of a call that is on hold, or no more.
struct Bridge::Holding {
  enum class Leg : std::uint8_t {
    Asked,
    Agreed,
    Refused,
    Unusable,   ///< It has agreed, to something that cannot be.
    Reverting,  ///< It had agreed, but the other refused: it is asked to go back.
    Late,       ///< It has not answered in time, and counts as one that refused; its answer may still come.
  };
  std::array<Leg, 2> legs{Leg::Asked, Leg::Asked};  ///< By `Side`.
  PartiesOnHold former;
  FindHoldWatcher watcher;
  [[nodiscard]] Leg& of(Side side) noexcept { return legs[static_cast<std::size_t>(side)]; }
};

/// The caller is asked for an offer, which then goes to the callee as ours.
struct Bridge::TakingIn {
  std::function<void(const base::Result<void>&)> done;
  enum class Step : std::uint8_t { AskingCaller, AskingCallee } step = Step::AskingCaller;
};

}  // namespace callwright::call
