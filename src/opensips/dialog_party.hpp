#pragma once

#include "call/call_control.hpp"
#include "opensips/running_command.hpp"

#include <cstdint>
#include <string>
#include <string_view>

namespace callwright::opensips {

/// One party of a call that the proxy has, which is to talk to somebody else without the help of its phone (RFC 3725): the proxy sends it requests of its own
/// (dlg_send_sequential). A member of its owner.
class DialogParty {
 public:
  class Owner {
   public:
    /// `uri` and `sdp` say who it is and how it is reached.
    virtual void on_party_found(DialogParty& party) = 0;
    virtual void on_party_joined(DialogParty& party) = 0;
    /// Nothing has changed for it, or nobody knows. `text` is for people, the SIP status first where there is one.
    virtual void on_party_failed(DialogParty& party, const std::string& text) = 0;
    virtual void on_party_hung_up(DialogParty& party) = 0;
    /// After `end`, and not from within.
    virtual void on_party_put_away() = 0;

   protected:
    ~Owner() = default;
  };

  DialogParty(CommandDesk& desk, Owner& owner);

  /// Asks the proxy for the call.
  void find(const call::CallParty& party);
  /// E_DLG_STATE_CHANGED of its Call-ID.
  void on_event(const ProxyEvent& event);
  /// Re-INVITE with this offer.
  void join(std::string_view sdp);
  /// It talks to the other party again, if it does not: by re-INVITE, of which the owner hears; else by `leave`.
  void undo();
  /// BYE to the other party. From then on, the proxy is asked for the call every half minute, since an event may be lost.
  void part();
  /// Ends the call, if there is one still.
  void end();
  /// Leaves it as it is.
  void leave();

  [[nodiscard]] const std::string& call_id() const noexcept { return party_.call_id; }
  [[nodiscard]] const std::string& uri() const noexcept { return uri_; }
  [[nodiscard]] const std::string& sdp() const noexcept { return sdp_; }
  [[nodiscard]] bool is_gone() const noexcept { return state_ == State::Idle || state_ == State::Gone; }

 private:
  enum class State : std::uint8_t { Idle, Finding, Found, Joining, Leaving, Gone };

  MiRequest::Next on_listed(const MiOutcome& outcome);
  MiRequest::Next on_join_outcome(const MiOutcome& outcome);
  MiRequest::Next on_part_outcome(const MiOutcome& outcome);
  MiRequest::Next on_end_outcome();
  void on_watch() { ask(); }
  void ask();
  void hung_up();

  CommandDesk& desk_;
  Owner& owner_;
  State state_ = State::Idle;
  call::CallParty party_;
  std::string uri_;
  std::string sdp_;
  std::string other_sdp_;  ///< Of the other party,
  std::string offered_;    ///< and what the phone was told last in its place.
  bool undo_ = false;      ///< Once the offer that is under way is over.
  MiRequest list_;
  MiRequest join_;
  MiRequest part_;
  MiRequest end_;
  base::Timer watch_;
};

}  // namespace callwright::opensips
