#pragma once

#include "base/timers.hpp"
#include "sip/gruu.hpp"
#include "sip/transaction_layer.hpp"

#include <chrono>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

namespace callwright::sip {

/// What only some bindings have.
struct BindingDetails {
  std::vector<std::string> path;  ///< Route values in order, in front of the contact (RFC 3327).
  std::string instance;           ///< "<urn:uuid:…>", or "".
  std::uint32_t reg_id = 0;       ///< Not 0: the binding is its flow (RFC 5626).
};

/// What asking a phone whether it is there has brought out.
struct Reach {
  std::uint32_t round_trip_us = 0;  ///< Of the latest answer; 0: none yet.
  std::uint8_t misses = 0;          ///< Requests without an answer, in a row.
  bool lost = false;                ///< So many that it is not called any more.
};

/// Where a user can be reached, for a time.
struct Binding {
  std::string contact;  ///< URI.
  Flow flow;            ///< Where its REGISTER came from: requests to it go there, which also gets through NAT.
  std::string call_id;
  std::uint32_t cseq = 0;
  unsigned q = 1000;  ///< In thousandths.
  Reach reach;
  base::TimePoint expires;
  std::shared_ptr<const BindingDetails> details;  ///< Null for most.

  [[nodiscard]] bool outbound() const noexcept { return details != nullptr && details->reg_id != 0; }
  /// Reached by way of proxies (RFC 3327): the flow is that of the nearest one.
  [[nodiscard]] bool has_path() const noexcept { return details != nullptr && !details->path.empty(); }
  /// The contact names a place that cannot be reached from here: a name of the phone's own, or an address that a NAT has changed on the way.
  [[nodiscard]] bool translated() const;
};

/// A registrar with its location service (RFC 3261 §10.3), in memory, with Path (RFC 3327), outbound (RFC 5626) and GRUU (RFC 5627). It trusts its caller to
/// have checked who asks. Engine thread only.
class Registrar {
 public:
  struct Limits {
    std::size_t bindings_per_user = 10;
    std::size_t bindings = 200'000;  ///< Of all users; beyond it new ones get 503 with Retry-After.
    std::chrono::seconds default_expires{3600};
    std::chrono::seconds minimum_expires{10};
    std::chrono::seconds maximum_expires{7200};
    std::chrono::seconds flow_timer{120};         ///< How often the phone at the other end of a flow shows that it lives (RFC 5626 §4.4).
    std::vector<std::string> service_route = {};  ///< What phones are to put before their requests (RFC 3608): Route values.
  };

  /// Hears who comes and goes.
  class Watcher {
   public:
    virtual ~Watcher() = default;
    /// The user's first binding was made, or the last one has gone.
    virtual void on_registered_changed(const std::string& /*address_of_record*/) {}
    /// Some bindings of the user are to be replaced; those that stay are in both lists.
    virtual void on_bindings_change(const std::string& /*address_of_record*/, const std::vector<Binding>& /*before*/, const std::vector<Binding>& /*now*/) {}
  };

  Registrar(base::Timers& timers, base::Random& random, Limits limits);
  ~Registrar();
  /// Until `remove_watcher`.
  void add_watcher(Watcher& watcher) { watchers_.push_back(&watcher); }
  void remove_watcher(Watcher& watcher) { std::erase(watchers_, &watcher); }

  /// Carries out a REGISTER for this address of record and answers it: all of it, or nothing with an error. `headers` are ready-made lines for a 200.
  void handle(ServerTransaction& transaction, const Message& request, const std::string& address_of_record, std::string_view headers = {});
  /// Bindings in force, by q, then those that are not lost, then the latest first; of one instance only the first of these, since its others lead to the
  /// same phone (RFC 5626 §6).
  /// Empty when the user is not registered.
  [[nodiscard]] std::vector<Binding> lookup(std::string_view address_of_record) const;
  /// The bindings of the one phone that a URI with a `gr` parameter names (RFC 5627 §5.5); `address_of_record` is what its user part means here.
  [[nodiscard]] std::vector<Binding> lookup_gruu(const UriView& gruu, std::string_view address_of_record) const;
  /// This user's binding with this contact, or null. For the moment: any change of the user's bindings ends the pointer.
  [[nodiscard]] const Binding* find(std::string_view address_of_record, std::string_view contact) const;
  void set_reach(std::string_view address_of_record, std::string_view contact, const Reach& reach);
  /// Nothing reaches the other end of this connection any more. Bindings that lead nowhere else are gone: those with outbound (RFC 5626 §6), over WebSocket,
  /// and of phones behind a NAT. The others are reached at their Contact from now on.
  void on_flow_failed(const Flow& flow);
  [[nodiscard]] std::size_t bindings() const noexcept { return bindings_; }

 private:
  struct User;
  struct Change;
  struct Asked;
  struct Refusal;

  [[nodiscard]] bool read(const Message& request, Asked& asked, Refusal& refusal) const;
  [[nodiscard]] bool read_change(const NameAddr& contact, std::chrono::seconds standard, Asked& asked, Refusal& refusal) const;
  [[nodiscard]] bool admit(const User& user, const Asked& asked, const Message& request, const std::vector<Binding>& changed, Refusal& refusal) const;
  [[nodiscard]] std::vector<Binding> apply(const std::vector<Binding>& bindings, const Asked& asked, const Message& request, const Flow& flow) const;
  void replace(User& user, std::vector<Binding> bindings);
  [[nodiscard]] std::string answer_lines(User& user, const Asked& asked, const Message& request);
  void append_contact(std::string& lines, User& user, const Binding& binding, const Asked& asked, const Message& request);
  void append_gruus(std::string& lines, User& user, const BindingDetails& details, const Message& request);
  void expire(User& user);
  void forget_if_empty(User& user);

  base::Timers& timers_;
  base::Random& random_;
  Limits limits_;
  std::vector<Watcher*> watchers_;
  TemporaryGruus temporary_;
  std::size_t bindings_ = 0;
  StringMap<std::unique_ptr<User>> users_;
  std::unordered_map<std::uint64_t, User*> by_gruu_;                   ///< By the number of an instance's registration.
  std::unordered_multimap<std::uint64_t, std::string> by_connection_;  ///< Addresses of record with bindings that are reached over a connection.
};

}  // namespace callwright::sip
