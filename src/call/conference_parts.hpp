#pragma once

#include "call/conference.hpp"

#include <memory>
#include <string>

/// For the files of Conference only.
namespace callwright::call {

struct Conference::Party {
  std::unique_ptr<sip::InviteSession> session;
  Step step = Step::Waits;
  std::string journal;  ///< The Call-ID under which the journal knows it: several sides of one call have the same.
  LegStreams::Leg leg = nullptr;
  std::string offer = {};                        ///< Of one who waits.
  const sip::InviteSession* replaces = nullptr;  ///< The party in whose place this one comes; may be gone.
  bool announced = false;                        ///< Nobody need be told that it is here.
  media::ConferenceParty options = {};
  FindWatcher watcher = {};           ///< Until it takes part; or of who waits until it leaves.
  Side side = Side::Caller;           ///< What it is in the call that the journal knows.
  bool held = false;                  ///< At an API's wish;
  bool to_be_held = false;            ///< as our offer says that is under way.
  FindHoldWatcher hold_watcher = {};  ///< Of that offer.
  bool changes_when_up = false;       ///< The offer waits for its ACK.
  bool given_up = false;              ///< Nobody waits for the answer to it.
};

}  // namespace callwright::call
