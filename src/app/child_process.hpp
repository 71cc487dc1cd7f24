#pragma once

#include "base/result.hpp"
#include "verify/run/line_splitter.hpp"

#include <boost/asio/io_context.hpp>
#include <boost/asio/posix/stream_descriptor.hpp>
#include <boost/asio/steady_timer.hpp>

#include <array>
#include <chrono>
#include <cstddef>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include <sys/types.h>

namespace callwright::app {

/// How a process ended.
struct ChildEnd {
  int status = 0;  ///< Of exit.
  int signal = 0;  ///< That ended it; 0 for none.
  std::size_t dropped_lines = 0;
};

/// What is started, and how it is told to stop.
struct ChildProgram {
  std::string path;  ///< "": no program, but `body`,
  std::vector<std::string> arguments;
  std::string input = {};       ///< For its standard input, which stays open.
  std::string stop_order = {};  ///< A line for its standard input; "": it gets SIGTERM.
  int (*body)() = nullptr;      ///< which runs in a copy of this process, and whose value is its exit status. This process has one thread then.
  /// How long it may take to end after that. A test hangs up and un-registers.
  std::chrono::milliseconds grace{5'000};
};

/// A process of ours: what it says comes out on standard output, its log on standard error. It has a process group of its own, so that Ctrl-C reaches it only
/// through us. All calls and handlers are on the thread of the `io_context`.
class ChildProcess : public std::enable_shared_from_this<ChildProcess> {
 public:
  struct Handlers {
    std::function<void(std::string_view line)> on_line;  ///< Of standard output.
    std::function<void(std::string_view line)> on_log;   ///< Of standard error.
    std::function<void(const ChildEnd& end)> on_end;     ///< Once, as the last one: it has ended and all it wrote was read.
  };

  /// How long what it started may keep its pipes open.
  static constexpr std::chrono::seconds kPipesAfterEnd{1};

  /// Errors: Io.
  static base::Result<std::shared_ptr<ChildProcess>> start(boost::asio::io_context& io, ChildProgram program, Handlers handlers);
  ~ChildProcess();
  ChildProcess(const ChildProcess&) = delete;
  ChildProcess& operator=(const ChildProcess&) = delete;

  /// It is told to; after the grace time it is killed.
  void stop();
  /// At once, with all that it started.
  void kill() noexcept;
  /// A child of this process has ended: looks whether it was this one.
  void on_child_signal();

 private:
  ChildProcess(boost::asio::io_context& io, ChildProgram program, Handlers handlers);
  base::Result<void> spawn();
  void send(std::string_view text);
  void write_next();
  struct Reader;
  void read(const std::shared_ptr<Reader>& reader);
  void end_of(Reader& reader);
  void finish_when_over();

  boost::asio::io_context& io_;
  const ChildProgram program_;
  Handlers handlers_;
  boost::asio::posix::stream_descriptor input_;
  std::shared_ptr<Reader> output_;
  std::shared_ptr<Reader> log_;
  boost::asio::steady_timer grace_;
  boost::asio::steady_timer pipes_;
  std::string waiting_;  ///< For its standard input.
  std::string writing_;
  pid_t pid_ = -1;
  bool ended_ = false;
  bool stopping_ = false;
  ChildEnd end_;
};

/// The signal's name and what it means: "SIGSEGV (Segmentation fault)".
[[nodiscard]] std::string signal_text(int signal);

}  // namespace callwright::app
