#pragma once

#include "base/result.hpp"
#include "call/event.hpp"
#include "net/capture_file.hpp"
#include "net/engine_loop.hpp"

#include <memory>
#include <string>

namespace callwright::app {

/// The capture file as a view of the journal: its SIP messages, which are masked there. Everything else passes on to the next sink.
class Capture final : public call::EventSink {
 public:
  /// `next` outlives the capture; `engine` is the loop whose events come.
  Capture(net::EngineLoop& engine, call::EventSink& next) : engine_(engine), next_(next) {}
  /// Ends the thread that writes when all is written. The engine has stopped by then.
  ~Capture() override;
  Capture(const Capture&) = delete;
  Capture& operator=(const Capture&) = delete;

  /// Once, before the engine runs.
  base::Result<void> blocking_open(const std::string& path, net::CaptureFile::SecureTransports secure);
  [[nodiscard]] bool is_open() const noexcept { return file_ != nullptr; }

  void on_event(const call::Event& event) override;

 private:
  net::EngineLoop& engine_;
  call::EventSink& next_;
  net::EngineLoop files_;
  std::unique_ptr<net::CaptureFile> file_;
};

}  // namespace callwright::app
