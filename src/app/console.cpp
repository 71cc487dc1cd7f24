#include "app/console.hpp"

#include <algorithm>
#include <array>
#include <cerrno>
#include <csignal>
#include <cstdint>
#include <cstdio>
#include <memory>
#include <string>
#include <utility>

#include <poll.h>
#include <pthread.h>
#include <sys/eventfd.h>
#include <sys/signalfd.h>
#include <sys/stat.h>
#include <unistd.h>

namespace callwright::app {
namespace {

constexpr int kInterrupted = 130;

/// A terminal or pipe has somebody at its other end; /dev/null and files have not.
bool has_other_end(int descriptor) noexcept {
  struct stat status {};
  return isatty(descriptor) != 0 || (fstat(descriptor, &status) == 0 && (S_ISFIFO(status.st_mode) || S_ISSOCK(status.st_mode)));
}

/// How much of a descriptor's counter or signals there was; they carry nothing else that counts.
void drain(int descriptor) noexcept {
  std::array<char, 512> buffer;
  static_cast<void>(read(descriptor, buffer.data(), buffer.size()));
}

}  // namespace

base::Result<std::unique_ptr<Console>> Console::create() {
  std::signal(SIGPIPE, SIG_IGN);
  sigset_t set{};
  sigemptyset(&set);
  sigaddset(&set, SIGINT);
  sigaddset(&set, SIGTERM);
  pthread_sigmask(SIG_BLOCK, &set, nullptr);
  const int signals = signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
  const int wake = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
  std::unique_ptr<Console> console(new Console(wake, signals));
  if (signals < 0 || wake < 0) {
    return base::Error(base::Errc::Io, "No descriptor is left for signals; allow more (ulimit -n)");
  }
  return console;
}

Console::~Console() {
  close(wake_);
  close(signals_);
}

void Console::print(std::string line) {
  if (lines_.push(std::move(line)).was_empty) {
    wake();
  }
}

void Console::finish(int status) {
  status_.store(status);
  wake();
}

void Console::wake() const noexcept {
  const std::uint64_t one = 1;
  static_cast<void>(write(wake_, &one, sizeof one));
}

bool Console::blocking_flush() {
  for (const std::string& line : lines_.take_all()) {
    std::fwrite(line.data(), 1, line.size(), stdout);
    std::fputc('\n', stdout);
  }
  return std::fflush(stdout) == 0;
}

void Console::take_input(const Handlers& handlers) {
  std::array<char, kMaxLine> buffer;
  const ssize_t count = read(STDIN_FILENO, buffer.data(), buffer.size());
  if (count < 0 && (errno == EINTR || errno == EAGAIN)) {
    return;
  }
  if (count <= 0) {
    input_open_ = false;
    if (has_other_end(STDIN_FILENO)) {
      handlers.on_end_of_input();
    }
    return;
  }
  for (const char character : std::string_view(buffer.data(), static_cast<std::size_t>(count))) {
    if (character != '\n') {
      if (input_.size() < kMaxLine) {
        input_ += character;
      }
      continue;
    }
    if (input_.ends_with('\r')) {
      input_.pop_back();
    }
    if (!input_.empty()) {
      handlers.on_line(std::exchange(input_, {}));
    }
  }
}

int Console::blocking_run(const Handlers& handlers) {
  bool stopping = false;
  bool readable = true;
  while (true) {
    std::array<pollfd, 3> waiting{{{wake_, POLLIN, 0}, {signals_, POLLIN, 0}, {input_open_ ? STDIN_FILENO : -1, POLLIN, 0}}};
    static_cast<void>(poll(waiting.data(), waiting.size(), -1));
    bool stop = false;
    if (waiting[0].revents != 0) {
      drain(wake_);
      const int status = status_.load();
      const bool written = blocking_flush();
      stop = readable && !written;
      readable = written;
      if (status >= 0) {
        if (lines_.dropped() > 0) {
          std::fprintf(stderr, "callwright: %zu lines were not printed, since nobody read them\n", lines_.dropped());
        }
        return status;
      }
    }
    if (waiting[1].revents != 0) {
      drain(signals_);
      if (stopping) {
        static_cast<void>(blocking_flush());
        return kInterrupted;
      }
      stop = true;
    }
    if (stop) {
      stopping = true;
      handlers.on_stop();
    }
    if (waiting[2].revents != 0) {
      take_input(handlers);
    }
  }
}

}  // namespace callwright::app
