#pragma once

#include "app/script_artifacts.hpp"
#include "app/script_desk.hpp"
#include "net/engine_loop.hpp"
#include "net/http_client.hpp"
#include "script/engine.hpp"
#include "server/mock_http_server.hpp"

#include <boost/json/object.hpp>
#include <boost/json/value.hpp>

#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace callwright::app {

/// The script library and what it asks of this process. One thread, that of `loop`; what happens on others comes as messages.
class ScriptHost {
 public:
  explicit ScriptHost(net::EngineLoop& loop);
  ~ScriptHost();
  ScriptHost(const ScriptHost&) = delete;
  ScriptHost& operator=(const ScriptHost&) = delete;

  /// Errors: those of the library itself, which are bugs.
  base::Result<void> load();
  /// Any thread. A message for `turn` of main.mjs.
  void tell(const boost::json::object& message);
  [[nodiscard]] int status() const noexcept { return status_; }
  /// Phones, servers and files end; nothing is told to the script any more.
  void close();

 private:
  using Outcome = base::Result<boost::json::value>;

  void turn();
  /// A JSON array of messages, to the script.
  void pass(const std::string& batch);
  void wake();
  Outcome answer(std::string_view operation, const boost::json::object& arguments);
  static Outcome open_log(const std::string& path);
  Outcome configure(const boost::json::object& arguments);
  Outcome scenario(std::string_view step, const boost::json::object& arguments);
  Outcome file(std::string_view step, const boost::json::object& arguments);
  Outcome begin_http(const boost::json::object& arguments);
  Outcome start_mock(const boost::json::object& arguments);
  Outcome answer_mock(const boost::json::object& arguments);
  void add_functions();

  net::EngineLoop& loop_;
  script::Engine engine_;
  base::SystemRandom random_;
  base::BoundedQueue<std::string> messages_;
  base::Timer wake_;
  std::unique_ptr<net::HttpClient> http_;
  std::map<std::uint64_t, std::unique_ptr<server::MockHttpServer>> mocks_;
  std::uint64_t last_mock_ = 0;
  ScriptArtifacts artifacts_;
  std::unique_ptr<ScriptDesk> desk_;  ///< Null where a file is only looked at.
  int status_ = 1;
};

}  // namespace callwright::app
