#pragma once

#include "call/exchange.hpp"
#include "media/fake_media_port.hpp"
#include "sim/scripted_phone.hpp"
#include "sim/simulated_network.hpp"
#include "sip/user_agent.hpp"

#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace callwright::simulation {

/// One message on the wire, with the names of the hosts.
struct SentMessage {
  std::string from;
  std::string to;
  std::string summary;  ///< "INVITE", "180 INVITE"
  std::string text;

  /// The value of the first header field with this name, which must be written as in RFC 3261; "" when there is none.
  [[nodiscard]] std::string header(std::string_view name) const;
  [[nodiscard]] std::string body() const;
};

/// An event as text, "TransferPending 180 Ringing".
[[nodiscard]] std::string to_text(const call::CommandEvent& event);

/// What the exchange reports of its commands; checks that nothing follows an Ended.
class CommandLog final : public call::CommandObserver {
 public:
  void on_command_event(const call::CommandEvent& event) override;

  [[nodiscard]] std::vector<std::string> texts(call::CommandId id) const;
  [[nodiscard]] bool has(call::CommandId id, std::string_view text) const;
  [[nodiscard]] const std::vector<call::CommandEvent>& events(call::CommandId id) { return events_[id.value]; }
  [[nodiscard]] bool ended(call::CommandId id) const { return has(id, "Ended"); }
  [[nodiscard]] std::size_t ended_count() const;
  [[nodiscard]] std::size_t commands() const { return events_.size(); }

  std::function<void(const call::CommandEvent&)> on_event;  ///< Runs within the callback.

 private:
  std::map<std::uint64_t, std::vector<call::CommandEvent>> events_;
};

/// Keeps what nothing on the wire tells.
class NullEventSink final : public call::EventSink {
 public:
  void on_event(const call::Event& event) override {
    if (view) {
      view(event);
    }
    if (const auto* const changed = std::get_if<call::ContactChanged>(&event.what)) {
      using Now = call::ContactChanged::Now;
      (changed->now == Now::Registered || changed->now == Now::Unregistered ? registrations : contacts).push_back(*changed);
    } else if (const auto* const held_now = std::get_if<call::CallHeld>(&event.what)) {
      held.push_back(*held_now);
    } else if (std::holds_alternative<call::CallEnded>(event.what)) {
      ended_calls.push_back(event.call_id);
    } else if (const auto* const ended = std::get_if<call::MediaEnded>(&event.what)) {
      ended_media.emplace_back(event.call_id, *ended);
    }
  }
  std::function<void(const call::Event&)> view;                       ///< Sees all of them, if there is one.
  std::vector<call::ContactChanged> registrations;                    ///< Phones that came and went,
  std::vector<call::ContactChanged> contacts;                         ///< others of that kind,
  std::vector<call::CallHeld> held;                                   ///< Who was put on hold,
  std::vector<std::string> ended_calls;                               ///< as here, by Call-ID,
  std::vector<std::pair<std::string, call::MediaEnded>> ended_media;  ///< and here.
};

/// An exchange "X" at 192.0.2.1 with accounts, and phones around it, in virtual time. Every account's password is "secret of <name>".
class ExchangeWorld {
 public:
  struct Options {
    std::uint64_t seed = 1;
    NetworkSettings network = {};
    call::ExchangeSettings exchange = {};
    enum class Media { None, Fake } media = Media::None;  ///< Fake: it has `exchange_media` for calls whose media pass through it.

    /// Media of this account have to be encrypted.
    void encrypt(const std::string& account);
  };

  ExchangeWorld();
  explicit ExchangeWorld(Options options);
  ~ExchangeWorld();

  /// Makes a phone with an account of its name, and registers it.
  ScriptedPhone& add_phone(const std::string& name, PhoneScript script = {});
  /// A phone that nobody knows of.
  ScriptedPhone& add_stranger(const std::string& name, PhoneScript script = {});
  /// Another phone of an account that is there, at a host of its own: a second binding, so that calls fork.
  ScriptedPhone& add_second_phone(const std::string& account, PhoneScript script = {});
  /// A host for something else, with a user agent.
  sip::UserAgent& add_host(const std::string& name);

