#include "app/commands.hpp"
#include "app/service.hpp"
#include "base/log.hpp"

#include <algorithm>
#include <cctype>
#include <csignal>
#include <cstdio>
#include <ctime>
#include <string>
#include <string_view>

#include <pthread.h>

namespace callwright::app {
namespace {

/// SIGINT, SIGTERM and SIGHUP are waited for by the main thread; blocked before any other thread starts, so that none of them gets one.
class StopSignals {
 public:
  StopSignals() {
    sigemptyset(&set_);
    sigaddset(&set_, SIGINT);
    sigaddset(&set_, SIGTERM);
    sigaddset(&set_, SIGHUP);
    pthread_sigmask(SIG_BLOCK, &set_, nullptr);
  }

  /// Returns the signal.
  [[nodiscard]] int blocking_wait() const {
    int signal = 0;
    sigwait(&set_, &signal);
    return signal;
  }
  /// True when one that asks to stop came within this time.
  [[nodiscard]] bool blocking_wait_for(std::chrono::milliseconds time) const {
    const timespec limit{.tv_sec = static_cast<std::time_t>(time.count() / 1000), .tv_nsec = static_cast<long>(time.count() % 1000) * 1'000'000};
    const int signal = sigtimedwait(&set_, nullptr, &limit);
    return signal > 0 && signal != SIGHUP;
  }

 private:
  sigset_t set_{};
};

std::string lower_case(std::string_view text) {
  std::string lower(text);
  std::transform(lower.begin(), lower.end(), lower.begin(), [](unsigned char character) { return static_cast<char>(std::tolower(character)); });
  return lower;
}

void announce(const Config& config, const Service& service) {
  for (const sip::Transport transport : sip::kTransports) {
    for (const base::SocketAddress& address : service.sip_addresses(transport)) {
      std::printf("listening sip %s %s\n", lower_case(sip::to_string(transport)).c_str(), address.to_string().c_str());
    }
  }
  for (const std::string& url : service.call_api_urls()) {
    std::printf("listening call-api %s\n", url.c_str());
  }
  for (const std::string& url : service.http_urls()) {
    std::printf("listening http %s\n", url.c_str());
  }
  if (!config.capture_file.empty()) {
    std::printf("capturing SIP messages to %s\n", config.capture_file.c_str());
  }
  if (config.demo_accounts) {
    std::printf("no accounts are configured: alice, bob and carol may register with the demo passwords of docs/configuration.md\n");
  }
  std::printf("ready\n");
  std::fflush(stdout);
}

}  // namespace

int serve(const Config& config) {
  std::signal(SIGPIPE, SIG_IGN);
  const StopSignals signals;
  call::LogEventSink events;
  auto created = Service::create(config, events);
  if (!created) {
    std::fprintf(stderr, "callwright: cannot start: %s\n", created.error().message().c_str());
    return 1;
  }
  Service& service = **created;
  service.start();
  announce(config, service);

  while (signals.blocking_wait() == SIGHUP) {
    service.reload();
    service.reopen_records();
  }
  const auto drained = service.drain();
  std::printf("stopping: calls may end within %lld ms; once more to hang them up now\n", static_cast<long long>(config.grace.count()));
  std::fflush(stdout);
  while (drained.wait_for(std::chrono::seconds(0)) != std::future_status::ready) {
    if (signals.blocking_wait_for(std::chrono::milliseconds(20))) {
      service.hang_up();
    }
  }
  service.stop();
  std::printf("stopped\n");
  return 0;
}

}  // namespace callwright::app
