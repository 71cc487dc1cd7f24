#pragma once

#include "call/dialog_info.hpp"
#include "call/message_waiting.hpp"
#include "call/presence.hpp"
#include "sip/event_notifier.hpp"
#include "sip/registrar.hpp"

#include <string>
#include <string_view>

namespace callwright::call {

/// What can be subscribed to at the exchange: calls (`dialog`), `presence` and waiting messages (`message-summary`) of its users. Engine thread.
class UserStates final : private sip::Registrar::Watcher {
 public:
  /// `user_of` tells whom of the users a URI names, `ringing` how a called phone knows its call.
  UserStates(sip::UserAgent& user_agent, sip::Registrar& registrar, sip::Notifier::Limits limits, DialogInfo::UserOf user_of, DialogInfo::Ringing ringing);

  /// A SUBSCRIBE of `watcher`, who has been authenticated, to the state of `user`, who exists. Waiting messages are told to their owner only.
  void subscribe(sip::ServerTransaction& transaction, const sip::Message& request, const std::string& user, const std::string& watcher,
                 std::string_view headers);
  void publish(sip::ServerTransaction& transaction, const sip::Message& request, const std::string& user, std::string_view headers);
  /// For voicemail.
  void set_waiting_messages(const std::string& user, const WaitingMessages& waiting);
  /// Everything that goes into the journal.
  void note(const std::string& call_id, const decltype(Event::what)& what) { dialogs_.note(call_id, what); }

  [[nodiscard]] sip::Notifier& notifier() noexcept { return notifier_; }
  [[nodiscard]] const DialogInfo& dialogs() const noexcept { return dialogs_; }
  [[nodiscard]] const Presence& presence() const noexcept { return presence_; }

 private:
  void on_registered_changed(const std::string& address_of_record) override;

  DialogInfo dialogs_;
  Presence presence_;
  MessageSummary messages_;
  sip::Notifier notifier_;
};

}  // namespace callwright::call
