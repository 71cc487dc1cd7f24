#pragma once

#include "call/event.hpp"
#include "sip/registrar.hpp"
#include "sip/user_agent.hpp"

#include <deque>
#include <functional>
#include <memory>
#include <string>
#include <unordered_map>
#include <unordered_set>

namespace callwright::call {

/// Asks registered phones with OPTIONS whether they are there, each once in a period, and notes in their bindings what came of it (`sip::Reach`). The
/// requests are spread over the period: with a hundred thousand bindings a few go out every ten milliseconds. Engine thread.
class Qualifier final : private sip::Registrar::Watcher {
 public:
  struct Settings {
    base::Duration period{};  ///< Zero: nobody is asked.
    unsigned misses = 2;      ///< Requests without an answer, in a row, after which a phone is lost. An answer brings it back.
  };
  /// Hears who is lost and who is back.
  using Report = std::function<void(ContactChanged)>;

  Qualifier(sip::UserAgent& user_agent, sip::Registrar& registrar, Settings settings, Report report);
  ~Qualifier() override;
  Qualifier(const Qualifier&) = delete;
  Qualifier& operator=(const Qualifier&) = delete;

  /// OPTIONS without an answer yet.
  [[nodiscard]] std::size_t waiting() const noexcept { return asked_.size(); }

 private:
  class Question;
  struct Contact {
    std::string user;
    std::string uri;
    friend bool operator==(const Contact&, const Contact&) = default;
  };
  struct ContactHash {
    std::size_t operator()(const Contact& contact) const noexcept {
      return std::hash<std::string>{}(contact.user) * 31 + std::hash<std::string>{}(contact.uri);
    }
  };

  void on_bindings_change(const std::string& address_of_record, const std::vector<sip::Binding>& before, const std::vector<sip::Binding>& now) override;
  void tick();
  void schedule();
  [[nodiscard]] base::Duration interval() const;
  void ask_next();
  void on_outcome(const Question& question, bool answered);

  /// Beyond it nobody else is asked until an answer or a time-out has come.
  static constexpr std::size_t kMaxWaiting = 10'000;

  sip::UserAgent& user_agent_;
  sip::Registrar& registrar_;
  const Settings settings_;
  Report report_;
  std::unordered_set<Contact, ContactHash> contacts_;
  std::deque<const Contact*> turns_;  ///< Of `contacts_`, each once; the front is asked next.
  std::unordered_map<const Question*, std::unique_ptr<Question>> asked_;
  base::Timer timer_;
  base::TimePoint due_{};  ///< When `timer_` fires.
};

}  // namespace callwright::call
