#pragma once

#include "base/clock.hpp"
#include "call/active_call.hpp"
#include "call/event.hpp"
#include "server/call_api/json.hpp"

#include <cstddef>
#include <deque>
#include <map>
#include <optional>
#include <string>
#include <unordered_map>
#include <utility>
#include <vector>

namespace callwright::server::call_api {

/// A call as the journal of the exchange tells of it.
struct BookedCall {
  enum class State { Started, Ringing, Up, Ended };

  std::string call_id;  ///< Of the leg from the caller,
  std::string leg;      ///< and of that to whoever answered; "" before.
  std::string caller;   ///< URI.
  std::string callee;
  State state = State::Started;
  call::PartiesOnHold held;
  base::WallTime started{};
  base::WallTime ringing{};  ///< All zero: it never was; as below.
  base::WallTime answered{};
  base::WallTime ended{};
  int status = 0;  ///< How it ended,
  std::string reason;
  std::vector<call::MediaEnded> media;  ///< Of legs whose media passed through the exchange and are over.
};

/// The calls that there are, those that ended of late, and the phones that are registered: a view of the journal. One thread.
class CallBook {
 public:
  /// `remembered` ended calls are kept, the latest.
  explicit CallBook(std::size_t remembered = 1000) : remembered_(remembered) {}

  /// What the event was about, if it was about a call that is known now; valid until the next `note`.
  const BookedCall* note(const call::Event& event);

  /// By the Call-ID of either leg; null: unknown.
  [[nodiscard]] const BookedCall* find(const std::string& call_id) const;
  /// Calls that have not ended, in the order of their Call-IDs; with `ended`, those that are remembered first.
  [[nodiscard]] std::vector<const BookedCall*> calls(bool ended, std::size_t limit) const;
  [[nodiscard]] std::size_t size() const noexcept { return calls_.size(); }

  struct Registration {
    std::string user;
    std::string contact;
    base::WallTime since{};
    bool lost = false;  ///< It does not answer OPTIONS.
  };
  [[nodiscard]] std::vector<Registration> registrations(std::size_t limit) const;
  [[nodiscard]] std::size_t registered() const noexcept { return registrations_.size(); }

 private:
  BookedCall* open(const std::string& call_id);
  void replace(const std::string& former, const call::CallReplaced& what);
  const BookedCall* end(const std::string& call_id, const call::CallEnded& what, base::WallTime now);
  const BookedCall* note_media(const std::string& call_id, const call::MediaEnded& what);
  void note_contact(const call::ContactChanged& what, base::WallTime now);

  const std::size_t remembered_;
  std::map<std::string, BookedCall> calls_;              ///< Those that have not ended, by Call-ID.
  std::unordered_map<std::string, std::string> by_leg_;  ///< Call-IDs of such calls by that of the other leg.
  std::deque<BookedCall> ended_;                         ///< The latest last.
  std::map<std::pair<std::string, std::string>, Registration> registrations_;
};

/// "2026-03-01T12:00:00.000000Z" (RFC 3339).
[[nodiscard]] std::string to_text(base::WallTime time);
/// As clients get them (docs/call-api.md).
[[nodiscard]] Json to_json(const BookedCall& call);
[[nodiscard]] Json to_json(const call::MediaEnded& media);
[[nodiscard]] Json to_json(const CallBook::Registration& registration);

}  // namespace callwright::server::call_api
