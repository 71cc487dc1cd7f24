#pragma once

#include "base/destroy_later.hpp"
#include "base/random.hpp"
#include "base/timers.hpp"
#include "call/call_control.hpp"
#include "call/event.hpp"
#include "opensips/mi_client.hpp"
#include "opensips/proxy_journal.hpp"
#include "opensips/running_command.hpp"
#include "opensips/settings.hpp"
#include "opensips/subscriptions.hpp"
#include "opensips/wire.hpp"

#include <cstddef>
#include <deque>
#include <memory>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

namespace callwright::opensips {

/// The port of the Call API over a running OpenSIPS proxy: commands go to its Management Interface, and its events tell how they go. Engine thread.
///
/// What the proxy sends is given to `on_datagram`, from both sockets alike. Whatever is lost, late, repeated or in another order, each command ends once,
/// within the time-outs of the settings.
class Connector final : public call::CallControl, private CommandDesk {
 public:
  /// All are used for as long as this lives.
  Connector(base::Timers& timers, base::Random& random, Wire& wire, Settings settings, call::EventSink& journal);
  ~Connector() override;
  Connector(const Connector&) = delete;
  Connector& operator=(const Connector&) = delete;

  /// Subscribes to the events of the proxy. Until then it is asked nothing. `event_socket` takes the place of the one in the settings, unless it is "".
  void start(std::string event_socket = {});
  /// An answer or an event: any bytes.
  void on_datagram(std::string_view bytes);

  // call::CallControl
  void submit(call::CommandId id, const call::Command& command, call::CommandObserver& observer) override;
  void cancel(call::CommandId id) override;

  [[nodiscard]] bool is_up() const noexcept { return subscriptions_.is_up(); }
  /// Commands that have not ended.
  [[nodiscard]] std::size_t running() const noexcept { return by_id_.size(); }
  /// Commands that have something to do, calls that are held together from here included.
  [[nodiscard]] std::size_t alive() const noexcept { return commands_.size(); }
  /// Calls at the proxy that it has told of.
  [[nodiscard]] std::size_t calls() const noexcept { return journal_.calls(); }
  /// Requests that wait for an answer.
  [[nodiscard]] std::size_t requests() const noexcept { return client_.pending(); }

 private:
  struct Owned {
    std::unique_ptr<RunningCommand> command;
    std::vector<std::string> topics;
  };

  // CommandDesk
  bool claim(const std::string& topic, RunningCommand& command) override;
  void release(RunningCommand& command) override;
  void forget_referred(const std::string& call_id) override;
  void ended(RunningCommand& command) override;
  void gone(RunningCommand& command) override;

  void run(std::unique_ptr<RunningCommand> command);
  void on_event(const ProxyEvent& event);
  void on_up() { journal_.load(); }

  Settings settings_;
  MiClient client_;
  Subscriptions subscriptions_;
  ProxyJournal journal_;
  std::unordered_map<call::CommandId, RunningCommand*> by_id_;
  std::unordered_map<RunningCommand*, Owned> commands_;
  std::unordered_map<std::string, RunningCommand*> topics_;
  std::deque<ProxyEvent> early_;       ///< Of sessions that nobody has claimed: the answer that names the session may come after them.
  std::deque<std::string> forgotten_;  ///< Call-IDs, the newest last.
  base::DestroyLater<RunningCommand> over_;
};

}  // namespace callwright::opensips
