#pragma once

#include "base/clock.hpp"
#include "call/active_call.hpp"
#include "call/event.hpp"
#include "sip/transaction_layer.hpp"

#include <boost/unordered/unordered_flat_map.hpp>

#include <cstddef>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

namespace callwright::call {

/// A call as the journal of the exchange tells of it. Times that are zero: it never was.
struct BookedCall {
  enum class State { Started, Ringing, Up, Ended };

  /// Somebody who took part: who called, who answered, and who took their places.
  struct Leg {
    std::string call_id;
    std::string party;  ///< URI.
    Side side = Side::Caller;
    base::WallTime since{};  ///< Took part from here
    base::WallTime until{};  ///< to here.
  };
  /// Another in the place of a party.
  struct Replaced {
    Side side = Side::Caller;
    std::string former;   ///< URI of who went,
    std::string party;    ///< and of who came.
    std::string call_id;  ///< What the call was called before.
  };
  struct Change {
    base::WallTime time{};
    std::variant<Replaced, PartiesOnHold> what;
  };

  std::string call_id;  ///< Of the leg from the caller,
  std::string leg;      ///< and of that to whoever answered; "" before.
  std::string caller;   ///< URI.
  std::string callee;
  State state = State::Started;
  PartiesOnHold held;
  base::WallTime started{};
  base::WallTime ringing{};
  base::WallTime answered{};
  base::WallTime ended{};
  CallEnded end;
  std::vector<Leg> legs;
  std::vector<Change> changes;
  std::vector<std::string> linked;  ///< Call-IDs of calls that this one belongs together with, as they were known when it began to.
  std::vector<MediaEnded> media;    ///< Of legs whose media passed through the exchange and are over.

  /// True for the Call-ID of a leg that it has, or that it was known by.
  [[nodiscard]] bool is_called(const std::string& id) const;
  void add(const MediaEnded& media_of_leg);
};

/// The calls that there are: a view of the journal. One thread.
class OpenCalls {
 public:
  /// Every event changes the call in its place, up to its end.
  using Shared = std::shared_ptr<BookedCall>;

  /// The call that the event was about, as it is now; null when it was about none. CallEnded is for `end`.
  Shared note(const Event& event);
  /// Takes the call out that has ended; null when it was unknown.
  [[nodiscard]] Shared end(const Event& event, const CallEnded& what);
  /// Takes all out, as they are, in the order of their Call-IDs.
  [[nodiscard]] std::vector<Shared> take_all();

  /// By the Call-ID of either leg; null: unknown.
  [[nodiscard]] const BookedCall* find(const std::string& call_id) const;
  [[nodiscard]] std::size_t size() const noexcept { return calls_.size(); }
  /// The first of them in the order of their Call-IDs.
  [[nodiscard]] std::vector<const BookedCall*> first(std::size_t limit) const;

 private:
  /// Names are those in the calls themselves, which stay where they are: they are taken out before they change.
  template <class Call>
  using ByName = boost::unordered_flat_map<std::string_view, Call, sip::StringHash, std::equal_to<>>;

  Shared start(const Event& event, const CallStarted& what);
  void answer(BookedCall& call, const CallAnswered& what, base::WallTime now);
  Shared replace(const Event& event, const CallReplaced& what);
  [[nodiscard]] Shared open(const std::string& call_id);
  Shared take(const std::string& call_id);
  void name_leg(BookedCall& call);
  void forget_leg(const BookedCall& call);

  ByName<Shared> calls_;
  ByName<BookedCall*> by_leg_;             ///< By the Call-ID of the other leg,
  sip::StringMap<BookedCall*> by_former_;  ///< and by those before: media of whoever went end a little later.
};

}  // namespace callwright::call
