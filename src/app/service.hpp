#pragma once

#include "app/capture.hpp"
#include "app/config.hpp"
#include "app/feature_file.hpp"
#include "base/random.hpp"
#include "base/result.hpp"
#include "call/event.hpp"
#include "call/exchange.hpp"
#include "net/dns_resolver.hpp"
#include "net/engine_loop.hpp"
#include "net/media_thread.hpp"
#include "net/sip_transports.hpp"
#include "server/call_api/call_api.hpp"
#include "server/token_file.hpp"
#include "server/web_server.hpp"
#include "sip/user_agent.hpp"

#include <future>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace callwright::app {

/// The server whole: exchange, Call API and HTTP, wired and running. Made, stopped and destroyed from one thread; the engine and the web server have
/// threads of their own.
class Service {
 public:
  /// Binds all listeners; nothing runs until `start`. `events` is called on the engine thread and outlives the service.
  static base::Result<std::unique_ptr<Service>> create(const Config& config, call::EventSink& events);
  ~Service();
  Service(const Service&) = delete;
  Service& operator=(const Service&) = delete;

  void start();
  /// Refuses new calls, lets those that are up end within the grace time, then hangs up the rest. Ready when no call is left.
  [[nodiscard]] std::future<void> drain();
  /// Hangs up everything now; a drain becomes ready soon after.
  void hang_up();
  /// Reads the certificate files again, for connections from now on. What goes wrong is logged, and changes nothing.
  void reload_certificates();
  /// Ends both threads. What is still up is cut off.
  void stop();

  [[nodiscard]] net::EngineLoop& loop() noexcept { return loop_; }
  [[nodiscard]] base::Random& random() noexcept { return random_; }
  [[nodiscard]] call::Exchange& exchange() noexcept { return *exchange_; }
  [[nodiscard]] net::DnsResolver& resolver() noexcept { return resolver_; }
  [[nodiscard]] const std::vector<base::SocketAddress>& sip_addresses(sip::Transport transport) const noexcept { return transports_.listeners(transport); }
  [[nodiscard]] const std::vector<base::SocketAddress>& call_api_addresses() const noexcept { return call_api_addresses_; }
  [[nodiscard]] const std::vector<base::SocketAddress>& http_addresses() const noexcept { return http_addresses_; }
  [[nodiscard]] std::string call_api_url() const;

 private:
  class Drain;

  Service(const Config& config, call::EventSink& events, std::optional<server::TokenFile> tokens);
  [[nodiscard]] base::Result<void> listen();
  [[nodiscard]] media::MediaPort& media();
  [[nodiscard]] base::Result<void> blocking_open_capture();
  /// Of the configuration, and over it those of the file.
  [[nodiscard]] base::Result<void> blocking_set_features();

  const Config config_;
  base::SystemRandom random_;
  net::EngineLoop loop_;
  Capture capture_;
  server::WebServer web_;
  server::call_api::Feed feed_;
  server::call_api::FeedTap tap_;
  std::unique_ptr<FeatureFile> feature_file_;  ///< Of the web thread, which has time for files. Null: nothing is kept.
  net::SipTransports transports_;
  net::DnsResolver resolver_;
  std::unique_ptr<sip::UserAgent> user_agent_;
  std::unique_ptr<net::MediaThread> media_;  ///< Made for the first call whose media pass through the exchange.
  std::unique_ptr<call::Exchange> exchange_;
  base::SystemClock web_clock_;
  std::unique_ptr<server::call_api::CallApi> call_api_;
  std::unique_ptr<Drain> drain_;
  std::vector<base::SocketAddress> call_api_addresses_;
  std::vector<base::SocketAddress> http_addresses_;
  bool stopped_ = false;
};

}  // namespace callwright::app
