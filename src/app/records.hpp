#pragma once

#include "app/config.hpp"
#include "base/random.hpp"
#include "base/result.hpp"
#include "call/call_records.hpp"
#include "call/event.hpp"
#include "net/engine_loop.hpp"

#include <memory>

namespace callwright::app {

/// Call records as a view of the journal: each goes to the file, to the database and to the webhook of the configuration. All events pass on to the next sink.
class Records final : public call::EventSink {
 public:
  /// All of these outlive it; `engine` is the loop whose events come, `random` belongs to its thread.
  Records(net::EngineLoop& engine, base::Random& random, call::EventSink& next);
  /// As `blocking_finish`.
  ~Records() override;
  Records(const Records&) = delete;
  Records& operator=(const Records&) = delete;

  /// Once, before the engine runs. The error says what cannot be written to.
  base::Result<void> blocking_open(const RecordsConfig& config);
  /// Engine thread.
  void on_event(const call::Event& event) override;
  /// Any thread: files of lines go on where their paths lead now.
  void reopen();
  /// When the engine has stopped: records what is left, and returns when all is written, and delivered or among the dead letters.
  void blocking_finish();

 private:
  class Writer;

  void pass_on(call::CallRecord record);

  net::EngineLoop& engine_;
  base::Random& random_;
  call::EventSink& next_;
  net::EngineLoop worker_;          ///< Whatever waits for the disk.
  std::unique_ptr<Writer> writer_;  ///< On that. Null: no records are wanted.
  std::unique_ptr<call::CallRecords> records_;
};

}  // namespace callwright::app