  /// Submits StartCall for two names of accounts. The Call-ID is "call-<number>" unless one is given.
  call::CommandId start(std::string_view caller, std::string_view callee, std::string call_id = {});
  call::CommandId end(const std::string& call_id);
  /// Submits TransferCall to a name of an account.
  call::CommandId transfer(const std::string& call_id, call::Side side, std::string_view destination);
  /// The same to a party of another call.
  call::CommandId transfer(const call::CallParty& party, const call::CallParty& joins);
  /// Submits HoldCall, of both parties or of one.
  call::CommandId hold(const std::string& call_id, std::optional<call::Side> party = {});
  call::CommandId unhold(const std::string& call_id, std::optional<call::Side> party = {});
  /// Submits any other.
  call::CommandId submit(const call::Command& command);
  [[nodiscard]] bool run_until_event(call::CommandId id, std::string_view text, base::Duration limit = std::chrono::minutes(5));
  [[nodiscard]] bool run_until_ended(call::CommandId id) { return run_until_event(id, "Ended"); }
  void run_for(base::Duration duration) { network.run_for(duration); }

  /// Drops what matches from now on: by sender, receiver and summary; "" matches all.
  void drop(std::string from, std::string to, std::string summary) { dropped_.push_back({std::move(from), std::move(to), std::move(summary), {}}); }
  void stop_dropping() { dropped_.clear(); }

  /// Summaries of what went between two hosts, "> INVITE" from the first, "< 200 INVITE" from the second.
  [[nodiscard]] std::vector<std::string> ladder(std::string_view one, std::string_view other) const;
  [[nodiscard]] std::vector<std::string> ladder(std::string_view one, std::string_view other, std::string_view call_id) const;
  [[nodiscard]] std::size_t count(std::string_view from, std::string_view to, std::string_view summary) const;
  /// The first such message; fails the test and returns an empty one when there is none.
  [[nodiscard]] SentMessage message(std::string_view from, std::string_view to, std::string_view summary, std::size_t number = 0) const;
  /// All that went that way so far, in order.
  [[nodiscard]] std::vector<SentMessage> messages(std::string_view from, std::string_view to) const;
  void clear_wire() { wire_.clear(); }
  /// Nothing passes between this host and the exchange, either way, until `heal`.
  void partition(const std::string& host);
  void heal(const std::string& host);
  /// Everything on the wire so far but registrations, a line for each message, with times, and what was noted in between.
  [[nodiscard]] const std::string& story() const noexcept { return story_; }
  void note(std::string_view what);

  /// Registrations are removed, time passes, and nothing is left anywhere; every command has ended once; no Call-ID is known any more.
  void expect_nothing_left();

  SimulatedNetwork network;
  FakeResolver resolver;
  NullEventSink events;
  CommandLog commands;
  Node& node;
  sip::UserAgent user_agent;
  media::FakeMediaPort exchange_media;
  std::unique_ptr<call::Exchange> exchange;

 private:
  struct Host {
    std::string name;
    std::unique_ptr<sip::UserAgent> user_agent;
    Node* node;
  };

  void on_packet(const Packet& packet);
  [[nodiscard]] Node& node_of(const std::string& host);
  [[nodiscard]] std::string name_of(const base::SocketAddress& address) const;

  std::map<base::SocketAddress, std::string> names_;
  std::vector<Host> hosts_;
  std::vector<std::unique_ptr<ScriptedPhone>> phones_;
  std::vector<SentMessage> wire_;
  std::vector<SentMessage> dropped_;
  std::set<std::string> call_ids_;
  std::string story_;
  base::TimePoint start_;
  std::uint64_t next_command_ = 1;
};

}  // namespace callwright::simulation
