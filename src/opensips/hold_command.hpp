#pragma once

#include "opensips/running_command.hpp"
#include "opensips/subscriptions.hpp"

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace callwright::opensips {

/// CallHold and CallUnhold: the proxy sends re-INVITE to the phones that need one, and tells by E_CALL_HOLD how each of them took it. Nobody says which
/// those are: so it is over when all that were asked have answered, and no other was asked for a moment.
class HoldCommand final : public RunningCommand {
 public:
  HoldCommand(CommandDesk& desk, call::CommandId id, call::HoldCall command, call::CommandObserver& observer);

  void start() override;
  void cancel(std::string_view why) override;
  void on_event(const ProxyEvent& event) override;

 private:
  using Kind = call::CommandEvent::Kind;
  enum class Leg : std::uint8_t { Idle, Asked, Agreed, Refused };
  enum class State : std::uint8_t { Asking, Waiting, Undoing, Over };

  MiRequest::Next on_subscribed(const MiOutcome& outcome);
  MiRequest::Next on_answer(const MiOutcome& outcome);
  MiRequest::Next on_undone();
  void ask(MiRequest& request, MiCommand what);
  void accepted();
  void on_leg(call::Side side, std::string_view state);
  void settle();
  void on_settled();
  void on_deadline();
  void conclude();
  void fail(std::string text);
  void report(Kind hold, Kind unhold, std::string_view leg);
  [[nodiscard]] bool holds() const noexcept { return command_.change == call::HoldCall::Change::Hold; }
  [[nodiscard]] std::size_t count(Leg state) const noexcept;

  const call::HoldCall command_;
  State state_ = State::Asking;
  std::array<Leg, 2> legs_{};  ///< By call::Side.
  std::string doubt_;          ///< The refusal of a request that was sent twice.
  MiRequest subscribe_;
  MiRequest request_;
  MiRequest undo_;
  base::Timer settled_;
  base::Timer deadline_;
};

}  // namespace callwright::opensips
