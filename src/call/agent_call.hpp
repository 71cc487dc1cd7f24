#pragma once

#include "call/agent_stream.hpp"
#include "call/event.hpp"
#include "call/leg_media.hpp"
#include "media/media_port.hpp"
#include "sip/user_agent.hpp"

#include <memory>
#include <optional>
#include <string>
#include <string_view>

namespace callwright::call {

class Agent;

/// One call of an agent: a session, its offer and answer, and one audio stream. Owned by its Agent.
class AgentCall final : private sip::InviteSessionObserver, private media::MediaObserver {
 public:
  /// `referrer`: the call whose peer asked for this one by REFER and wants to hear how it goes, or null.
  AgentCall(Agent& agent, AgentCall* referrer);
  ~AgentCall() override;

  void dial(const std::string& uri, std::optional<sip::DialogName> replaces);
  void receive(sip::ServerTransaction& transaction, const sip::Message& invite);
  /// Answers an incoming call that rings; does nothing otherwise.
  void answer();
  void hang_up();
  /// Asks the other side not to send any more, or to send again, by a re-INVITE; MediaAgreed follows when it does. Errors: WrongState before the call is
  /// answered and while another offer is under way.
  base::Result<void> hold() { return propose(sdp::Direction::SendOnly); }
  base::Result<void> resume() { return propose(sdp::Direction::SendRecv); }
  // These concern its stream: nothing happens as long as there is none.
  void play(const media::SourceSpec& source);
  /// Errors: those of `media::check_keys`.
  base::Result<void> press(std::string_view keys);
  /// What was agreed on for its media; null before the first answer.
  [[nodiscard]] const sdp::Negotiated* negotiated() const noexcept { return leg_ == nullptr ? nullptr : leg_->negotiated(); }
  [[nodiscard]] const std::string& call_id() const { return session_->call_id(); }

 private:
  void on_provisional(sip::InviteSession& session, const sip::InviteProgress& progress) override;
  void on_accepted(sip::InviteSession& session, const sip::InviteProgress& progress) override;
  void on_confirmed(sip::InviteSession& session, std::string_view sdp) override;
  void on_reinvite(sip::InviteSession& session, std::string_view sdp) override;
  void on_reinvite_result(sip::InviteSession& session, const sip::InviteProgress& result) override;
  void on_update(sip::InviteSession& session, std::string_view sdp) override;
  void on_refer(sip::InviteSession& session, const sip::IncomingRefer& refer) override;
  void on_ended(sip::InviteSession& session, const sip::SessionEnd& end) override;
  void on_media_event(const media::StreamEvent& event) override;

  [[nodiscard]] base::Result<void> open_stream();
  void take_answer(std::string_view sdp);
  void start_media();
  void close_media();
  base::Result<void> propose(sdp::Direction direction);
  void record();
  void stop_recording();
  void tell_referrer(int status, std::string_view reason);
  void report(decltype(Event::what) what);
  void fail_media(const base::Error& error);

  Agent& agent_;
  AgentCall* referrer_;
  AgentCall* referred_ = nullptr;
  std::unique_ptr<sip::InviteSession> session_;
  std::unique_ptr<LegMedia> leg_;                               ///< Null before it is dialled or answered, and at the end.
  std::unique_ptr<AgentStream> listener_;                       ///< Of its stream.
  sdp::Direction agreed_direction_ = sdp::Direction::SendRecv;  ///< What our description said when the other side agreed last.
  std::optional<media::RecordingId> recording_;                 ///< Zero: of this call none any more, or never.
  std::string remote_offer_;
  bool awaiting_answer_ = false;  ///< Our 2xx made an offer; its answer comes with the ACK.
};

}  // namespace callwright::call
