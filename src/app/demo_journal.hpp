#pragma once

#include "call/event.hpp"
#include "verify/ladder.hpp"

#include <functional>
#include <future>
#include <map>
#include <string>
#include <vector>

namespace callwright::app {

/// What the demo wants to know of the journal: moments that the main thread waits for, and everything that went over the wire.
/// Events come on the engine thread; the rest is for the main thread, `messages` only after the engine has stopped.
class DemoJournal final : public call::EventSink {
 public:
  struct Heard {
    double frequency_hz = 0;
    double level_dbov = 0;
    base::Duration first_audio{};
  };
  using HeardByAgent = std::map<std::string, Heard>;
  using Recordings = std::map<std::string, base::Duration>;  ///< By path.

  explicit DemoJournal(std::size_t phones) : phones_(phones) {}

  void on_event(const call::Event& event) override;

  std::future<void> registered() { return registered_.get_future(); }
  std::future<HeardByAgent> heard() { return heard_.get_future(); }
  std::future<void> ended() { return ended_.get_future(); }
  /// Of all phones.
  std::future<Recordings> recorded() { return recorded_.get_future(); }
  std::future<void> unregistered() { return unregistered_.get_future(); }
  [[nodiscard]] const std::vector<verify::LadderMessage>& messages() const noexcept { return messages_; }

 private:
  void on_audio(const std::string& agent, const call::AudioHeard& audio);
  void on_call_ended(const std::string& agent);
  void on_recorded(const call::CallRecorded& recorded);

  const std::size_t phones_;
  std::size_t registrations_ = 0;
  std::map<std::string, int> calls_;  ///< Calls in progress by agent.
  HeardByAgent hearing_;
  bool all_heard_ = false;
  bool all_ended_ = false;
  std::promise<void> registered_;
  std::promise<HeardByAgent> heard_;
  std::promise<void> ended_;
  std::promise<void> unregistered_;
  Recordings recordings_;
  std::promise<Recordings> recorded_;
  std::vector<verify::LadderMessage> messages_;
};

}  // namespace callwright::app
