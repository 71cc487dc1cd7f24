#pragma once

#include "opensips/running_command.hpp"

#include <cstdint>
#include <string>
#include <string_view>

namespace callwright::opensips {

/// Whom the proxy calls, and what that phone is to see.
struct ThirdPartyPlan {
  std::string caller;  ///< SIP URIs.
  std::string callee;
  std::string offer;         ///< Session description.
  call::CallLook look = {};  ///< Names, caller's URI, headers, and for how long it may ring.
};

/// A call from the proxy to the callee (module b2b_entities), for a caller's phone that cannot be told to call (RFC 3725). A member of its owner.
class ThirdPartyCall {
 public:
  class Owner {
   public:
    /// Events of the session with this key belong to the owner from now on; false when they cannot.
    [[nodiscard]] virtual bool on_session(const std::string& key) = 0;
    virtual void on_callee_progress(const std::string& status) = 0;
    /// `sdp` answers the offer.
    virtual void on_callee_answered(const std::string& sdp) = 0;
    virtual void on_callee_failed(const std::string& text) = 0;
    virtual void on_callee_hung_up() = 0;
    /// After `put_away`, and not from within.
    virtual void on_callee_put_away() = 0;

   protected:
    ~Owner() = default;
  };

  ThirdPartyCall(CommandDesk& desk, Owner& owner);

  void call(const ThirdPartyPlan& plan);
  /// E_UA_SESSION of its key.
  void on_event(const ProxyEvent& event);
  void put_away();
  [[nodiscard]] bool is_gone() const noexcept { return state_ == State::Idle || state_ == State::Gone; }

 private:
  enum class State : std::uint8_t { Idle, Starting, Ringing, Up, Leaving, Gone };

  MiRequest::Next on_started(const MiOutcome& outcome);
  void refuse_update(std::string_view method);
  void fail(const std::string& text);
  void terminate();
  void gone();
  void on_deadline();

  CommandDesk& desk_;
  Owner& owner_;
  State state_ = State::Idle;
  std::string key_;
  base::Duration ring_timeout_{};
  MiRequest start_;
  MiRequest end_;
  MiRequest reply_;
  base::Timer deadline_;
};

}  // namespace callwright::opensips
