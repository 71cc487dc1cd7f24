#pragma once

#include "base/timers.hpp"
#include "call/event.hpp"
#include "opensips/mi_client.hpp"
#include "opensips/settings.hpp"

#include <array>
#include <cstddef>
#include <cstdint>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <utility>
#include <vector>

namespace callwright::opensips {

/// The journal of what happens at the proxy, whoever started it: its dialogs are calls, its contacts registrations. Engine thread.
///
/// The event of a dialog names no parties, so the proxy is asked for them (dlg_list) before the call is told. A call of which nothing was heard for long is
/// asked for again, since the event of its end may have been lost. What there is already when the proxy is reached is told as if it began then.
class ProxyJournal {
 public:
  /// All are used for as long as this lives.
  ProxyJournal(MiClient& client, base::Timers& timers, const Settings& settings, call::EventSink& sink);

  void on_event(const ProxyEvent& event);
  /// Asks the proxy for all its calls and contacts.
  void load();
  [[nodiscard]] std::size_t calls() const noexcept { return calls_.size(); }

  static constexpr std::size_t kMaxCalls = 10'000;  ///< More are not told.
  static constexpr std::size_t kMaxContacts = 100'000;

 private:
  /// In the order in which a call goes through them.
  enum class Stage : std::uint8_t { Started, Ringing, Up, Over };
  struct Call {
    explicit Call(MiClient& client, MiRequest::Handler handler) : list(client, std::move(handler)) {}
    bool told = false;  ///< That it has started, with its parties.
    Stage told_stage = Stage::Started;
    Stage stage = Stage::Started;
    bool was_up = false;
    std::array<bool, 2> held{};  ///< By call::Side.
    base::TimePoint heard{};
    MiRequest list;
  };
  using Calls = std::map<std::string, std::unique_ptr<Call>>;

  void on_dialog(const ProxyEvent& event);
  void on_hold(const ProxyEvent& event);
  void on_contact(const ProxyEvent& event);
  void ask(const std::string& call_id, Call& call);
  Call& add(const std::string& call_id);
  void ask_page();
  MiRequest::Next on_page(const MiOutcome& outcome);
  MiRequest::Next on_contacts(const MiOutcome& outcome);
  static void set_state(Call& call, int number);
  void load_dialog(const base::Json& dialog);
  void set_contact(const std::string& user, const std::string& contact, bool is_there);
  MiRequest::Next on_listed(const std::string& call_id, const MiOutcome& outcome);
  void advance(const std::string& call_id);
  void on_audit();
  void tell(const std::string& call_id, decltype(call::Event::what) what);

  MiClient& client_;
  base::Timers& timers_;
  const Settings& settings_;
  call::EventSink& sink_;
  Calls calls_;
  std::set<std::pair<std::string, std::string>> contacts_;  ///< User and contact.
  std::size_t page_ = 0;                                    ///< Dialogs before the page that is asked for.
  MiRequest pages_;
  MiRequest contact_list_;
  std::string audited_;  ///< The call that was looked at last.
  base::Timer audit_;
  std::vector<std::unique_ptr<Call>> over_;  ///< Destroyed with the next audit: a call ends from within its own request.
};

}  // namespace callwright::opensips
