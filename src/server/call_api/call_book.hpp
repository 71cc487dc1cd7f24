#pragma once

#include "base/clock.hpp"
#include "base/time_text.hpp"
#include "call/call_control.hpp"
#include "call/event.hpp"
#include "call/open_calls.hpp"
#include "server/call_api/json.hpp"

#include <cstddef>
#include <deque>
#include <map>
#include <string>
#include <utility>
#include <vector>

namespace callwright::server::call_api {

using call::BookedCall;

/// The calls that there are, those that ended of late, and the phones that are registered: a view of the journal. One thread.
class CallBook {
 public:
  /// `remembered` ended calls are kept, the latest.
  explicit CallBook(std::size_t remembered = 1000) : remembered_(remembered) {}

  using Shared = call::OpenCalls::Shared;

  /// What the event was about, if it was about a call that is known now.
  Shared note(const call::Event& event);

  /// By the Call-ID of either leg; null: unknown.
  [[nodiscard]] const BookedCall* find(const std::string& call_id) const;
  /// Calls that have not ended, in the order of their Call-IDs; with `ended`, those that are remembered first.
  [[nodiscard]] std::vector<const BookedCall*> calls(bool ended, std::size_t limit) const;
  [[nodiscard]] std::size_t size() const noexcept { return open_.size(); }

  struct Registration {
    std::string user;
    std::string contact;
    base::WallTime since{};
    bool lost = false;  ///< It does not answer OPTIONS.
  };
  [[nodiscard]] std::vector<Registration> registrations(std::size_t limit) const;
  [[nodiscard]] std::size_t registered() const noexcept { return registrations_.size(); }

 private:
  Shared end(const call::Event& event, const call::CallEnded& what);
  Shared add_to_ended(const std::string& call_id, const call::MediaEnded& what);
  void note_contact(const call::ContactChanged& what, base::WallTime now);

  const std::size_t remembered_;
  call::OpenCalls open_;
  std::deque<Shared> ended_;  ///< The latest last.
  std::map<std::pair<std::string, std::string>, Registration> registrations_;
};

using base::to_text;
/// As clients get them (docs/call-api.md). `live` are the media of legs that are not over.
[[nodiscard]] Json to_json(const BookedCall& call, const std::vector<call::LegQuality>& live = {});
[[nodiscard]] Json to_json(const call::MediaEnded& media);
[[nodiscard]] Json to_json(const CallBook::Registration& registration);

}  // namespace callwright::server::call_api
