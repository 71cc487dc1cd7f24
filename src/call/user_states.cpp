#include "call/user_states.hpp"

#include <utility>

namespace callwright::call {

UserStates::UserStates(sip::UserAgent& user_agent, sip::Registrar& registrar, sip::Notifier::Limits limits, DialogInfo::UserOf user_of,
                       DialogInfo::Ringing ringing)
    : dialogs_([this](const std::string& user, const std::string& id) { notifier_.changed(dialogs_, user, id); }, std::move(user_of), std::move(ringing)),
      presence_(user_agent, registrar, [this](const std::string& user) { notifier_.changed(presence_, user); }),
      notifier_(user_agent, limits) {
  notifier_.add(dialogs_);
  notifier_.add(presence_);
  notifier_.add(messages_);
  registrar.add_watcher(*this);
}

void UserStates::subscribe(sip::ServerTransaction& transaction, const sip::Message& request, const std::string& user, const std::string& watcher,
                           std::string_view headers) {
  const sip::EventPackage* const package = notifier_.package_of(transaction, request);
  if (package == &messages_ && user != watcher) {
    transaction.respond({.status = 403, .reason = "Not your mailbox", .headers = headers});
  } else if (package != nullptr) {
    notifier_.handle(transaction, request, user, headers, watcher);
  }
}

void UserStates::publish(sip::ServerTransaction& transaction, const sip::Message& request, const std::string& user, std::string_view headers) {
  const sip::EventPackage* const package = notifier_.package_of(transaction, request);
  if (package == &presence_) {
    presence_.publish(transaction, request, user, headers);
  } else if (package != nullptr) {
    transaction.respond({.status = 489, .headers = "Allow-Events: presence\r\n"});
  }
}

void UserStates::set_waiting_messages(const std::string& user, const WaitingMessages& waiting) {
  if (messages_.set(user, waiting)) {
    notifier_.changed(messages_, user);
  }
}

void UserStates::on_registered_changed(const std::string& address_of_record) { notifier_.changed(presence_, address_of_record); }

}  // namespace callwright::call
