#pragma once

#include "opensips/caller_leg.hpp"
#include "opensips/running_command.hpp"

#include <cstdint>
#include <optional>
#include <string>

namespace callwright::opensips {

/// The call to the caller's phone, from INVITE until it is put away. The proxy answers the INVITE when the phone does, once, and that answer may be lost:
/// so the proxy is asked for the dialog meanwhile. A member of its owner.
class CallerCall {
 public:
  class Owner {
   public:
    /// The phone has answered,
    virtual void on_caller_answered() = 0;
    /// and the proxy has its ACK: it takes other requests now.
    virtual void on_caller_ready() = 0;
    /// There is no call. `text` is for people, the SIP status first where there is one.
    virtual void on_caller_failed(const std::string& text) = 0;
    virtual void on_caller_hung_up() = 0;
    virtual void on_caller_joined() = 0;
    virtual void on_caller_not_joined(const std::string& text) = 0;
    /// After `put_away`, and not from within.
    virtual void on_caller_put_away() = 0;

   protected:
    ~Owner() = default;
  };

  CallerCall(CommandDesk& desk, Owner& owner, CallerLegPlan plan);

  void call();
  /// E_DLG_STATE_CHANGED of this Call-ID.
  void on_event(const ProxyEvent& event);
  /// Re-INVITE with this offer.
  void join(std::string_view sdp);
  /// Asks the proxy for the call every half minute, since an event may be lost.
  void watch();
  /// CANCEL or BYE, whatever it takes.
  void put_away();

  [[nodiscard]] const CallerLegPlan& plan() const noexcept { return plan_; }
  /// Nothing where the proxy's answer was lost.
  [[nodiscard]] const std::optional<CallerDialog>& dialog() const noexcept { return dialog_; }
  [[nodiscard]] bool is_gone() const noexcept { return state_ == State::Idle || state_ == State::Gone; }

 private:
  enum class State : std::uint8_t { Idle, Calling, Confirming, Up, Leaving, Gone };

  MiRequest::Next on_invite_outcome(const MiOutcome& outcome);
  MiRequest::Next on_invite_status(const InviteAnswer& answer);
  void on_join_outcome(const MiOutcome& outcome);
  MiRequest::Next on_listed(const MiOutcome& outcome);
  void on_state(int state);
  void on_unknown();
  MiRequest::Next on_end_outcome(const MiOutcome& outcome);
  void on_ask();
  void on_late();
  void on_deadline();
  void ask();
  void answered();
  void ready();
  void fail(const std::string& text);
  void hung_up();
  void end_dialog();
  void gone();

  CommandDesk& desk_;
  Owner& owner_;
  const CallerLegPlan plan_;
  State state_ = State::Idle;
  std::optional<CallerDialog> dialog_;
  bool seen_ = false;            ///< The proxy knows the dialog, or has known it,
  bool looks_answered_ = false;  ///< and says that it is answered.
  bool joining_ = false;
  bool bye_sent_ = false;
  unsigned unknown_ = 0;  ///< How often the proxy did not know it.
  unsigned asked_ = 0;    ///< While confirming.
  unsigned cseq_ = 10;    ///< Of our next request; the proxy may have sent some of its own (RFC 3261 §12.2.1.1 allows gaps).
  MiRequest invite_;
  MiRequest list_;
  MiRequest end_;
  base::Timer ask_;
  base::Timer late_;
  base::Timer deadline_;
};

}  // namespace callwright::opensips
