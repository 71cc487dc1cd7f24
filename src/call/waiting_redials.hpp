#pragma once

#include "base/timers.hpp"
#include "call/call_control.hpp"
#include "call/event.hpp"

#include <functional>
#include <memory>
#include <string>
#include <unordered_map>

namespace callwright::call {

/// Commands RedialCall (RFC 5359 §2.17) until both users are free; then each goes on as a StartCall. Engine thread.
class WaitingRedials {
 public:
  using Busy = std::function<bool(const StartCall& call)>;
  using Start = std::function<void(CommandId id, const StartCall& call, CommandObserver& observer)>;

  /// `busy` tells whether caller or callee is in a call.
  WaitingRedials(base::Timers& timers, Busy busy, Start start);
  ~WaitingRedials();

  void add(CommandId id, const RedialCall& command, CommandObserver& observer);
  /// Ends it with this reason. False: it does not wait.
  bool cancel(CommandId id, const std::string& why);
  void cancel_all(const std::string& why);
  /// Everything that goes into the journal.
  void note(const decltype(Event::what)& what);
  [[nodiscard]] std::size_t size() const noexcept { return waiting_.size(); }

 private:
  struct Waiting;

  void look(CommandId id);

  base::Timers& timers_;
  Busy busy_;
  Start start_;
  std::unordered_map<CommandId, std::unique_ptr<Waiting>> waiting_;
};

}  // namespace callwright::call
