#include "app/test_watch.hpp"

#include <boost/asio/io_context.hpp>
#include <boost/asio/posix/stream_descriptor.hpp>
#include <boost/asio/signal_set.hpp>
#include <boost/asio/steady_timer.hpp>

#include <array>
#include <chrono>
#include <csignal>
#include <filesystem>
#include <set>
#include <system_error>

#include <sys/inotify.h>

namespace callwright::app {
namespace {

namespace fs = std::filesystem;

/// Editors write a file in several steps.
constexpr std::chrono::milliseconds kSettling{150};
constexpr std::size_t kMaxFolders = 4000;

void add_below(const fs::path& folder, std::set<std::string>& folders) {
  if (folders.size() > kMaxFolders || !folders.insert(folder.string()).second) {
    return;
  }
  std::error_code error;
  for (const auto& entry : fs::directory_iterator(folder, fs::directory_options::skip_permission_denied, error)) {
    const std::string name = entry.path().filename().string();
    std::error_code ignored;
    if (entry.is_directory(ignored) && !entry.is_symlink(ignored) && !name.starts_with('.') && name != "node_modules") {
      add_below(entry.path(), folders);
    }
  }
}

std::set<std::string> folders_of(const std::vector<std::string>& paths) {
  std::set<std::string> folders;
  for (const std::string& path : paths) {
    std::error_code error;
    if (fs::is_directory(path, error)) {
      add_below(path, folders);
    } else {
      const fs::path folder = fs::path(path).parent_path();
      folders.insert(folder.empty() ? "." : folder.string());
    }
  }
  return folders;
}

}  // namespace

base::Result<bool> blocking_wait_for_change(const std::vector<std::string>& paths) {
  boost::asio::io_context io;
  const int descriptor = ::inotify_init1(IN_CLOEXEC | IN_NONBLOCK);
  if (descriptor < 0) {
    return base::Error(base::Errc::Io, "--watch: the system cannot tell about changes; is the limit of inotify instances reached?");
  }
  boost::asio::posix::stream_descriptor changes(io, descriptor);
  for (const std::string& folder : folders_of(paths)) {
    static_cast<void>(::inotify_add_watch(descriptor, folder.c_str(), IN_CLOSE_WRITE | IN_MOVED_TO | IN_CREATE | IN_DELETE));
  }
  bool changed = false;
  boost::asio::signal_set signals(io, SIGINT, SIGTERM, SIGHUP);
  signals.async_wait([&](const boost::system::error_code&, int) { io.stop(); });
  boost::asio::steady_timer settled(io);
  changes.async_wait(boost::asio::posix::stream_descriptor::wait_read, [&](const boost::system::error_code& error) {
    if (!error) {
      settled.expires_after(kSettling);
      settled.async_wait([&](const boost::system::error_code&) {
        changed = true;
        io.stop();
      });
    }
  });
  io.run();
  return changed;
}

}  // namespace callwright::app
