#pragma once

#include "call/event.hpp"
#include "sip/registrar.hpp"

#include <functional>
#include <string>
#include <vector>

namespace callwright::call {

/// Tells the journal which phones come and go. Engine thread.
class RegistrationReports final : private sip::Registrar::Watcher {
 public:
  using Report = std::function<void(ContactChanged what)>;

  /// The registrar outlives it.
  RegistrationReports(sip::Registrar& registrar, Report report);
  ~RegistrationReports() override;
  RegistrationReports(const RegistrationReports&) = delete;
  RegistrationReports& operator=(const RegistrationReports&) = delete;

 private:
  void on_bindings_change(const std::string& address_of_record, const std::vector<sip::Binding>& before, const std::vector<sip::Binding>& now) override;
  void tell_missing(const std::string& user, const std::vector<sip::Binding>& from, const std::vector<sip::Binding>& in, ContactChanged::Now now) const;

  sip::Registrar& registrar_;
  const Report report_;
};

}  // namespace callwright::call
