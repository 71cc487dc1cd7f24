#pragma once

#include "base/random.hpp"
#include "base/timers.hpp"
#include "sip/match_key.hpp"
#include "sip/overload.hpp"
#include "sip/transaction.hpp"
#include "sip/transport.hpp"

#include <boost/unordered_map.hpp>

#include <array>
#include <iterator>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>

namespace callwright::sip {

/// Lookup of string-keyed maps by view. Boost's map, since that of libstdc++ hashes every neighbour in a bucket again while it looks for a key.
struct StringHash {
  using is_transparent = void;
  std::size_t operator()(std::string_view text) const noexcept { return std::hash<std::string_view>{}(text); }
};
template <class Value>
using StringMap = boost::unordered_map<std::string, Value, StringHash, std::equal_to<>>;

/// Matches messages to transactions (RFC 3261 §17.1.3, §17.2.3) and owns them. Sits between the transports and the user agent core.
/// Engine thread only.
class TransactionLayer final : public TransportUser {
 public:
  /// What new requests and strays are handed to.
  class Core {
   public:
    virtual ~Core() = default;
    /// A request that started a server transaction. It is answered through the transaction, now or later.
    virtual void on_request(ServerTransaction& transaction, const Message& request) = 0;
    /// An ACK that belongs to no transaction: that of a 2xx.
    virtual void on_ack(const Message& ack) = 0;
    /// What answers a keep-alive of ours (RFC 5626 §3.5), or looks like it: line ends over a stream, a STUN message over UDP.
    virtual void on_keep_alive(const Flow& /*flow*/, std::string_view /*bytes*/) {}
    /// Nothing sent over this flow arrives any more.
    virtual void on_flow_failed(const Flow& /*flow*/) {}
    /// How many dialogs there are, for the limit.
    [[nodiscard]] virtual std::size_t dialogs() const noexcept { return 0; }
  };

  struct Settings {
    TimerValues timers{};
    std::size_t max_server_transactions = 200'000;  ///< Beyond it new requests outside a dialog get 503 with Retry-After.
    std::size_t max_dialogs = 100'000;              ///< Beyond it the same goes for requests that would make one.
    base::Duration max_lag{};                       ///< While timers are later than this, the same goes for all; zero: never.
    int retry_after_s = 5;
    std::string server_name = "Callwright";
  };

  struct Statistics {
    std::uint64_t received = 0;
    std::uint64_t malformed = 0;
    std::uint64_t strays = 0;   ///< Responses and ACKs that match nothing.
    std::uint64_t refused = 0;  ///< 503 at the limit.
    std::uint64_t merged = 0;   ///< 482, the same request by two ways.
  };

  TransactionLayer(base::Timers& timers, base::Random& random, TransportPort& transport, Settings settings);
  ~TransactionLayer() override;

  void set_core(Core& core) noexcept { core_ = &core; }
  void set_trace(TraceSink* trace) noexcept { trace_ = trace; }

  void on_message(const Flow& flow, std::string_view bytes) override;
  void on_transport_error(const Flow& flow, const base::Error& error) override;

  /// Starts a client transaction. `request` is complete; its second line is a Via that `append_via` made.
  ClientTransaction& send_request(Method method, std::string request, const Flow& flow, ClientTransactionUser& user);
  /// Makes the keys of everything that messages are matched to, dialogs included.
  [[nodiscard]] const MatchKeyMaker& key_maker() const noexcept { return make_key_; }
  /// "Via: SIP/2.0/UDP 192.0.2.1:5060;branch=…;rport" with a new branch (RFC 3261 §8.1.1.7). False, and nothing, when there is no listener for the flow's
  /// transport.
  [[nodiscard]] bool append_via(std::string& request, const Flow& flow);
  /// For messages outside transactions: the ACK of a 2xx.
  void send(const Flow& flow, std::string_view message);

  /// The INVITE server transaction that this CANCEL asks to end, or null.
  [[nodiscard]] ServerTransaction* find_cancelled(const Message& cancel);

  [[nodiscard]] std::size_t client_transactions() const noexcept { return clients_.size(); }
  [[nodiscard]] std::size_t server_transactions() const noexcept { return servers_.size(); }
  [[nodiscard]] const Statistics& statistics() const noexcept { return statistics_; }
  [[nodiscard]] base::Timers& timers() noexcept { return timers_; }
  [[nodiscard]] base::Random& random() noexcept { return random_; }
  [[nodiscard]] const Settings& settings() const noexcept { return settings_; }
  [[nodiscard]] TransportPort& transport() const noexcept { return transport_; }

  /// A string to write one message into; for the transactions.
  [[nodiscard]] std::string& empty_scratch() noexcept {
    scratch_.clear();
    return scratch_;
  }
  // For the transactions themselves: the object is destroyed by the time these return.
  void remove(ClientTransaction& transaction);
  void remove(ServerTransaction& transaction);
  /// The transaction has its final response: that its peer dies does not matter any more.
  void forget_remote(ClientTransaction& transaction);

 private:
  void trace(TraceSink::Direction direction, const Flow& flow, std::string_view message);
  void on_request(const Flow& flow, const Message& request);
  void on_response(const Message& response);
  /// Why a new request outside dialogs cannot be taken now; "" when it can.
  [[nodiscard]] std::string_view overload(Method method);
  void refuse_malformed(const Flow& flow, const Message& message);
  void respond_statelessly(const Flow& flow, const Message& request, const Response& response);
  void accept_request(const Flow& flow, const Message& request, const MatchKey& key, std::uint64_t identity);
  [[nodiscard]] MatchKey client_key(std::string_view branch, Method method);
  [[nodiscard]] MatchKey server_key(const Message& request, Method method);
  [[nodiscard]] std::uint64_t identity_of(const Message& request);

  base::Timers& timers_;
  base::Random& random_;
  TransportPort& transport_;
  Settings settings_;
  Core* core_ = nullptr;
  TraceSink* trace_ = nullptr;
  MatchKeyMaker make_key_;
  MatchTable<std::unique_ptr<ClientTransaction>> clients_;
  MatchTable<std::unique_ptr<ServerTransaction>> servers_;
  /// What fails when an address turns out to be dead: the transactions that still wait for it.
  std::unordered_map<base::SocketAddress, boost::intrusive::list<ClientTransaction, boost::intrusive::constant_time_size<false>>> by_remote_;
  /// Requests outside dialogs that have a transaction: the same one by another way is a merged request.
  boost::unordered_flat_set<std::uint64_t> identities_;
  /// How the latest Via of a transport began, up to its branch.
  struct ViaStart {
    base::SocketAddress sent_by;
    std::string text;
  };
  std::array<ViaStart, std::size(kTransports)> via_starts_;
  std::string key_text_;  ///< Scratch for look-ups.
  std::string scratch_;
  Statistics statistics_;
  Overload overload_;
};

}  // namespace callwright::sip
