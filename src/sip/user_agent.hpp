#pragma once

#include "base/destroy_later.hpp"
#include "base/random.hpp"
#include "base/timers.hpp"
#include "sip/invite_session.hpp"
#include "sip/locator.hpp"
#include "sip/session_policy.hpp"
#include "sip/stun.hpp"
#include "sip/transaction_layer.hpp"
#include "sip/transport.hpp"

#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

namespace callwright::sip {

/// Hears of the end of a connection that it depends on.
class FlowWatcher {
 public:
  virtual ~FlowWatcher() = default;
  virtual void on_flow_failed() = 0;
  /// The other end of the connection has answered a ping.
  virtual void on_pong() {}
};

/// Waits for the answer to a STUN request of its own.
class StunUser {
 public:
  virtual ~StunUser() = default;
  /// The last call; `remote` is where the answer came from.
  virtual void on_stun_answer(const base::SocketAddress& remote, const StunAnswer& answer) = 0;
};

/// A dialog that is no call's: that of a subscription (RFC 6665 §4.5).
class DialogUsage {
 public:
  virtual ~DialogUsage() = default;
  /// A request within the dialog, to be answered; its From tag and CSeq have not been compared with anything.
  virtual void on_request(ServerTransaction& transaction, const Message& request) = 0;
};

/// The user agent core (RFC 3261 §6): dialogs on top of the transaction layer. One for each set of listeners. Engine thread only.
class UserAgent final : private TransactionLayer::Core {
 public:
  /// Decides about requests outside dialogs. OPTIONS, CANCEL and requests for unknown dialogs are answered by the user agent itself.
  class Handler {
   public:
    virtual ~Handler() = default;
    /// Comes first for a request outside dialogs, but for OPTIONS: who may not send it is refused here, before anything else of it is looked at
    /// (RFC 3261 §8.2). False when it has been answered.
    [[nodiscard]] virtual bool admit(ServerTransaction& /*transaction*/, const Message& /*request*/) { return true; }
    /// INVITE, REGISTER and others: answer through `transaction`, or make a session with `UserAgent::answer`.
    virtual void on_request(ServerTransaction& transaction, const Message& request) = 0;
    /// An INVITE whose call is to take the place of `replaced` (RFC 3891), which is in a call or rings at somebody. Answer it like any other, then
    /// end `replaced`. Not under `SessionPolicy::NamedDialogs::Ignored`, nor is the next; as they are, both refuse with 488.
    virtual void on_replaces(ServerTransaction& transaction, const Message& invite, InviteSession& replaced);
    /// An INVITE that wants to take part in the call of `joined` (RFC 3911).
    virtual void on_join(ServerTransaction& transaction, const Message& invite, InviteSession& joined);
    /// Ready-made lines for the answer to OPTIONS: what the handler understands besides calls.
    [[nodiscard]] virtual std::string_view capabilities() const { return {}; }
    /// A connection is gone: what was registered over it cannot be reached (RFC 5626 §6).
    virtual void on_flow_failed(const Flow& /*flow*/) {}
  };

  UserAgent(base::Timers& timers, base::Random& random, TransportPort& transport, Resolver& resolver, TransactionLayer::Settings settings);
  ~UserAgent() override;

  void set_handler(Handler* handler) noexcept { handler_ = handler; }
  void set_trace(TraceSink* trace) noexcept { layer_.set_trace(trace); }
  /// For calls from now on. Before anything is received.
  void set_session_policy(const SessionPolicy& policy) noexcept { policy_ = policy; }
  [[nodiscard]] const SessionPolicy& session_policy() const noexcept { return policy_; }
  /// What the transports report to.
  [[nodiscard]] TransportUser& transport_user() noexcept { return layer_; }

  [[nodiscard]] std::unique_ptr<InviteSession> call(InviteSession::CallerOptions options, InviteSessionObserver& observer);
  /// `invite` is the request of `transaction`, both as `Handler::on_request` got them. Sends nothing yet.
  [[nodiscard]] std::unique_ptr<InviteSession> answer(ServerTransaction& transaction, const Message& invite, std::string contact_user,
                                                      InviteSessionObserver& observer);
  /// Takes a session whose owner is done with it: it gets no more callbacks, is ended if it has not, and destroyed when the last exchange is over.
  void retire(std::unique_ptr<InviteSession> session);

  /// Until `unwatch_flow`; zero is no connection, and nothing happens.
  void watch_flow(ConnectionId connection, FlowWatcher& watcher);
  void unwatch_flow(ConnectionId connection, FlowWatcher& watcher);

