#pragma once

#include "base/random.hpp"
#include "base/timers.hpp"
#include "call/call_control.hpp"
#include "opensips/mi_client.hpp"
#include "opensips/settings.hpp"

#include <string>
#include <string_view>

namespace callwright::opensips {

class RunningCommand;

/// What the commands have in common, and whom they tell when they are over.
class CommandDesk {
 public:
  CommandDesk(MiClient& client, base::Timers& engine_timers, base::Random& chance, const Settings& told)
      : mi(client), timers(engine_timers), random(chance), settings(told) {}
  CommandDesk(const CommandDesk&) = delete;
  CommandDesk& operator=(const CommandDesk&) = delete;

  /// From now on, events with this topic go to `command` alone; false when another has them. Topics: `transfer_topic` and so on.
  [[nodiscard]] virtual bool claim(const std::string& topic, RunningCommand& command) = 0;
  /// No event matters to `command` any more: others may claim its topics.
  virtual void release(RunningCommand& command) = 0;
  /// Events may still come of this call, to which a REFER has led; they concern nobody.
  virtual void forget_referred(const std::string& call_id) = 0;
  /// Its Ended was reported: it cannot be cancelled any more, but may have something to put away.
  virtual void ended(RunningCommand& command) = 0;
  /// It has nothing left to do, and is destroyed a little later.
  virtual void gone(RunningCommand& command) = 0;

  MiClient& mi;
  base::Timers& timers;
  base::Random& random;
  const Settings& settings;

 protected:
  ~CommandDesk() = default;
};

[[nodiscard]] inline std::string transfer_topic(std::string_view call_id) { return "transfer " + std::string(call_id); }
[[nodiscard]] inline std::string hold_topic(std::string_view call_id) { return "hold " + std::string(call_id); }
[[nodiscard]] inline std::string dialog_topic(std::string_view call_id) { return "dialog " + std::string(call_id); }
[[nodiscard]] inline std::string session_topic(std::string_view key) { return "session " + std::string(key); }

/// A command while it runs, and afterwards as long as it has something to put away. Reports one Failed at most and exactly one Ended.
class RunningCommand {
 public:
  RunningCommand(CommandDesk& desk, call::CommandId id, call::CommandObserver& observer) : desk_(desk), observer_(observer), id_(id) {}
  virtual ~RunningCommand() = default;
  RunningCommand(const RunningCommand&) = delete;
  RunningCommand& operator=(const RunningCommand&) = delete;

  virtual void start() = 0;
  /// Ends the command with Failed and this text, and undoes what it has set up.
  virtual void cancel(std::string_view why) = 0;
  /// Of a topic that it has claimed.
  virtual void on_event(const ProxyEvent& /*event*/) {}

  [[nodiscard]] call::CommandId id() const noexcept { return id_; }
  /// Its Ended was reported.
  [[nodiscard]] bool is_over() const noexcept { return over_; }

 protected:
  /// An event of this command; nothing after its end.
  void emit(call::CommandEvent event);
  void emit_failed(std::string text);
  /// Reports Ended. What is left to do is the caller's; then `gone`.
  void end();
  /// Failed, Ended, and nothing is left to do.
  void give_up(std::string text);
  void gone() { desk_.gone(*this); }

  CommandDesk& desk_;

 private:
  call::CommandObserver& observer_;
  const call::CommandId id_;
  bool failed_ = false;
  bool over_ = false;
};

}  // namespace callwright::opensips
