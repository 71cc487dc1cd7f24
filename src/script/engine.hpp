#pragma once

#include "base/result.hpp"

#include <chrono>
#include <cstddef>
#include <functional>
#include <memory>
#include <string>
#include <string_view>

namespace callwright::script {

/// One JavaScript context (JavaScriptCore). Everything is used on one thread. Promises that became ready are carried on before `evaluate` and `call` return.
class Engine {
 public:
  struct Limits {
    std::chrono::milliseconds turn{5'000};  ///< Time on the processor of one `evaluate` or `call`; beyond it is TimedOut.
    std::size_t memory = 2U << 30U;  ///< Bytes that the process may have in use; beyond it what runs is ended with LimitReached. Looked at some times a turn.
  };
  /// Takes and gives JSON; "" stands for undefined. Its errors are thrown in the script as `Error`.
  using Function = std::function<base::Result<std::string>(std::string_view json)>;

  explicit Engine(Limits limits);
  ~Engine();
  Engine(const Engine&) = delete;
  Engine& operator=(const Engine&) = delete;

  /// A function of the object `native`, which scripts of the library find as a global. `native.compile(source, url)` is always there: evaluates a script and
  /// returns its value.
  void add_function(const std::string& name, Function function);
  /// A whole script. Errors: InvalidArgument with the exception's text and place, TimedOut, LimitReached.
  base::Result<void> evaluate(std::string_view source, const std::string& url);
  /// Calls a global function with one string. Errors: as `evaluate`, and NotFound.
  base::Result<void> call(const std::string& function, std::string_view argument);
  /// From here on the global function gets (promise, reason) of each promise that is rejected and that nobody waits for. Errors: NotFound.
  base::Result<void> tell_rejections_to(const std::string& function);

 private:
  class Context;
  std::unique_ptr<Context> context_;
};

}  // namespace callwright::script
