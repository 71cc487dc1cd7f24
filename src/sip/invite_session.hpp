#pragma once

#include "sip/client_request.hpp"
#include "sip/dialog.hpp"
#include "sip/transaction.hpp"

#include <cstdint>
#include <deque>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace callwright::sip {

class InviteSession;
class UserAgent;

/// How a session ended.
struct SessionEnd {
  enum class Party : std::uint8_t { Local, Remote, Network };
  Party by = Party::Local;
  int status = 0;      ///< The final status of the INVITE when it was refused or cancelled, 408 or 503 for the network; 200 after BYE.
  std::string reason;  ///< Its reason phrase.
};

/// A response to the INVITE as the caller sees it. Views, valid during the callback.
struct InviteProgress {
  int status = 0;
  std::string_view reason;
  std::string_view sdp;  ///< "" when there is none.
};

/// What happens to a session. Callbacks may call the session, and may hand it to `UserAgent::retire`; they must not destroy it otherwise.
class InviteSessionObserver {
 public:
  virtual ~InviteSessionObserver() = default;
  /// Caller: 101 … 199.
  virtual void on_provisional(InviteSession& session, const InviteProgress& progress);
  /// Caller: 2xx. `sdp` answers our offer; if the INVITE had none, it is an offer, and `acknowledge` must be called with the answer.
  virtual void on_accepted(InviteSession& session, const InviteProgress& progress);
  /// Answerer: the ACK came; `sdp` is its body, the answer when our 2xx made the offer.
  virtual void on_confirmed(InviteSession& session, std::string_view sdp);
  /// Re-INVITE from the peer; "" asks for an offer. Answer with `accept_reinvite` or `reject_reinvite`, now or later.
  virtual void on_reinvite(InviteSession& session, std::string_view sdp);
  /// The final outcome of our re-INVITE; for one without SDP a 2xx brings an offer, to be answered with `acknowledge`.
  virtual void on_reinvite_result(InviteSession& session, const InviteProgress& result);
  /// REFER from the peer (RFC 3515): answer with `accept_refer` or `reject_refer`.
  virtual void on_refer(InviteSession& session, std::string_view refer_to, std::string_view referred_by);
  /// The final response to our REFER; 202 or 200 means that NOTIFYs follow.
  virtual void on_refer_result(InviteSession& session, int status, std::string_view reason);
  /// A NOTIFY of our REFER's subscription: the status line of its sipfrag without "SIP/2.0 "; `last` when the subscription has ended. The line is
  /// empty when it ended without telling how the referred call went.
  virtual void on_refer_progress(InviteSession& session, std::string_view status_line, bool last);
  /// The last callback, once; but a REFER whose subscription outlives the call (`refer_pending`) goes on to report until it ends.
  virtual void on_ended(InviteSession& session, const SessionEnd& end) = 0;
};

/// One INVITE dialog, as caller or answerer: offer and answer in INVITE/2xx or 2xx/ACK, ACK and its retransmission rules, re-INVITE with glare,
/// CANCEL, BYE, and REFER with its NOTIFYs (RFC 3261 §12–§15, RFC 3515). It carries SDP without reading it.
///
/// Made by `UserAgent::call` and `UserAgent::answer`. Operations in a state that does not allow them return Errc::WrongState and do nothing.
class InviteSession final : private ClientRequest::User, private ServerTransactionUser {
 public:
  enum class Role : std::uint8_t { Caller, Answerer };
  enum class State : std::uint8_t {
    Idle,       ///< Caller, nothing sent.
    Inviting,   ///< Caller, waiting for the final response.
    Incoming,   ///< Answerer, not answered.
    Accepted,   ///< 2xx sent or received, ACK outstanding.
    Confirmed,  ///< In a call.
    Ended,
  };

