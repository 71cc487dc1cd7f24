#include "app/child_process.hpp"

#include <boost/asio/buffer.hpp>
#include <boost/asio/write.hpp>

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <exception>
#include <iterator>
#include <utility>

#include <fcntl.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

namespace callwright::app {

using base::Errc;
using base::Error;
using base::Result;

namespace {

/// A descriptor that is closed when nobody has taken it.
class Descriptor {
 public:
  Descriptor() = default;
  ~Descriptor() {
    if (value_ >= 0) {
      ::close(value_);
    }
  }
  Descriptor(const Descriptor&) = delete;
  Descriptor& operator=(const Descriptor&) = delete;

  void set(int value) noexcept { value_ = value; }
  [[nodiscard]] int get() const noexcept { return value_; }
  [[nodiscard]] int release() noexcept { return std::exchange(value_, -1); }

 private:
  int value_ = -1;
};

struct Pipe {
  Descriptor read;
  Descriptor write;

  bool open() {
    std::array<int, 2> ends{};
    if (::pipe2(ends.data(), O_CLOEXEC) != 0) {
      return false;
    }
    read.set(ends[0]);
    write.set(ends[1]);
    return true;
  }
};

constexpr std::array kOwnSignals = {SIGINT, SIGTERM, SIGHUP, SIGPIPE, SIGCHLD};

/// What it reads, writes, and writes its log to.
using Streams = std::array<int, 3>;

/// Loading all libraries again takes longer than many a test, so a copy of this process is what is started.
class Copy {
 public:
  /// 0, or an error number.
  static int start(pid_t& pid, int (*body)(), const Streams& streams) {
    std::fflush(nullptr);
    sigset_t all{};
    sigset_t before{};
    sigfillset(&all);
    ::pthread_sigmask(SIG_SETMASK, &all, &before);
    pid = ::fork();
    const int error = pid < 0 ? errno : 0;
    if (pid == 0) {
      become(body, streams);
    }
    ::pthread_sigmask(SIG_SETMASK, &before, nullptr);
    // Whoever is first.
    static_cast<void>(::setpgid(pid, pid));
    return error;
  }

 private:
  [[noreturn]] static void become(int (*body)(), const Streams& streams) {
    ::setpgid(0, 0);
    for (std::size_t index = 0; index < streams.size(); ++index) {
      ::dup2(streams[index], static_cast<int>(index));
    }
    ::close_range(STDERR_FILENO + 1, ~0U, 0);
    std::for_each(kOwnSignals.begin(), kOwnSignals.end(), [](int signal) { std::signal(signal, SIG_DFL); });
    sigset_t none{};
    sigemptyset(&none);
    ::pthread_sigmask(SIG_SETMASK, &none, nullptr);
    try {
      std::_Exit(body());
    } catch (const std::exception& error) {
      std::fprintf(stderr, "callwright: %s\n", error.what());
      std::fflush(nullptr);
    }
    std::_Exit(1);
  }
};

/// What posix_spawn does between fork and exec.
class SpawnPlan {
 public:
  explicit SpawnPlan(const Streams& streams) {
    posix_spawn_file_actions_init(&actions_);
    posix_spawnattr_init(&attributes_);
    for (std::size_t index = 0; index < streams.size(); ++index) {
      posix_spawn_file_actions_adddup2(&actions_, streams[index], static_cast<int>(index));
    }
    separate();
  }
  ~SpawnPlan() {
    posix_spawn_file_actions_destroy(&actions_);
    posix_spawnattr_destroy(&attributes_);
  }
  SpawnPlan(const SpawnPlan&) = delete;
  SpawnPlan& operator=(const SpawnPlan&) = delete;

  int start(pid_t& pid, const ChildProgram& program) {
    std::vector<std::string> words{"callwright"};
    words.insert(words.end(), program.arguments.begin(), program.arguments.end());
    std::vector<char*> arguments;
    std::transform(words.begin(), words.end(), std::back_inserter(arguments), [](std::string& word) { return word.data(); });
    arguments.push_back(nullptr);
    return ::posix_spawn(&pid, program.path.c_str(), &actions_, &attributes_, arguments.data(), environ);
  }

 private:
  /// A group of its own, and signals as a program expects them.
  void separate() {
    sigset_t none{};
    sigemptyset(&none);
    sigset_t defaults{};
    sigemptyset(&defaults);
    std::for_each(kOwnSignals.begin(), kOwnSignals.end(), [&defaults](int signal) { sigaddset(&defaults, signal); });
    posix_spawnattr_setsigmask(&attributes_, &none);
    posix_spawnattr_setsigdefault(&attributes_, &defaults);
    posix_spawnattr_setpgroup(&attributes_, 0);
    posix_spawnattr_setflags(&attributes_, POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF | POSIX_SPAWN_SETPGROUP);
  }

  posix_spawn_file_actions_t actions_{};
  posix_spawnattr_t attributes_{};
};

}  // namespace

/// One of the pipes that it writes to.
struct ChildProcess::Reader {
  explicit Reader(boost::asio::io_context& io, verify::LineSplitter splitter) : pipe(io), lines(std::move(splitter)) {}

