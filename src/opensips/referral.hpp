#pragma once

#include "opensips/running_command.hpp"

#include <string>
#include <string_view>

namespace callwright::opensips {

/// One call_transfer: the proxy sends REFER to a phone and tells by E_CALL_TRANSFER how the phone's new call goes. Events may be lost, come twice or in any
/// order, and come before the answer; how the phone answers the REFER is never told. A member of its owner.
class Referral {
 public:
  class Owner {
   public:
    /// The proxy has sent the REFER. At most once, before everything that follows.
    virtual void on_referring() = 0;
    /// The phone's call has come to the proxy. `destination` may be "".
    virtual void on_started(const std::string& call_id, const std::string& destination) = 0;
    /// "180 Ringing"
    virtual void on_progress(const std::string& status) = 0;
    /// One of these ends it. `text` is for people: "486 Busy Here".
    virtual void on_connected() = 0;
    virtual void on_refused(const std::string& text) = 0;  ///< By the proxy: nothing has happened.
    virtual void on_unreachable(const std::string& text) = 0;
    virtual void on_silence() = 0;  ///< The phone has done nothing.

   protected:
    ~Owner() = default;
  };

  Referral(CommandDesk& desk, Owner& owner);

  /// `silence` is how long the phone may do nothing.
  void begin(base::Json::Object params, base::Duration silence);
  void on_event(const ProxyEvent& event);
  /// Nothing is reported any more.
  void stop();
  /// The phone may have been told to call, and its call has not come.
  [[nodiscard]] bool is_outstanding() const noexcept { return state_ == State::Asked || state_ == State::Referring; }
  /// Of the phone's new call; "" as long as it is not known.
  [[nodiscard]] const std::string& call_id() const noexcept { return call_id_; }

 private:
  enum class State { Idle, Asked, Referring, Started, Over };

  [[nodiscard]] bool running() const noexcept { return state_ != State::Idle && state_ != State::Over; }
  MiRequest::Next on_answer(const MiOutcome& outcome);
  void accepted();
  void started(const ProxyEvent& event);
  void on_status(const std::string& status);
  void on_deadline();

  CommandDesk& desk_;
  Owner& owner_;
  State state_ = State::Idle;
  base::Duration silence_{};
  std::string call_id_;
  std::string doubt_;   ///< The refusal of a request that was sent twice: the first may have been taken.
  std::string status_;  ///< The final status that the phone reports; the proxy's own word on it is still to come.
  MiRequest request_;
  base::Timer deadline_;
};

}  // namespace callwright::opensips
