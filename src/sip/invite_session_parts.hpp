#pragma once

#include "sip/invite_session.hpp"
#include "sip/sent_ack.hpp"
#include "sip/user_agent.hpp"

#include <deque>

/// What an InviteSession makes on demand. For its own files only.
namespace callwright::sip {

/// An INVITE of ours: kept after its 2xx, since a repeated 2xx asks for the ACK again.
struct InviteSession::SentInvite {
  enum class Phase : std::uint8_t { None, Pending, AwaitingAck, Done };
  Phase phase = Phase::None;
  std::unique_ptr<ClientRequest> request;
  std::unique_ptr<SentAck> ack;

  /// False when the 2xx makes the offer, so that the ACK has to wait for the answer.
  [[nodiscard]] bool offered() const { return request != nullptr && !request->request().body.empty(); }
};

/// A dialog that a reliable provisional response has made (RFC 3262 §4); one for each fork.
struct InviteSession::EarlyDialog {
  Dialog dialog;
  std::uint32_t rseq = 0;        ///< Of the latest response that came in order.
  std::uint32_t offer_rseq = 0;  ///< Of the response whose offer waits for its answer; 0: none.
  OfferAnswer offer_answer = OfferAnswer::None;
  int prack_attempts = 0;
  bool over = false;        ///< 199 came (RFC 6228); kept for the PRACK of that.
  std::string description;  ///< The peer's latest, for a 2xx that repeats none.
  std::vector<std::unique_ptr<ClientRequest>> pracks;
};

/// Another party that answered our INVITE, a proxy having forked it: it gets an ACK and a BYE.
struct InviteSession::Fork {
  std::string tag;
  std::unique_ptr<SentAck> ack;
  std::unique_ptr<ClientRequest> bye;
};

struct InviteSession::Calling {
  std::unique_ptr<CallerOptions> options;  ///< Until the INVITE is answered.
  SentInvite invite;
  std::vector<EarlyDialog> early;
  std::string early_tags;  ///< Of all early dialogs, reliable or not, each followed by ';'. Kept until the answer, where dialogs can be named.
  std::vector<Fork> forks;
  int interval_retries = 0;
};

/// A 2xx of ours that waits for its ACK (RFC 3261 §13.3.1.4).
struct InviteSession::Answering {
  explicit Answering(InviteSession& session)
      : retransmit(session.user_agent_.timers(), base::Callback::to<&InviteSession::retransmit_accept>(session)),
        timeout(session.user_agent_.timers(), base::Callback::to<&InviteSession::on_no_ack>(session)) {}

  enum class Carries : std::uint8_t { Offer, Answer };
  Carries carries = Carries::Answer;
  std::string response;
  base::Duration interval{};
  base::Timer retransmit;
  base::Timer timeout;
};

/// Reliable provisional responses of ours, one at a time (RFC 3262 §3).
struct InviteSession::Reliability {
  explicit Reliability(InviteSession& session)
      : retransmit(session.user_agent_.timers(), base::Callback::to<&InviteSession::retransmit_reliable>(session)),
        timeout(session.user_agent_.timers(), base::Callback::to<&InviteSession::on_no_prack>(session)) {}

  struct Item {
    int status = 0;
    std::string sdp;
  };
  std::uint32_t rseq = 0;
  Item outstanding;  ///< Status 0: none.
  std::deque<Item> waiting;
  std::optional<std::string> accept;  ///< The description of a 2xx that has to wait.
  base::Duration interval{};
  base::Timer retransmit;
  base::Timer timeout;
};

/// Re-INVITE, either way.
struct InviteSession::Renegotiation {
  explicit Renegotiation(InviteSession& session) : retry(session.user_agent_.timers(), base::Callback::to<&InviteSession::retry_reinvite>(session)) {}

  enum class Incoming : std::uint8_t { None, WithOffer, WithoutOffer };
  enum class Purpose : std::uint8_t { Application, Refresh };
  SentInvite sent;
  std::vector<SentInvite> former;  ///< Replaced by a later one, but their 2xx may still be repeated.
  int attempts = 0;
  base::Timer retry;
  Purpose purpose = Purpose::Application;
  OnGlare on_glare = OnGlare::Retry;
  Incoming incoming = Incoming::None;  ///< Waits for our answer.
};

/// UPDATE, either way, and the offer of a PRACK.
struct InviteSession::Updating final : ServerTransactionUser {
  explicit Updating(InviteSession& session) : retry(session.user_agent_.timers(), base::Callback::to<&InviteSession::retry_update>(session)) {}
  ~Updating() override { release(); }
  Updating(const Updating&) = delete;
  Updating& operator=(const Updating&) = delete;

