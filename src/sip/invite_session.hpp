#pragma once

#include "sip/client_request.hpp"
#include "sip/dialog.hpp"
#include "sip/session_fields.hpp"
#include "sip/session_policy.hpp"
#include "sip/transaction.hpp"

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace callwright::sip {

class InviteSession;
class UserAgent;

/// How a session ended.
struct SessionEnd {
  enum class Party : std::uint8_t { Local, Remote, Network };
  Party by = Party::Local;
  int status = 0;                    ///< The final status of the INVITE when it was refused or cancelled, 408 or 503 for the network; 200 after BYE.
  std::string reason;                ///< Its reason phrase.
  std::string contact = {};          ///< Where the called party is instead: of a 3xx that was not followed, the first place that it names; else "".
  std::optional<Reason> cause = {};  ///< The Reason field (RFC 3326) of the BYE, CANCEL or refusal that ended it, whoever sent that.
};

/// A response to an INVITE or UPDATE of ours. Views, valid during the callback.
struct InviteProgress {
  enum class Delivery : std::uint8_t { Unreliable, Reliable };
  int status = 0;
  std::string_view reason;
  /// "" when there is none. For a 2xx without a description: the one that a reliable provisional response of the same dialog brought.
  std::string_view sdp;
  /// The tag of the dialog: each tag in provisional responses is an early dialog of its own (RFC 3261 §13.2.2.1).
  std::string_view tag = {};
  Delivery delivery = Delivery::Unreliable;  ///< Reliable: a provisional response that is acknowledged (RFC 3262).
  const Message* message = nullptr;          ///< The whole response, when there is one.
};

/// A REFER from the peer. Views, valid during the callback.
struct IncomingRefer {
  enum class Subscription : std::uint8_t { Wanted, Unwanted };
  std::string_view refer_to;                         ///< The URI as sent, with its headers.
  std::string_view target;                           ///< The URI without its headers.
  std::string_view referred_by;                      ///< URI (RFC 3892), or "".
  std::optional<DialogName> replaces;                ///< The dialog that the referred call is to replace, unescaped.
  Subscription subscription = Subscription::Wanted;  ///< Unwanted: Refer-Sub: false (RFC 4488).
};

/// The body of an INFO (RFC 6086) or MESSAGE (RFC 3428) within the dialog. Views, valid during the callback.
struct DialogContent {
  Method method = Method::Info;
  std::string_view content_type;  ///< Without parameters: "application/dtmf-relay".
  std::string_view body;
  const Message* message = nullptr;
  std::uint64_t reference = 0;  ///< For `InviteSession::answer_content`; never zero.
};

/// What happens to a session. Callbacks may call the session, and may hand it to `UserAgent::retire`; they must not destroy it otherwise.
class InviteSessionObserver {
 public:
  virtual ~InviteSessionObserver() = default;
  /// Caller: 101 … 199. When the INVITE had no offer, a reliable response may bring one: answer it with `acknowledge`.
  virtual void on_provisional(InviteSession& session, const InviteProgress& progress);
  /// Caller: 2xx. `sdp` answers our offer; if the INVITE had none, it is an offer, and `acknowledge` must be called with the answer.
  virtual void on_accepted(InviteSession& session, const InviteProgress& progress);
  /// Answerer: a reliable provisional response was acknowledged; `sdp` is the answer when that response made the offer.
  virtual void on_prack(InviteSession& session, std::string_view sdp);
  /// Answerer: the ACK came; `sdp` is its body, the answer when our 2xx made the offer.
  virtual void on_confirmed(InviteSession& session, std::string_view sdp);
  /// Re-INVITE from the peer; "" asks for an offer. Answer with `accept_reinvite` or `reject_reinvite`, now or later.
  virtual void on_reinvite(InviteSession& session, std::string_view sdp);
  /// The final outcome of our re-INVITE; for one without SDP a 2xx brings an offer, to be answered with `acknowledge`.
  virtual void on_reinvite_result(InviteSession& session, const InviteProgress& result);
  /// An offer of the peer in an UPDATE (RFC 3311) or a PRACK. Answer with `accept_update` or `reject_update`, now or later.
  virtual void on_update(InviteSession& session, std::string_view sdp);
  /// The final outcome of our `update`.
  virtual void on_update_result(InviteSession& session, const InviteProgress& result);
  /// REFER from the peer (RFC 3515): answer with `accept_refer` or `reject_refer`.
  virtual void on_refer(InviteSession& session, const IncomingRefer& refer);
  /// The final response to our REFER; 202 or 200 means that NOTIFYs follow, unless it ended the subscription (`refer_pending`).
  virtual void on_refer_result(InviteSession& session, int status, std::string_view reason);
  /// A NOTIFY of our REFER's subscription: the status line of its sipfrag without "SIP/2.0 "; `last` when the subscription has ended. The line is
  /// empty when it ended without telling how the referred call went.
  virtual void on_refer_progress(InviteSession& session, std::string_view status_line, bool last);
  /// INFO or MESSAGE from the peer; returns the status to answer with, or `kAnswerLater`. As it is, INFO gets 200 and MESSAGE 415.
  virtual int on_content(InviteSession& session, const DialogContent& content);
  /// From `on_content`: `answer_content` follows. Without it the peer gets 504 before it would give up by itself.
  static constexpr int kAnswerLater = 0;
  /// The final response to our `send_content`, whose `reference` it has.
  virtual void on_content_result(InviteSession& session, Method method, int status, std::uint64_t reference);
  /// The last callback, once; but a REFER whose subscription outlives the call (`refer_pending`) goes on to report until it ends.
  virtual void on_ended(InviteSession& session, const SessionEnd& end) = 0;
};

/// One INVITE usage, as caller or answerer: offer and answer in INVITE/2xx, 2xx/ACK, reliable provisional responses and PRACK (RFC 3262), and UPDATE
/// (RFC 3311); one offer outstanding at a time (RFC 6337). ACK and its retransmission rules, forks with their early dialogs, re-INVITE with glare,
/// session timers (RFC 4028), CANCEL, BYE, and REFER with its NOTIFYs (RFC 3261 §12–§15, RFC 3515). It carries SDP without reading it.
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
  /// How a provisional response goes out; by itself as `SessionPolicy::Reliable` says.
  enum class Delivery : std::uint8_t {
    ByPolicy,
    WhenRequired,   ///< Reliably only where the peer insists.
    WhenSupported,  ///< Reliably wherever the peer understands it.
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
    RedirectPolicy redirects = RedirectPolicy::Off;
    std::optional<Credentials> credentials;
    std::optional<SessionPolicy> policy;  ///< Instead of the user agent's.
    std::optional<DialogName> replaces;   ///< The dialog of the called party that this call takes the place of (RFC 3891).
  };

  InviteSession(UserAgent& user_agent, CallerOptions options, InviteSessionObserver& observer);
  InviteSession(UserAgent& user_agent, ServerTransaction& transaction, const Message& invite, std::string contact_user, InviteSessionObserver& observer);
  ~InviteSession() override;
  InviteSession(const InviteSession&) = delete;
  InviteSession& operator=(const InviteSession&) = delete;

  // Caller
  base::Result<void> invite(std::string_view sdp_offer);
  /// Answers an offer that came in a 2xx, with the ACK, or in a reliable provisional response, with its PRACK. `tag` names the early dialog when
  /// several made offers; otherwise the oldest unanswered offer is meant.
  base::Result<void> acknowledge(std::string_view sdp_answer, std::string_view tag = {});

  // Answerer
  /// 101 … 199 with SDP or without. Reliable ones wait for each other; a description after the one that answered the offer is left out.
  base::Result<void> provisional(int status, std::string_view sdp, Delivery delivery = Delivery::ByPolicy);
  /// Waits for the PRACK of a reliable response with a description (RFC 3262 §5). When such a response has answered the offer, `sdp` is not sent.
  base::Result<void> accept(std::string_view sdp);
  /// 300 … 699. `headers` are ready-made lines. Ends the session.
  base::Result<void> reject(int status, std::string_view reason = {}, std::string_view headers = {});

  // Both, in a call
  /// What becomes of an offer that crossed one of the peer's (491, RFC 3261 §14.1).
  enum class OnGlare : std::uint8_t {
    Retry,   ///< It is made again after a random time, a few times.
    Report,  ///< The observer is told, and may pass it on to whoever made the offer.
  };
  base::Result<void> reinvite(std::string_view sdp_offer, OnGlare on_glare = OnGlare::Retry);
  /// Whether `reinvite` would send one now.
  [[nodiscard]] bool may_reinvite() noexcept;
  base::Result<void> accept_reinvite(std::string_view sdp);
  base::Result<void> reject_reinvite(int status);
  /// An offer in an UPDATE, or "" to tell no more than a new Contact. Also before the call is answered, once an offer has been answered reliably; a
  /// caller with several early dialogs names one by its `tag`. Errc::Unsupported when the peer does not allow UPDATE.
  base::Result<void> update(std::string_view sdp_offer, std::string_view tag = {}, OnGlare on_glare = OnGlare::Retry);
  base::Result<void> accept_update(std::string_view sdp);
  base::Result<void> reject_update(int status);
  /// INFO, MESSAGE, or any other method that leaves the session as it is, by its token in `own_method` where `method` is Unknown; at most 16 wait for
  /// their answers. `reference` comes back with the result, `headers` are ready-made lines.
  base::Result<void> send_content(Method method, std::string_view content_type, std::string_view body, std::uint64_t reference = 0,
                                  std::string_view headers = {}, std::string_view own_method = {});
  /// Answers an INFO or MESSAGE for which `on_content` returned `kAnswerLater`: 200 … 699. Errc::WrongState when it has been answered already.
  base::Result<void> answer_content(std::uint64_t reference, int status);
  /// `refer_to` and `referred_by` are URIs; the latter may be empty. Without a subscription (RFC 4488) no NOTIFY follows, where the peer agrees.
  base::Result<void> refer(std::string_view refer_to, std::string_view referred_by,
                           IncomingRefer::Subscription subscription = IncomingRefer::Subscription::Wanted);
  base::Result<void> accept_refer();
  base::Result<void> reject_refer(int status);
  /// Tells the peer how the call that it asked for goes; a final status ends the subscription.
  base::Result<void> notify_refer(int status, std::string_view reason = {});

  /// Ends it in whatever state it is: CANCEL, a refusal with 480 or `status`, BYE (after the ACK, if that is outstanding). `cause` goes along as Reason.
  /// `on_ended` follows, at once or later.
  void end(int status = 480, std::optional<Reason> cause = {});

  /// Hands the session to another observer, which gets everything from now on.
  void set_observer(InviteSessionObserver& observer) noexcept { observer_ = &observer; }

  [[nodiscard]] Role role() const noexcept { return role_; }
  [[nodiscard]] State state() const noexcept { return state_; }
  [[nodiscard]] const Dialog& dialog() const noexcept { return dialog_; }
  [[nodiscard]] const std::string& call_id() const noexcept { return dialog_.call_id; }
  /// How the peer knows this dialog: for Replaces and Target-Dialog in a request to it.
  [[nodiscard]] DialogName name_at_peer() const;
  /// Caller, before the answer: how a peer that rings knows its early dialog; the first of several that forks made. Nothing where that cannot be
  /// replaced (`SessionPolicy::named_dialogs`).
  [[nodiscard]] std::optional<DialogName> name_at_ringing_peer() const;
  /// Caller, before the answer: the description in the INVITE.
  [[nodiscard]] std::string_view offer() const noexcept;
  /// Our latest description that the peer has agreed to, or that answers its own; "" before the first, and when the session is over.
  [[nodiscard]] const std::string& description() const noexcept { return description_; }
  /// Where our latest INVITE went; all zero before it. Caller only.
  [[nodiscard]] Flow flow() const noexcept;
  /// True when our REFER was accepted and its last NOTIFY has not come.
  [[nodiscard]] bool refer_pending() const noexcept;
  /// The session interval that was agreed on; zero without a session timer.
  [[nodiscard]] std::chrono::seconds session_interval() const noexcept;

 private:
  friend class UserAgent;
  // What not every call needs is made on demand (invite_session_parts.hpp).
  struct SentInvite;
  struct EarlyDialog;
  struct Fork;
  struct Calling;
  struct Answering;
  struct Reliability;
  struct Renegotiation;
  struct Updating;
  struct Timing;
  struct Referring;
  struct Contents;
  struct AwaitedContent;

  // From the user agent.
  void on_request(ServerTransaction& transaction, const Message& request);
  void on_ack(const Message& ack);
  void note_cancel_cause(const Message& cancel);
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
  void send_invite(std::string_view sdp);
  void on_invite_response(const Message& response);
  void on_invite_accepted(const Message& response);
  void on_invite_refused(int status, std::string_view reason, const Message* response);
  [[nodiscard]] bool retry_with_larger_interval(const Message& response);
  void on_other_accepted(const Message& response);
  void drop_fork(const Message& response);

  // ACK of a 2xx (invite_session_ack.cpp)
  void acknowledge(SentInvite& invite, std::string_view sdp);
  [[nodiscard]] bool repeat_ack(const ClientRequest& request, const Message& response);
  void keep_for_repeats(SentInvite& invite);
  [[nodiscard]] SentInvite* unacknowledged() noexcept;

  // Early dialogs of the caller (invite_session_early.cpp)
  void on_provisional(const Message& response);
  [[nodiscard]] EarlyDialog* early_dialog(std::string_view tag) noexcept;
  void note_early_tag(const InviteProgress& progress);
  [[nodiscard]] bool has_early_tag(std::string_view tag) const noexcept;
  [[nodiscard]] EarlyDialog* make_early_dialog(const Message& response);
  [[nodiscard]] EarlyDialog* unanswered_early_offer(std::string_view tag) noexcept;
  void send_prack(EarlyDialog& early, std::string_view sdp);
  [[nodiscard]] bool on_prack_result(const ClientRequest& request, int status);
  [[nodiscard]] std::string confirm_early_dialog(const Message& response);

  // Answerer's INVITE (invite_session_answerer.cpp)
  void send_accept(std::string_view sdp);
  void retransmit_accept();
  void on_no_ack();
  [[nodiscard]] std::string provisional_lines() const;

  // Reliable provisional responses of the answerer (invite_session_reliable.cpp)
  [[nodiscard]] bool goes_reliably(std::string_view sdp, Delivery delivery) const noexcept;
  base::Result<void> send_reliably(int status, std::string_view sdp);
  void send_next_reliable();
  void retransmit_reliable();
  void on_no_prack();
  void receive_prack(ServerTransaction& transaction, const Message& request);
  [[nodiscard]] bool accept_must_wait() const noexcept;
  void continue_after_prack();

  // Re-INVITE, both sides (invite_session_reinvite.cpp)
  void receive_reinvite(ServerTransaction& transaction, const Message& request);
  void send_reinvite(std::string sdp);
  void on_reinvite_response(const Message& response);
  void finish_reinvite(int status, std::string_view reason, const Message* response);
  void retry_reinvite();
  [[nodiscard]] bool reinvite_incoming() const noexcept;
  void refuse_later(ServerTransaction& transaction) const;
  [[nodiscard]] base::Duration glare_delay() const;

  // UPDATE, both sides (invite_session_update.cpp)
  void send_update();
  void retry_update();
  void receive_update(ServerTransaction& transaction, const Message& request, EarlyDialog* early);
  [[nodiscard]] int refuse_offer(const EarlyDialog* early) const noexcept;
  void take_offer(ServerTransaction& transaction, std::string_view sdp);
  void answer_update(ServerTransaction& transaction, int status, std::string_view sdp);
  void on_update_response(int status, std::string_view reason, const Message* response);
  [[nodiscard]] bool offer_under_way() const noexcept;

  // Session timers (invite_session_timer.cpp)
  void note_peer(const Message& message);
  void note_timer_proposal(const Message& request);
  [[nodiscard]] bool refuse_interval(ServerTransaction& transaction, const Message& request) const;
  void append_timer_request(std::string& lines) const;
  void append_timer_answer(std::string& lines);
  void take_timer_answer(const Message& response);
  void take_larger_interval(const Message& response);
  void start_session_timer(SessionPolicy::Seconds interval, bool refreshes);
  void remember_description(std::string_view sdp);
  void on_session_time();

  // Other in-dialog requests (invite_session_dialog.cpp, invite_session_refer.cpp)
  void receive_bye(ServerTransaction& transaction, const Message& request);
  void receive_refer(ServerTransaction& transaction, const Message& request);
  void receive_notify(ServerTransaction& transaction, const Message& request);
  void receive_content(ServerTransaction& transaction, const Message& request);
  [[nodiscard]] int take_content(ServerTransaction& transaction, const Message& request);
  void respond_to_content(ServerTransaction& transaction, int status) const;
  [[nodiscard]] Contents& contents();
  void receive_other(ServerTransaction& transaction, const Message& request);
  void on_refer_response(int status, std::string_view reason, const Message* response);
  void send_next_notify();
  void on_refer_silence();
  void on_notify_result(int status);
  [[nodiscard]] bool on_content_response(const ClientRequest& request, int status);
  void send_bye(std::optional<Reason> cause = {});
  [[nodiscard]] OutgoingRequest in_dialog(Method method) const;
  [[nodiscard]] std::unique_ptr<ClientRequest> make_request(OutgoingRequest request);
  [[nodiscard]] std::string contact_lines(const Flow& flow) const;
  void note_flow(const Flow& flow);

  [[nodiscard]] Referring& referring();
  void finish(SessionEnd end);
  void settle();

  /// Where the exchange of descriptions that begins with the INVITE stands.
  enum class OfferAnswer : std::uint8_t { None, OfferedHere, OfferedThere, Agreed };

  UserAgent& user_agent_;
  InviteSessionObserver* observer_;
  Dialog dialog_;
  std::string contact_user_;
  SessionPolicy policy_;
  Role role_;
  State state_ = State::Idle;
  OfferAnswer offer_answer_ = OfferAnswer::None;
  bool end_requested_ = false;
  bool listed_ = false;  ///< The user agent finds it by the names of its dialog.
  bool peer_allows_update_ = false;
  bool peer_knows_timers_ = false;
  bool peer_knows_100rel_ = false;
  bool peer_requires_100rel_ = false;
  SessionExpires::Refresher proposed_refresher_ = SessionExpires::Refresher::Unspecified;  ///< Of the request that is to be answered,
  SessionPolicy::Seconds proposed_interval_{0};                                            ///< as is this; 0: none.
  std::uint32_t invite_cseq_ = 0;
  std::string description_;
  ServerTransaction* invite_transaction_ = nullptr;  ///< The INVITE that we have to answer, or whose ACK is outstanding.

  std::unique_ptr<Calling> calling_;
  std::unique_ptr<Answering> answering_;
  std::unique_ptr<Reliability> reliability_;
  std::unique_ptr<Renegotiation> renegotiation_;
  std::unique_ptr<Updating> updating_;
  std::unique_ptr<Timing> timing_;
  std::unique_ptr<Referring> referring_;
  std::unique_ptr<Contents> contents_;
  std::unique_ptr<Reason> cause_;  ///< Why it ends, when somebody said so before the end.
  std::unique_ptr<ClientRequest> bye_;
  std::unique_ptr<DigestClient> digest_;
  std::unique_ptr<Flow> flow_;  ///< Where requests of the dialog go, when not where its Contact or route set points.
};

}  // namespace callwright::sip
