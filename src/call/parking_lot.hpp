#pragma once

#include "call/active_call.hpp"
#include "call/conference.hpp"

#include <chrono>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

namespace callwright::call {

class Pickup;

/// A party that waits in a slot until somebody fetches it (RFC 5359 §2.15).
struct ParkedParty {
  std::string slot = {};
  std::string call_id = {};  ///< Of its leg.
  std::string party = {};    ///< Its URI,
  std::string parker = {};   ///< and that of whom it talked to; "": nobody.
  std::string journal = {};  ///< The Call-ID under which the journal knows its call,
  Side side = Side::Caller;  ///< and what it is there.
};

/// The parties that are parked. Each is alone with the exchange and hears its music; a command that takes it from there frees its slot. Engine thread.
class ParkingLot {
 public:
  struct Settings {
    unsigned first_slot = 701;  ///< The numbers of the slots that are given out.
    unsigned last_slot = 799;
    std::string number = {};  ///< Whoever calls it is parked in a free slot; followed by the number of a slot, in that one. "": there is none.
    base::Duration limit = std::chrono::minutes(3);  ///< Nobody waits longer.
  };
  using TimedOut = std::function<void(const ParkedParty& parked)>;

  /// `timed_out` is told of a party that nobody has fetched, and is not being fetched. The references outlive this.
  ParkingLot(Switchboard& switchboard, const Settings& settings, TimedOut timed_out);
  ~ParkingLot();

  /// That slot, or with "" the first free one. Errors: AlreadyExists, somebody is parked there; LimitReached, all are taken.
  [[nodiscard]] base::Result<std::string> choose(const std::string& wanted) const;
  /// A place for one party. Errors: Unsupported, the exchange handles no media; those of `Conference::open`.
  [[nodiscard]] base::Result<Conference*> open();
  /// Puts the one party of `released` there. `watcher` is told how it goes.
  void park(Conference& place, ReleasedParties released, ParkedParty parked, const FindWatcher& watcher);

  /// The same for somebody who calls, and is answered.
  void receive(Conference& place, sip::ServerTransaction& transaction, const sip::Message& invite, ParkedParty parked);
  /// The slot that whoever calls this user wants to be parked in, "" for any; nothing: it is another number.
  [[nodiscard]] std::optional<std::string> slot_wanted(std::string_view user) const;

  /// Null: nobody is parked there, or under that Call-ID.
  [[nodiscard]] const ParkedParty* find(std::string_view slot) const;
  [[nodiscard]] const ParkedParty* find_call(std::string_view call_id) const;
  /// Who is about to fetch the party of that slot; null: nobody.
  [[nodiscard]] Pickup* fetcher(std::string_view slot) const;
  /// `fetching`, a call of the exchange, is about to fetch it: meanwhile it does not time out.
  void set_fetcher(std::string_view slot, Pickup& fetching);
  /// Hangs the party up.
  void dismiss(std::string_view slot, int status, std::string_view why);
  void on_finished(const ActiveCall& call);

 private:
  struct Place;
  [[nodiscard]] Place* place(std::string_view slot) const;

  Switchboard& switchboard_;
  const Settings settings_;
  TimedOut timed_out_;
  std::map<std::string, std::unique_ptr<Place>, std::less<>> places_;  ///< By slot.
};

}  // namespace callwright::call
