#pragma once

#include "app/script_desk.hpp"
#include "net/engine_loop.hpp"
#include "net/http_client.hpp"
#include "script/engine.hpp"

#include <boost/json/object.hpp>
#include <boost/json/value.hpp>

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
  void tell(boost::json::object message);
  [[nodiscard]] int status() const noexcept { return status_; }

 private:
  using Outcome = base::Result<boost::json::value>;

  void turn();
  void wake();
  Outcome answer(std::string_view operation, const boost::json::object& arguments);
  Outcome begin_http(const boost::json::object& arguments);
  void add_functions();

  net::EngineLoop& loop_;
  script::Engine engine_;
  base::SystemRandom random_;
  base::BoundedQueue<std::string> messages_;
  base::Timer wake_;
  std::unique_ptr<net::HttpClient> http_;
  ScriptDesk desk_;
  int status_ = 1;
};

}  // namespace callwright::app