  struct CallerOptions {
    std::string uri;                  ///< Request-URI.
    std::optional<Flow> flow;         ///< Where to send, when not where the URI points.
    std::vector<std::string> routes;  ///< Pre-loaded Route set.
    std::string from;                 ///< name-addr or URI in angle brackets, no tag.
    std::string to;
    std::string call_id;  ///< Empty: a random one.
    std::string contact_user;
    std::string headers;  ///< Ready-made lines for the INVITE.
    unsigned max_forwards = 70;
    std::optional<Credentials> credentials;
  };

  InviteSession(UserAgent& user_agent, CallerOptions options, InviteSessionObserver& observer);
  InviteSession(UserAgent& user_agent, ServerTransaction& transaction, const Message& invite, std::string contact_user, InviteSessionObserver& observer);
  ~InviteSession() override;
  InviteSession(const InviteSession&) = delete;
  InviteSession& operator=(const InviteSession&) = delete;

  // Caller
  base::Result<void> invite(std::string_view sdp_offer);
  /// Sends the ACK that carries the answer to an offer made in a 2xx.
  base::Result<void> acknowledge(std::string_view sdp_answer);

  // Answerer
  /// 101 … 199 with SDP or without.
  base::Result<void> provisional(int status, std::string_view sdp);
  base::Result<void> accept(std::string_view sdp);
  /// 300 … 699. `headers` are ready-made lines. Ends the session.
  base::Result<void> reject(int status, std::string_view reason = {}, std::string_view headers = {});

  // Both, in a call
  base::Result<void> reinvite(std::string_view sdp_offer);
  base::Result<void> accept_reinvite(std::string_view sdp);
  base::Result<void> reject_reinvite(int status);
  /// `refer_to` and `referred_by` are URIs; the latter may be empty.
  base::Result<void> refer(std::string_view refer_to, std::string_view referred_by);
  base::Result<void> accept_refer();
  base::Result<void> reject_refer(int status);
  /// Tells the peer how the call that it asked for goes; a final status ends the subscription.
  base::Result<void> notify_refer(int status, std::string_view reason = {});

  /// Ends it in whatever state it is: CANCEL, a refusal with 480 or `status`, BYE (after the ACK, if that is outstanding). `on_ended` follows, at once or
  /// later.
  void end(int status = 480);

  /// Hands the session to another observer, which gets everything from now on.
  void set_observer(InviteSessionObserver& observer) noexcept { observer_ = &observer; }

  [[nodiscard]] Role role() const noexcept { return role_; }
  [[nodiscard]] State state() const noexcept { return state_; }
  [[nodiscard]] const Dialog& dialog() const noexcept { return dialog_; }
  [[nodiscard]] const std::string& call_id() const noexcept { return dialog_.call_id; }
  /// Where our latest INVITE went. Caller only.
  [[nodiscard]] const Flow& flow() const noexcept { return invite_.request->flow(); }
  /// True when our REFER was accepted and its last NOTIFY has not come.
  [[nodiscard]] bool refer_pending() const noexcept { return refer_subscribed_; }

 private:
  friend class UserAgent;

  /// An INVITE of ours: kept after its 2xx, since a repeated 2xx asks for the ACK again.
  struct SentInvite {
    enum class Phase : std::uint8_t { None, Pending, AwaitingAck, Done };
    Phase phase = Phase::None;
    std::unique_ptr<ClientRequest> request;
    std::string sdp;  ///< "" when the 2xx makes the offer, so that the ACK has to wait for the answer.
    std::string ack;
    Flow ack_flow;
  };
  /// Another party that answered our INVITE, a proxy having forked it: it gets an ACK and a BYE.
  struct Fork {
    std::string tag;
    std::string ack;
    Flow flow;
    std::unique_ptr<ClientRequest> bye;
  };
  struct Notification {
    std::string status_line;
    enum class Kind : std::uint8_t { Progress, Last } kind = Kind::Progress;
  };

