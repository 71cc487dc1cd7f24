#pragma once

#include "app/script_exchange.hpp"
#include "app/script_phone.hpp"
#include "app/spoken_files.hpp"
#include "net/capture_file.hpp"
#include "net/impairment.hpp"
#include "net/media_thread.hpp"
#include "speech/flite_synthesizer.hpp"
#include "speech/pocketsphinx_recognizer.hpp"

#include <boost/json/object.hpp>

#include <cstdint>
#include <cstdio>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <vector>

namespace callwright::app {

/// The phones of a script, and the exchange that they may use. Owned and asked by the script's thread; the phones live on the engine thread.
class ScriptDesk {
 public:
  /// `tell` is called on the engine thread; `impairment`: of all that the phones send and receive.
  ScriptDesk(ScriptPhone::Tell tell, std::optional<net::Impairment::Options> impairment);
  ~ScriptDesk();
  ScriptDesk(const ScriptDesk&) = delete;
  ScriptDesk& operator=(const ScriptDesk&) = delete;

  /// "phone.create" and the other operations; waits for the engine to have done it. What an operation brings about is told later.
  base::Result<boost::json::object> blocking_ask(std::string_view operation, const boost::json::object& arguments);
  /// An exchange of this process, as the file at `path` has it, which gets accounts for the agents that are made from now on; "": one without more. Again: the
  /// same.
  base::Result<boost::json::object> blocking_start_exchange(const std::string& path);
  /// From here on all SIP messages and all media of the phones go into a file; "": into none, and the one before is complete.
  base::Result<void> blocking_capture(const std::string& path);
  /// Besides, all of them go there from here on: for Wireshark where the name ends in ".pcap", else as text; "-": standard error.
  base::Result<void> blocking_trace(const std::string& path);

 private:
  class Farewell;

  base::Result<media::SourceSpec> blocking_source(const boost::json::object& source);
  base::Result<boost::json::object> blocking_create(const boost::json::object& options);
  void create(std::uint64_t id, const ScriptPhonePlan& plan, const ScriptPhone::Answer& answer);
  base::Result<boost::json::object> blocking_on_engine(const std::function<void(const ScriptPhone::Answer& answer)>& task);
  void blocking_complete_files();
  void look();
  void close(std::uint64_t id);
  void captured(const call::Event& event);
  void captured(const std::vector<net::TappedPacket>& packets);

  const ScriptPhone::Tell tell_;
  const std::optional<net::Impairment::Options> impairment_;
  const net::Impairment::Behind impaired_ = std::make_shared<std::unordered_set<base::SocketAddress>>();  ///< Engine thread.
  base::SystemRandom random_;
  net::EngineLoop loop_;
  net::EngineLoop files_{{.name = "capture"}};
  net::DnsResolver resolver_{loop_};
  net::MediaThread media_;
  speech::PocketSphinxFactory recognizers_;
  SpokenFiles spoken_;
  std::map<std::uint64_t, std::unique_ptr<ScriptPhone>> phones_;  ///< Engine thread, as are the next.
  std::map<std::uint64_t, std::unique_ptr<ScriptPhone>> leaving_;
  std::unique_ptr<net::CaptureFile> capture_;
  std::unique_ptr<net::CaptureFile> trace_;
  std::FILE* trace_text_ = nullptr;
  base::Timer look_;
  std::unique_ptr<ScriptExchange> exchange_;
  std::uint64_t last_id_ = 0;
};

}  // namespace callwright::app
