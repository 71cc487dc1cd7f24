#pragma once

#include "call/agent_stream.hpp"
#include "call/event.hpp"
#include "call/info_key_sender.hpp"
#include "call/key_merger.hpp"
#include "call/leg_media.hpp"
#include "media/media_port.hpp"
#include "sip/user_agent.hpp"

#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace callwright::call {

class Agent;
struct OutgoingCall;
struct Refusal;

/// One call of an agent: a session, its offer and answer, and one audio stream. Owned by its Agent.
class AgentCall final : private sip::InviteSessionObserver, private media::MediaObserver {
 public:
  /// `referrer`: the call whose peer asked for this one by REFER and wants to hear how it goes, or null.
  AgentCall(Agent& agent, AgentCall* referrer);
  ~AgentCall() override;

  void dial(OutgoingCall outgoing);
  void receive(sip::ServerTransaction& transaction, const sip::Message& invite);
  /// Early media (RFC 3960): 183 with the answer to an incoming call that rings, and its media from now on; does nothing otherwise.
  void begin_early_media();
  /// Answers an incoming call that rings; does nothing otherwise. `direction`: ours; without meaning when there are early media.
  void answer(sdp::Direction direction = sdp::Direction::SendRecv);
  /// An incoming call that rings. Errors: WrongState.
  base::Result<void> refuse(const Refusal& refusal);
  /// `status`: what an incoming call that rings is refused with.
  void hang_up(int status = 480);
  /// Tells the other side to call somebody in place of us (RFC 5589 §6): TransferProgress is reported. Errors: WrongState (not answered, or another
  /// transfer is under way).
  base::Result<void> transfer(std::string_view uri);
  /// The other side is to take our place in `other`, a call of the same agent that is answered (RFC 5589 §7). Errors: WrongState.
  base::Result<void> transfer_to(AgentCall& other);
  /// What is heard goes to `reader` as well; null: no more. False as long as there is no stream.
  bool hear(std::shared_ptr<audio::LiveReader> reader);
  /// MediaMeasured is reported; nothing happens as long as there is no stream.
  void measure();
  /// Text to the other side (RFC 3428). Errors: WrongState.
  base::Result<void> send_text(std::string_view text);
  /// A request within the call that leaves its session as it is: INFO, MESSAGE and others.
  struct Content {
    sip::Method method = sip::Method::Info;
    std::string own_method;  ///< The token where `method` is Unknown.
    std::string content_type;
    std::string body;
    std::string headers;  ///< Ready-made lines.
  };
  /// `answered` gets the final status, unless the call ends before; what it uses outlives the call. Errors: those of `InviteSession::send_content`.
  base::Result<void> send_content(const Content& content, std::function<void(int status)> answered);
  /// In the way that `AgentMedia::keys` says, behind those that are being pressed. Errors: those of `media::check_keys`, WrongState (no call yet),
  /// Unsupported (telephone-events were not agreed on), LimitReached. What is refused later is reported as KeysFailed.
  base::Result<void> press(std::string_view keys, const media::KeyTiming& timing = {});
  /// Asks the other side not to send any more, or to send again; like `renegotiate` with the codecs of now.
  base::Result<void> hold();
  /// The same with any direction, ours.
  base::Result<void> change_direction(sdp::Direction direction);
  base::Result<void> resume();
  /// Nothing happens as long as there is no stream.
  void play(const media::SourceSpec& source);
  /// Other codecs, by preference, or another direction, from here on: an offer in a re-INVITE. Renegotiated is reported; where the other side refuses, all
  /// stays as it was. Errors: those of `media::codecs_by_name`, WrongState (no call, or an offer is under way).
  base::Result<void> renegotiate(const std::vector<std::string>& codecs, sdp::Direction direction = sdp::Direction::SendRecv);
  /// What was agreed on for its media; null before the first answer.
  [[nodiscard]] const sdp::Negotiated* negotiated() const noexcept { return leg_ == nullptr ? nullptr : leg_->negotiated(); }
  [[nodiscard]] const std::string& call_id() const { return session_->call_id(); }
  [[nodiscard]] sip::InviteSession::State state() const { return session_->state(); }
  [[nodiscard]] sip::InviteSession::Role role() const { return session_->role(); }