  // From the user agent.
  void on_request(ServerTransaction& transaction, const Message& request);
  void on_ack(const Message& ack);
  void detach_observer() noexcept;
  [[nodiscard]] bool idle() const noexcept;

  // ClientRequest::User
  void on_response(ClientRequest& request, const Message& response) override;
  void on_failure(ClientRequest& request, int status, std::string_view reason) override;
  // ServerTransactionUser
  void on_cancel() override;
  void on_undelivered() override;
  void on_terminated() override { invite_transaction_ = nullptr; }

  // Caller's INVITE (invite_session_caller.cpp)
  void send_invite(SentInvite& invite, std::string_view sdp);
  void on_invite_response(const Message& response);
  void on_invite_accepted(const Message& response);
  void on_invite_refused(int status, std::string_view reason);
  void on_reinvite_response(const Message& response);
  void finish_reinvite(int status, std::string_view reason);
  void retry_reinvite();
  void acknowledge(SentInvite& invite, std::string_view sdp);
  void on_other_accepted(const Message& response);
  void drop_fork(const Message& response);
  void write_ack(std::string& ack, const ClientRequest& invite, const Flow& flow, const OutgoingRequest& request, std::string_view sdp) const;
  [[nodiscard]] bool repeat_ack(const ClientRequest& request, const Message& response);
  void keep_for_repeats(SentInvite& invite);
  [[nodiscard]] SentInvite* unacknowledged() noexcept;

  // Answerer's INVITE (invite_session_answerer.cpp)
  void receive_reinvite(ServerTransaction& transaction, const Message& request);
  void send_accept(std::string_view sdp);
  void retransmit_accept();
  void on_no_ack();

  // In-dialog requests (invite_session_dialog.cpp)
  void receive_bye(ServerTransaction& transaction);
  void receive_refer(ServerTransaction& transaction, const Message& request);
  void receive_notify(ServerTransaction& transaction, const Message& request);
  void receive_other(ServerTransaction& transaction, const Message& request);
  void on_refer_response(int status, std::string_view reason);
  void send_next_notify();
  void on_refer_silence();
  void on_notify_result(int status);
  void send_bye();
  [[nodiscard]] std::unique_ptr<ClientRequest> send_in_dialog(OutgoingRequest request);
  [[nodiscard]] std::string contact_lines(const Flow& flow) const;

  void finish(const SessionEnd& end);
  void settle();

  UserAgent& user_agent_;
  InviteSessionObserver* observer_;
  CallerOptions options_;
  Dialog dialog_;
  std::string contact_user_;
  Role role_;
  State state_ = State::Idle;
  bool end_requested_ = false;
  bool reinvite_incoming_ = false;
  bool refer_subscribed_ = false;  ///< Our REFER, their NOTIFYs.
  bool refer_accepted_ = false;    ///< Their REFER, our NOTIFYs.

  SentInvite invite_;
  SentInvite reinvite_;
  std::vector<SentInvite> former_reinvites_;  ///< Replaced by a later one, but their 2xx may still be repeated.
  int reinvite_attempts_ = 0;
  base::Timer reinvite_retry_;

  ServerTransaction* invite_transaction_ = nullptr;  ///< The INVITE that we have to answer, or whose ACK is outstanding.
  std::uint32_t invite_cseq_ = 0;
  std::string accepted_response_;
  base::Duration accept_interval_{};
  base::Timer accept_retransmit_;
  base::Timer accept_timeout_;

  ServerTransaction* refer_transaction_ = nullptr;  ///< Only while `on_refer` runs.
  std::unique_ptr<ClientRequest> refer_;
  std::unique_ptr<ClientRequest> notify_;
  std::deque<Notification> notifies_;  ///< The first one is under way when `notify_` is there.
  int notify_attempts_ = 0;
  base::Timer refer_timeout_;
  std::unique_ptr<ClientRequest> bye_;
  std::vector<Fork> forks_;
  std::unique_ptr<DigestClient> digest_;
};

}  // namespace callwright::sip