  /// `user` gets the answer to the STUN request with this transaction, until `forget_stun`.
  void expect_stun(const StunTransaction& transaction, StunUser& user) { stun_[transaction] = &user; }
  void forget_stun(const StunTransaction& transaction) { stun_.erase(transaction); }

  /// Hands requests of the dialog with this Call-ID and tag of ours to `usage`, until `remove_usage`.
  void add_usage(std::string_view call_id, std::string_view local_tag, DialogUsage& usage);
  void remove_usage(std::string_view call_id, std::string_view local_tag, DialogUsage& usage);
  /// Subscriptions, both sides.
  [[nodiscard]] std::size_t usages() const noexcept { return usages_.size(); }

  /// "<sip:user@192.0.2.1:5060;transport=tcp>". A whole URI in place of the user, such as a GRUU, is taken as it is; "user>;isfocus" adds a parameter.
  [[nodiscard]] std::string contact(const Flow& flow, std::string_view user) const;
  void append_contact(std::string& text, const Flow& flow, std::string_view user) const;

  [[nodiscard]] TransactionLayer& transactions() noexcept { return layer_; }
  [[nodiscard]] base::Timers& timers() noexcept { return layer_.timers(); }
  [[nodiscard]] base::Random& random() noexcept { return layer_.random(); }
  [[nodiscard]] Resolver& resolver() noexcept { return resolver_; }
  /// Where URIs lead; tell it about listeners other than UDP and TCP.
  [[nodiscard]] Locator& locator() noexcept { return locator_; }
  [[nodiscard]] const TransportPort& transport() const noexcept { return layer_.transport(); }
  [[nodiscard]] std::size_t dialogs() const noexcept override { return sessions_.size(); }
  [[nodiscard]] std::size_t retired() const noexcept { return retired_.size() + settled_.size(); }

  /// The session of the dialog that this names, or null. Not of one that has ended.
  [[nodiscard]] InviteSession* find(const DialogName& name);
  /// The session that a request outside its dialog is about (Target-Dialog, RFC 4538), or null when it names none that is known here.
  [[nodiscard]] InviteSession* target_dialog(const Message& request);

  // For the sessions.
  /// A number that no other request has.
  [[nodiscard]] std::uint64_t next_reference() noexcept { return ++references_; }
  void add(InviteSession& session);
  void remove(InviteSession& session);
  void on_settled(InviteSession& session);

  /// What this user agent understands, whatever the policy.
  static constexpr std::string_view kAllow = "Allow: INVITE, ACK, BYE, CANCEL, OPTIONS, UPDATE, PRACK, REFER, NOTIFY, INFO, MESSAGE\r\n";

 private:
  void on_request(ServerTransaction& transaction, const Message& request) override;
  void on_ack(const Message& ack) override;
  void on_flow_failed(const Flow& flow) override;
  void on_keep_alive(const Flow& flow, std::string_view bytes) override;
  void on_cancel(ServerTransaction& transaction, const Message& cancel);
  [[nodiscard]] MatchKey dialog_key(std::string_view call_id, std::string_view local_tag);
  [[nodiscard]] InviteSession* find(const Message& request);
  [[nodiscard]] InviteSession* look_up(std::string_view call_id, std::string_view local_tag);
  [[nodiscard]] bool refuse_extensions(ServerTransaction& transaction, const Message& request) const;
  [[nodiscard]] bool refuse_by_policy(ServerTransaction& transaction, const Message& request) const;
  [[nodiscard]] static bool refuse_uri_or_body(ServerTransaction& transaction, const Message& request);
  [[nodiscard]] bool handle_named_dialog(ServerTransaction& transaction, const Message& invite);

  TransactionLayer layer_;
  Resolver& resolver_;
  Locator locator_;
  Handler* handler_ = nullptr;
  SessionPolicy policy_;
  std::uint64_t references_ = 0;
  MatchTable<InviteSession*> sessions_;
  MatchTable<DialogUsage*> usages_;
  std::string key_text_;  ///< Scratch for look-ups; sessions use it to the end of their lives.
  boost::unordered_flat_map<InviteSession*, std::unique_ptr<InviteSession>> retired_;
  std::unordered_multimap<std::uint64_t, FlowWatcher*> watchers_;  ///< By connection.
  std::map<StunTransaction, StunUser*> stun_;
  base::DestroyLater<InviteSession> settled_;
};

/// Lines that tell what a session understands: Allow and Supported.
void append_capabilities(std::string& lines, const SessionPolicy& policy);
/// RFC 4028 §9: whether a request is to be refused with 422.
[[nodiscard]] bool interval_too_small(const Message& request, const SessionPolicy& policy);

}  // namespace callwright::sip
