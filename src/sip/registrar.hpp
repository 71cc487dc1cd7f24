#pragma once

#include "base/timers.hpp"
#include "sip/transaction_layer.hpp"

#include <chrono>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace callwright::sip {

/// Where a user can be reached, for a time.
struct Binding {
  std::string contact;  ///< URI.
  Flow flow;            ///< Where its REGISTER came from: requests to it go there, which also gets through NAT.
  std::string call_id;
  std::uint32_t cseq = 0;
  base::TimePoint expires;
};

/// A registrar with its location service (RFC 3261 §10.3), in memory. It trusts its caller to have checked who asks.
class Registrar {
 public:
  struct Limits {
    std::size_t bindings_per_user = 10;
    std::chrono::seconds default_expires{3600};
    std::chrono::seconds minimum_expires{10};
    std::chrono::seconds maximum_expires{7200};
  };

  Registrar(base::Timers& timers, Limits limits);
  ~Registrar();

  /// Carries out a REGISTER for this address of record and answers it: all of it, or nothing with an error.
  void handle(ServerTransaction& transaction, const Message& request, const std::string& address_of_record);
  /// Bindings in force, latest first; empty when the user is not registered.
  [[nodiscard]] std::vector<Binding> lookup(std::string_view address_of_record) const;
  [[nodiscard]] std::size_t bindings() const noexcept;

 private:
  struct User;
  struct Change;

  [[nodiscard]] base::Result<std::vector<Change>> read_changes(const Message& request, int& status) const;
  [[nodiscard]] std::vector<Binding> apply(std::vector<Binding> bindings, const std::vector<Change>& changes, const Message& request, const Flow& flow) const;
  [[nodiscard]] std::string contact_lines(const User& user) const;
  [[nodiscard]] bool in_order(const User& user, const std::vector<Change>& changes, const Message& request) const;
  void expire(User& user);
  void forget_if_empty(User& user);

  base::Timers& timers_;
  Limits limits_;
  StringMap<std::unique_ptr<User>> users_;
};

}  // namespace callwright::sip
