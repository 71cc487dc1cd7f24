#include "call/registration_reports.hpp"

#include <algorithm>
#include <utility>

namespace callwright::call {

RegistrationReports::RegistrationReports(sip::Registrar& registrar, Report report) : registrar_(registrar), report_(std::move(report)) {
  registrar_.add_watcher(*this);
}

RegistrationReports::~RegistrationReports() { registrar_.remove_watcher(*this); }

void RegistrationReports::on_bindings_change(const std::string& address_of_record, const std::vector<sip::Binding>& before,
                                             const std::vector<sip::Binding>& now) {
  tell_missing(address_of_record, before, now, ContactChanged::Now::Unregistered);
  tell_missing(address_of_record, now, before, ContactChanged::Now::Registered);
}

/// Of each binding in the one list whose contact is not in the other.
void RegistrationReports::tell_missing(const std::string& user, const std::vector<sip::Binding>& from, const std::vector<sip::Binding>& in,
                                       ContactChanged::Now now) const {
  for (const sip::Binding& binding : from) {
    if (std::none_of(in.begin(), in.end(), [&binding](const sip::Binding& other) { return other.contact == binding.contact; })) {
      report_({.user = user, .contact = binding.contact, .now = now});
    }
  }
}

}  // namespace callwright::call
