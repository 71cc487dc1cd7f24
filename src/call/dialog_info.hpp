#pragma once

#include "call/event.hpp"
#include "sip/event_notifier.hpp"
#include "sip/session_fields.hpp"

#include <functional>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace callwright::call {

/// The package `dialog` (RFC 4235): the calls of a user, for the lamps of busy lamp fields. It tells who calls whom and how far that is. Call-ID
/// and tags, with which a call can be replaced, it tells only of a call that rings at the user, so that another may pick it up (RFC 5359 §2.16).
class DialogInfo final : public sip::EventPackage {
 public:
  /// Tells which call of a user changed.
  using Changed = std::function<void(const std::string& user, const std::string& id)>;
  /// The user that a URI names; "" for a stranger, whose calls nobody can watch.
  using UserOf = std::function<std::string(const std::string& uri)>;
  /// How the phone at which this call rings knows its dialog; nothing when it does not ring.
  using Ringing = std::function<std::optional<sip::DialogName>(const std::string& call_id)>;
  DialogInfo(Changed changed, UserOf user_of, Ringing ringing) : changed_(std::move(changed)), user_in_(std::move(user_of)), ringing_(std::move(ringing)) {}

  [[nodiscard]] std::string_view name() const noexcept override { return "dialog"; }
  [[nodiscard]] std::string_view content_type() const noexcept override { return "application/dialog-info+xml"; }
  [[nodiscard]] std::string body(const sip::EventView& view) override;

  /// Follows the calls by the journal.
  void note(const std::string& call_id, const decltype(Event::what)& what);
  /// Whether the user calls, is called or talks.
  [[nodiscard]] bool is_in_call(const std::string& user) const { return by_user_.contains(user); }
  /// Calls that are known.
  [[nodiscard]] std::size_t calls() const noexcept { return calls_.size(); }

 private:
  enum class State : std::uint8_t { Trying, Early, Confirmed };
  struct Call {
    std::string caller;  ///< URI.
    std::string callee;
    std::string calling_user;  ///< "" for a stranger.
    std::string called_user;
    State state = State::Trying;
    std::uint64_t number = 0;
  };

  void start(const std::string& call_id, const CallStarted& what);
  void advance(const std::string& call_id, State state);
  void replace(const std::string& call_id, const CallReplaced& what);
  void end(const std::string& call_id);
  void enter(const std::string& user, const std::string& call_id, std::uint64_t number);
  void leave(const std::string& user, std::uint64_t number);
  void tell(const Call& call) const;
  void append_dialog(std::string& xml, const std::string& call_id, const Call& call, std::string_view user) const;
  void append_name(std::string& xml, const std::string& call_id) const;

  Changed changed_;
  UserOf user_in_;
  Ringing ringing_;
  std::uint64_t next_ = 1;
  sip::StringMap<Call> calls_;  ///< By Call-ID.
  /// Call-IDs by number. Nobody has none; a number that many share, such as that of a trunk, may have thousands.
  sip::StringMap<std::map<std::uint64_t, std::string>> by_user_;
};

}  // namespace callwright::call
