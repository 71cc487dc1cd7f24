#pragma once

#include "sip/registrar.hpp"

#include <optional>

/// The parts of the registrar that its two source files share. Not for others.
namespace callwright::sip {

/// A phone that asked for GRUUs. A new Call-ID means that it started anew: its temporary GRUUs of before end (RFC 5627 §3.2).
struct GruuInstance {
  std::string instance;
  std::string call_id;
  std::uint64_t registration = 0;
  std::uint32_t serial = 0;
};

struct Registrar::User {
  User(Registrar& owner, std::string name)
      : registrar(owner), address_of_record(std::move(name)), expiry(owner.timers_, base::Callback::to<&User::on_expiry>(*this)) {}

  void on_expiry() {
    registrar.expire(*this);
    registrar.forget_if_empty(*this);
  }

  Registrar& registrar;
  std::string address_of_record;
  std::vector<Binding> bindings;
  std::unique_ptr<std::vector<GruuInstance>> gruus;
  base::Timer expiry;  ///< For the binding that ends first.
};

/// What a Contact of a REGISTER asks for.
struct Registrar::Change {
  std::string contact;  ///< "*": all of them.
  std::chrono::seconds expires;
  unsigned q = 1000;
  std::string instance;
  std::uint32_t reg_id = 0;

  [[nodiscard]] bool concerns(const Binding& binding) const;
};

/// What a REGISTER asks for.
struct Registrar::Asked {
  std::vector<Change> changes;
  std::vector<std::string> path;
  bool outbound = false;  ///< The phone can, and the way it came by lets it.
  bool gruu = false;
  bool path_known = false;  ///< The phone wants to see the Path.
};

struct Registrar::Refusal {
  int status = 400;
  std::string_view reason;
  std::string headers;
};

}  // namespace callwright::sip
