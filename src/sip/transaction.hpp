#pragma once

#include "base/timers.hpp"
#include "sip/match_key.hpp"
#include "sip/message.hpp"
#include "sip/transport.hpp"

#include <boost/intrusive/list.hpp>

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

namespace callwright::sip {

class TransactionLayer;

/// RFC 3261 §17.1.1.1 and table 4.
struct TimerValues {
  base::Duration t1 = std::chrono::milliseconds(500);
  base::Duration t2 = std::chrono::seconds(4);
  base::Duration t4 = std::chrono::seconds(5);
  /// Timers B, D, F, H, J, L, M: how long a transaction waits before it gives up or forgets.
  [[nodiscard]] base::Duration timeout() const noexcept { return 64 * t1; }
};

/// Why a request got no response.
enum class NoResponse : std::uint8_t { TimedOut, TransportError };

/// The transaction user of a client transaction. Callbacks may destroy the user.
class ClientTransactionUser {
 public:
  virtual ~ClientTransactionUser() = default;
  /// Provisional responses, then one final one; for INVITE also every later 2xx (retransmissions and other forks), RFC 6026 §7.2.
  virtual void on_response(const Message& response) = 0;
  /// No final response will come.
  virtual void on_no_response(NoResponse why) = 0;
  /// The transaction is gone: forget the pointer. Always the last call.
  virtual void on_terminated() = 0;
};

/// The place of a client transaction among those that wait for the same address.
using WaitingHook = boost::intrusive::list_base_hook<boost::intrusive::link_mode<boost::intrusive::auto_unlink>>;

/// A client transaction, INVITE (RFC 3261 §17.1.1 with RFC 6026) or not (§17.1.2). Owned by the TransactionLayer.
class ClientTransaction : public WaitingHook {
 public:
  ClientTransaction(TransactionLayer& layer, const MatchKey& key, Method method, std::string request, const Flow& flow, ClientTransactionUser& user);

  /// Sends the request for the first time.
  void start();
  /// The user goes away; the transaction finishes by itself.
  void detach() noexcept;
  void on_response(const Message& response);
  void on_transport_error();
  /// Ends it without waiting for a final response (RFC 3261 §9.1, after CANCEL).
  void give_up();

  [[nodiscard]] Method method() const noexcept { return method_; }
  /// What the layer keeps it under.
  [[nodiscard]] const MatchKey& key() const noexcept { return key_; }
  /// Until the final response; "" afterwards.
  [[nodiscard]] const std::string& request() const noexcept { return request_; }
  [[nodiscard]] const Flow& flow() const noexcept { return flow_; }

 private:
  enum class State : std::uint8_t { Trying, Proceeding, Completed, Accepted, Terminated };

  void on_retransmit();
  void on_timeout();
  void on_invite_response(const Message& response);
  void on_other_response(const Message& response);
  void complete(base::Duration linger);
  void forget_request();
  void send_ack(const Message& response);
  void fail(NoResponse why);
  void terminate();

  TransactionLayer& layer_;
  ClientTransactionUser* user_;
  MatchKey key_;
  std::string request_;
  std::string ack_;
  Flow flow_;
  base::Timer retransmit_;
  base::Timer timeout_;
  base::Duration interval_;
  Method method_;
  State state_ = State::Trying;
};

/// The transaction user of a server transaction. Callbacks may destroy the user.
class ServerTransactionUser {
 public:
  virtual ~ServerTransactionUser() = default;
  /// A CANCEL came before the final response; it has been answered. The INVITE is still to be answered, with 487 (RFC 3261 §9.2).
  virtual void on_cancel() = 0;
  /// No ACK came for the final response (RFC 3261 §17.2.1, timer H).
  virtual void on_undelivered() = 0;
  /// The transaction is gone: forget the pointer. Always the last call.
  virtual void on_terminated() = 0;
};

/// What a response consists of beyond what the request determines. Views; used before the call returns.
struct Response {
  int status = 200;
  std::string_view reason = {};   ///< Empty: the standard phrase.
  std::string_view headers = {};  ///< Ready-made lines, each ended by CRLF.
  std::string_view content_type = {};
  std::string_view body = {};
};

/// A server transaction, INVITE (RFC 3261 §17.2.1 with RFC 6026) or not (§17.2.2). Owned by the TransactionLayer.
class ServerTransaction {
 public:
  ServerTransaction(TransactionLayer& layer, const MatchKey& key, std::uint64_t identity, const Message& request, const Flow& flow);

  /// Asks for callbacks until the transaction is gone or `detach` is called.
  void attach(ServerTransactionUser& user) noexcept { user_ = &user; }
  void detach() noexcept { user_ = nullptr; }

  /// Sends a response; after a final one further calls are ignored. For an INVITE's 2xx the user repeats it through `send_again`.
  void respond(const Response& response);
  /// Sends a 2xx again that `respond` sent (RFC 3261 §13.3.1.4).
  void send_again(std::string_view response);
  /// Hands over the bytes of a 2xx to an INVITE, which the transaction itself needs no more.
  [[nodiscard]] std::string take_accepted_response() { return std::move(last_response_); }

  /// The tag that responses above 100 carry in To; chosen at random when it was not set.
  void set_to_tag(std::string tag) { to_tag_ = std::move(tag); }
  [[nodiscard]] const std::string& to_tag();

  void on_retransmission();
  void on_ack();
  void on_cancel();

  [[nodiscard]] Method method() const noexcept { return method_; }
  /// What the layer keeps it under.
  [[nodiscard]] const MatchKey& key() const noexcept { return key_; }
  /// Where the request came from.
  [[nodiscard]] const Flow& flow() const noexcept { return flow_; }
  [[nodiscard]] bool answered() const noexcept { return state_ != State::Trying && state_ != State::Proceeding; }
  /// True after a 2xx to an INVITE: an ACK is the session's business then.
  [[nodiscard]] bool accepted() const noexcept { return state_ == State::Accepted; }
  /// Identifies the request whatever way it took: Call-ID, From tag and CSeq (RFC 3261 §8.2.2.2); 0 inside a dialog.
  [[nodiscard]] std::uint64_t request_identity() const noexcept { return identity_; }

 private:
  enum class State : std::uint8_t { Trying, Proceeding, Completed, Confirmed, Accepted, Terminated };

  void remember(const Message& request);
  void render(std::string& out, const Response& response);
  void send(std::string_view response);
  void finish_invite(int status);
  void finish_other();
  void end_after(base::Duration delay);
  void on_timer();
  void on_timeout();
  void terminate();

  /// What the final response needs of the request, and nothing after it.
  struct Pending {
    std::string request;                ///< Via, From, Call-ID and CSeq lines, To's value, Record-Route lines.
    std::uint32_t to_at = 0;            ///< Where To's value begins in `request`,
    std::uint32_t record_route_at = 0;  ///< and where the Record-Route lines do.
    bool to_has_tag = false;
  };

  // A busy server remembers many of these for half a minute each: sizes matter.
  TransactionLayer& layer_;
  ServerTransactionUser* user_ = nullptr;
  MatchKey key_;
  std::unique_ptr<Pending> pending_;
  std::string to_tag_;
  std::string last_response_;
  Flow flow_;
  /// The next retransmission, or the end when there is none before it.
  base::Timer timer_;
  base::TimePoint ends_at_ = base::TimePoint::max();
  base::Duration interval_;
  std::uint64_t identity_;
  std::uint16_t reply_port_;
  Method method_;
  State state_ = State::Trying;
};

}  // namespace callwright::sip