 private:
  void on_provisional(sip::InviteSession& session, const sip::InviteProgress& progress) override;
  void on_accepted(sip::InviteSession& session, const sip::InviteProgress& progress) override;
  void on_confirmed(sip::InviteSession& session, std::string_view sdp) override;
  void on_reinvite(sip::InviteSession& session, std::string_view sdp) override;
  void on_reinvite_result(sip::InviteSession& session, const sip::InviteProgress& result) override;
  int on_content(sip::InviteSession& session, const sip::DialogContent& content) override;
  void on_content_result(sip::InviteSession& session, sip::Method method, int status, std::uint64_t reference) override;
  void on_update(sip::InviteSession& session, std::string_view sdp) override;
  void on_refer(sip::InviteSession& session, const sip::IncomingRefer& refer) override;
  void on_refer_result(sip::InviteSession& session, int status, std::string_view reason) override;
  void on_refer_progress(sip::InviteSession& session, std::string_view status_line, bool last) override;
  void on_ended(sip::InviteSession& session, const sip::SessionEnd& end) override;
  void on_media_event(const media::StreamEvent& event) override;

  /// `next` follows once it is known what descriptions are to say of the stream: at once, or when a STUN server has answered.
  [[nodiscard]] base::Result<void> open_stream(void (AgentCall::*next)());
  void go_on_with_address();
  void send_offer();
  void send_early_answer();
  void send_answer();
  [[nodiscard]] bool rings() const { return session_->state() == sip::InviteSession::State::Incoming; }
  /// What is said to the offer of the INVITE: always the same. Nothing is in common: refuses the call, and gives nothing.
  [[nodiscard]] std::optional<std::string> answer_to_offer();
  void hear_key(char key, base::Duration duration, KeyPressed::By by);
  void take_answer(std::string_view sdp);
  void hear_early(std::string_view sdp);
  void start_media();
  void close_media();
  base::Result<void> propose(std::vector<sdp::Codec> codecs, sdp::Direction direction);
  void record();
  void stop_recording();
  void tell_referrer(int status, std::string_view reason);
  void report(decltype(Event::what) what);
  void on_partner_silent(base::Duration since_last);
  void fail_media(const base::Error& error);

  /// What `renegotiate` changes.
  struct Spoken {
    std::vector<sdp::Codec> codecs;
    sdp::Direction direction = sdp::Direction::SendRecv;
  };

  Agent& agent_;
  AgentCall* referrer_;
  AgentCall* referred_ = nullptr;
  std::unique_ptr<sip::InviteSession> session_;
  std::unique_ptr<LegMedia> leg_;                  ///< Null before it is dialled or answered, and at the end.
  std::unique_ptr<AgentStream> listener_;          ///< Of its stream.
  std::optional<media::RecordingId> recording_;    ///< Zero: of this call none any more, or never.
  void (AgentCall::*when_described_)() = nullptr;  ///< Waits for a STUN server.
  std::optional<Spoken> before_;                   ///< While an offer of something else is under way.
  std::unique_ptr<InfoKeySender> info_keys_;       ///< Made for the first key that goes by INFO.
  KeyMerger merger_;
  std::string remote_offer_;
  sdp::Direction direction_ = sdp::Direction::SendRecv;                ///< Of its first description.
  bool awaiting_answer_ = false;                                       ///< Our 2xx made an offer; its answer comes with the ACK.
  std::map<std::uint64_t, std::function<void(int status)>> contents_;  ///< By the reference of what was sent.
};

}  // namespace callwright::call