  void take(ServerTransaction& offered) {
    incoming = &offered;
    offered.attach(*this);
  }
  ServerTransaction* release() noexcept {
    if (incoming != nullptr) {
      incoming->detach();
    }
    return std::exchange(incoming, nullptr);
  }
  void on_cancel() override {}
  void on_undelivered() override {}
  void on_terminated() override { incoming = nullptr; }

  ServerTransaction* incoming = nullptr;  ///< An offer that waits for our answer.
  std::unique_ptr<ClientRequest> request;
  Renegotiation::Purpose purpose = Renegotiation::Purpose::Application;
  OnGlare on_glare = OnGlare::Retry;
  std::string sdp;
  std::string tag;  ///< Of the early dialog that the request belongs to; "" once the call is answered.
  /// Only an UPDATE of an answered call says how long the session is to last.
  bool negotiates_timer = false;
  int attempts = 0;
  base::Timer retry;
};

/// A session timer that was agreed on (RFC 4028).
struct InviteSession::Timing {
  explicit Timing(InviteSession& session) : timer(session.user_agent_.timers(), base::Callback::to<&InviteSession::on_session_time>(session)) {}

  enum class Next : std::uint8_t { Refresh, Expiry };
  SessionPolicy::Seconds interval{0};
  Next next = Next::Expiry;
  bool refreshes = false;  ///< From here.
  base::Timer timer;
};

/// REFER, either way.
struct InviteSession::Referring {
  explicit Referring(InviteSession& session) : timeout(session.user_agent_.timers(), base::Callback::to<&InviteSession::on_refer_silence>(session)) {}

  struct Notification {
    std::string status_line;
    enum class Kind : std::uint8_t { Progress, Last } kind = Kind::Progress;
    std::uint32_t refer = 0;  ///< The CSeq number of the REFER that it is about; 0: of the first, which needs no name.
  };
  bool subscribed = false;                                                     ///< Our REFER, their NOTIFYs.
  bool accepted = false;                                                       ///< Their REFER, our NOTIFYs.
  IncomingRefer::Subscription wanted = IncomingRefer::Subscription::Wanted;    ///< What our REFER asked for.
  IncomingRefer::Subscription incoming = IncomingRefer::Subscription::Wanted;  ///< What their REFER asked for.
  ServerTransaction* transaction = nullptr;                                    ///< Only while `on_refer` runs.
  std::unique_ptr<ClientRequest> request;
  std::unique_ptr<ClientRequest> notify;
  std::uint32_t before = 0;           ///< The CSeq number of our REFER is higher than this, those of earlier ones are not.
  std::uint32_t received = 0;         ///< REFERs from the other side so far,
  std::uint32_t accepted_number = 0;  ///< and how the one is named that is accepted, as `Notification::refer`.
  std::deque<Notification> notifies;  ///< The first one is under way when `notify` is there.
  int notify_attempts = 0;
  base::Timer timeout;
};

/// An INFO or MESSAGE of the peer that waits for our answer.
struct InviteSession::AwaitedContent final : ServerTransactionUser {
  AwaitedContent(InviteSession& session, ServerTransaction& offered, std::uint64_t number);
  ~AwaitedContent() override;
  AwaitedContent(const AwaitedContent&) = delete;
  AwaitedContent& operator=(const AwaitedContent&) = delete;

  void answer(int status);
  void on_patience_over();
  void on_cancel() override {}
  void on_undelivered() override {}
  void on_terminated() override { transaction = nullptr; }

  InviteSession& session;
  ServerTransaction* transaction;  ///< Null once it is answered or gone.
  std::uint64_t reference;
  base::Timer patience;
};

/// INFO and MESSAGE that wait for their answers, either way.
struct InviteSession::Contents {
  struct Sent {
    std::unique_ptr<ClientRequest> request;
    std::uint64_t reference = 0;
  };
  std::vector<Sent> requests;
  std::vector<std::unique_ptr<AwaitedContent>> awaited;
};

[[nodiscard]] inline base::Error wrong_state(const char* what) { return {base::Errc::WrongState, what}; }

[[nodiscard]] inline InviteProgress progress_of(const Message& response) {
  return {.status = response.status(), .reason = response.reason(), .sdp = response.body(), .tag = response.to().tag(), .message = &response};
}

}  // namespace callwright::sip