  boost::asio::posix::stream_descriptor pipe;
  verify::LineSplitter lines;
  std::array<char, 65536> buffer{};
  bool open = true;
};

Result<std::shared_ptr<ChildProcess>> ChildProcess::start(boost::asio::io_context& io, ChildProgram program, Handlers handlers) {
  std::shared_ptr<ChildProcess> child(new ChildProcess(io, std::move(program), std::move(handlers)));
  if (const auto spawned = child->spawn(); !spawned) {
    return spawned.error();
  }
  child->send(child->program_.input);
  child->read(child->output_);
  child->read(child->log_);
  return child;
}

ChildProcess::ChildProcess(boost::asio::io_context& io, ChildProgram program, Handlers handlers)
    : io_(io), program_(std::move(program)), handlers_(std::move(handlers)), input_(io), grace_(io), pipes_(io) {}

ChildProcess::~ChildProcess() {
  if (pid_ > 0 && !ended_) {
    kill();
    int status = 0;
    static_cast<void>(::waitpid(pid_, &status, 0));
  }
}

Result<void> ChildProcess::spawn() {
  Pipe input;
  Pipe output;
  Pipe log;
  if (!input.open() || !output.open() || !log.open()) {
    return Error(Errc::Io, "no descriptor is left for another process; use fewer --jobs, or allow more (ulimit -n)");
  }
  const Streams streams{input.read.get(), output.write.get(), log.write.get()};
  if (const int error = program_.path.empty() ? Copy::start(pid_, program_.body, streams) : SpawnPlan(streams).start(pid_, program_); error != 0) {
    pid_ = -1;
    return Error(Errc::Io, fmt::format("no process could be started{}{}: {}", program_.path.empty() ? "" : " from ", program_.path, std::strerror(error)));
  }
  const auto dropped = [this](std::size_t) { ++end_.dropped_lines; };
  output_ = std::make_shared<Reader>(io_, verify::LineSplitter([this](std::string_view line) { handlers_.on_line(line); }, dropped));
  log_ = std::make_shared<Reader>(io_, verify::LineSplitter([this](std::string_view line) { handlers_.on_log(line); }, dropped));
  input_.assign(input.write.release());
  output_->pipe.assign(output.read.release());
  log_->pipe.assign(log.read.release());
  return base::ok();
}

void ChildProcess::stop() {
  if (std::exchange(stopping_, true) || ended_) {
    return;
  }
  if (program_.stop_order.empty()) {
    static_cast<void>(::kill(pid_, SIGTERM));
  } else {
    send(program_.stop_order);
  }
  grace_.expires_after(program_.grace);
  grace_.async_wait([self = weak_from_this()](const boost::system::error_code& error) {
    const auto child = self.lock();
    if (!error && child) {
      child->kill();
    }
  });
}

void ChildProcess::kill() noexcept {
  if (pid_ > 0 && !ended_) {
    static_cast<void>(::kill(-pid_, SIGKILL));
  }
}

void ChildProcess::on_child_signal() {
  int status = 0;
  if (ended_ || ::waitpid(pid_, &status, WNOHANG) != pid_) {
    return;
  }
  ended_ = true;
  end_.status = WIFEXITED(status) ? WEXITSTATUS(status) : 0;
  end_.signal = WIFSIGNALED(status) ? WTERMSIG(status) : 0;
  grace_.cancel();
  pipes_.expires_after(kPipesAfterEnd);
  pipes_.async_wait([self = weak_from_this()](const boost::system::error_code& error) {
    const auto child = self.lock();
    if (!error && child) {
      child->output_->pipe.close();
      child->log_->pipe.close();
    }
  });
  finish_when_over();
}

void ChildProcess::send(std::string_view text) {
  waiting_ += text;
  if (writing_.empty()) {
    write_next();
  }
}

void ChildProcess::write_next() {
  writing_ = std::exchange(waiting_, {});
  if (writing_.empty()) {
    return;
  }
  boost::asio::async_write(input_, boost::asio::buffer(writing_), [self = shared_from_this()](const boost::system::error_code& error, std::size_t) {
    self->writing_.clear();
    // One that does not read any more has ended, or is about to.
    if (!error) {
      self->write_next();
    }
  });
}

void ChildProcess::read(const std::shared_ptr<Reader>& reader) {
  reader->pipe.async_read_some(boost::asio::buffer(reader->buffer),
                               [self = shared_from_this(), reader](const boost::system::error_code& error, std::size_t count) {
                                 if (error) {
                                   self->end_of(*reader);
                                   return;
                                 }
                                 reader->lines.add({reader->buffer.data(), count});
                                 self->read(reader);
                               });
}

void ChildProcess::end_of(Reader& reader) {
  reader.open = false;
  reader.lines.finish();
  finish_when_over();
}

void ChildProcess::finish_when_over() {
  if (!ended_ || output_->open || log_->open || !handlers_.on_end) {
    return;
  }
  pipes_.cancel();
  input_.close();
  const auto on_end = std::exchange(handlers_.on_end, {});
  on_end(end_);
}

std::string signal_text(int signal) {
  const char* const name = ::sigabbrev_np(signal);
  return name == nullptr ? fmt::format("signal {}", signal) : fmt::format("SIG{} ({})", name, ::strsignal(signal));
}

}  // namespace callwright::app
