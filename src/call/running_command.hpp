#pragma once

#include "call/active_call.hpp"
#include "call/call_control.hpp"

#include <functional>
#include <memory>
#include <string>
#include <string_view>

namespace callwright::call {

/// A command while it runs.
class RunningCommand {
 public:
  virtual ~RunningCommand() = default;
  [[nodiscard]] virtual CommandId id() const noexcept = 0;
  /// Ends the command with Failed and this text, and undoes what it has set up.
  virtual void cancel(std::string_view why) = 0;

 protected:
  /// Finds what this command is to somebody, as long as it is there.
  template <class Watcher>
  [[nodiscard]] std::function<Watcher*()> finder(Watcher& self) {
    return [weak = std::weak_ptr(alive_), &self]() -> Watcher* { return weak.expired() ? nullptr : &self; };
  }

 private:
  std::shared_ptr<RunningCommand> alive_{this, [](RunningCommand* /*command*/) {}};
};

/// One that may tell a phone to call somebody, and then waits for that call to come here.
class ReferringCommand : public RunningCommand, public CallWatcher {
 public:
  /// Finds it as long as it is there.
  [[nodiscard]] FindWatcher watcher() {
    CallWatcher& self = *this;
    return finder(self);
  }

  /// The URIs of the phone that is to call, and of whom it is to call.
  [[nodiscard]] virtual const std::string& caller() const noexcept = 0;
  [[nodiscard]] virtual const std::string& callee() const noexcept = 0;
  /// What that call is to look like; null: as the phone makes it.
  [[nodiscard]] virtual const CallLook* look() const noexcept { return nullptr; }
  /// The Call-ID under which the journal knows the call in which the phone is told.
  [[nodiscard]] virtual std::string referring_call() const = 0;
  /// True while the call is expected. `token` is the value of the Refer-To's parameter in its Request-URI, the command's id and a secret, "27-k3…"; "" when
  /// the phone lost it.
  [[nodiscard]] virtual bool expects(std::string_view token) const noexcept = 0;
  /// That call has come and goes to `destination`, a URI; `call` outlives the command or is found through `on_refused`.
  virtual void on_referred_call(ActiveCall& call, const std::string& call_id, const std::string& destination) = 0;
  /// With whom the phone is to talk in the place of the one who does now; null: its call goes to the callee.
  [[nodiscard]] virtual const CallParty* partner() const noexcept { return nullptr; }
  /// That call has come, to take such a place; `CallWatcher` tells how it goes.
  virtual void on_replacing(const std::string& /*call_id*/) {}
  /// That call has come, but leads nowhere.
  virtual void on_unroutable(int status) = 0;

  /// The parameter of Refer-To that brings a call back to its command.
  static constexpr std::string_view kTokenParameter = "cw-command";
};

}  // namespace callwright::call
