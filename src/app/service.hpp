#pragma once

#include "app/capture.hpp"
#include "app/config.hpp"
#include "app/feature_file.hpp"
#include "app/records.hpp"
#include "app/web_jobs.hpp"
#include "base/random.hpp"
#include "base/result.hpp"
#include "call/event.hpp"
#include "call/exchange.hpp"
#include "net/dns_resolver.hpp"
#include "net/engine_loop.hpp"
#include "net/media_thread.hpp"
#include "net/opensips_link.hpp"
#include "net/sip_transports.hpp"
#include "opensips/connector.hpp"
#include "server/call_api/call_api.hpp"
#include "server/token_gate.hpp"
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
  /// Reads the files of certificates, tokens and keys again, for connections from now on. What goes wrong is logged, and changes nothing.
  void reload();
  /// Call records go on in the files that the configuration names, for whoever has moved those before away.
  void reopen_records() { records_.reopen(); }
  /// Ends both threads. What is still up is cut off.
  void stop();

  [[nodiscard]] net::EngineLoop& loop() noexcept { return loop_; }
  [[nodiscard]] base::Random& random() noexcept { return random_; }
  [[nodiscard]] call::Exchange& exchange() noexcept { return *exchange_; }
  [[nodiscard]] net::DnsResolver& resolver() noexcept { return resolver_; }
  [[nodiscard]] const std::vector<base::SocketAddress>& sip_addresses(sip::Transport transport) const noexcept { return transports_.listeners(transport); }
  /// With the ports in use: "ws://127.0.0.1:5059/call-api", "https://0.0.0.0:8443".
  [[nodiscard]] std::vector<std::string> call_api_urls() const;
  [[nodiscard]] std::vector<std::string> http_urls() const;
  /// "" when there is none.
  [[nodiscard]] std::string call_api_url() const;

 private:
  class Drain;

  Service(const Config& config, call::EventSink& events, std::optional<server::TokenSources> tokens);
  [[nodiscard]] base::Result<void> listen();
  void make_opensips();
  [[nodiscard]] base::Result<void> open_opensips();
  [[nodiscard]] call::CallControl& control() noexcept;
  [[nodiscard]] base::Result<void> listen_for_web();
  /// The web server shows the same certificates as the exchange.
  [[nodiscard]] base::Result<void> blocking_load_web_certificates();
  [[nodiscard]] media::MediaPort& media();
  [[nodiscard]] base::Result<void> blocking_open_capture();
  /// Of the configuration, and over it those of the file.
  [[nodiscard]] base::Result<void> blocking_set_features();

  const Config config_;
  base::SystemRandom random_;
  net::EngineLoop loop_;
  Capture capture_;
  Records records_;
  server::WebServer web_;
  WebJobs web_jobs_;
  server::call_api::Feed feed_;
  server::call_api::FeedTap tap_;
  std::unique_ptr<FeatureFile> feature_file_;  ///< Of the web thread, which has time for files. Null: nothing is kept.
  net::SipTransports transports_;
  net::DnsResolver resolver_;
  std::unique_ptr<sip::UserAgent> user_agent_;
  std::unique_ptr<net::MediaThread> media_;  ///< Made for the first call whose media pass through the exchange.
  std::unique_ptr<call::Exchange> exchange_;
  std::unique_ptr<net::OpenSipsLink> opensips_link_;  ///< Where OpenSIPS carries out the commands; else null, as is the next.
  std::unique_ptr<opensips::Connector> opensips_;
  base::SystemClock web_clock_;
  std::unique_ptr<server::call_api::CallApi> call_api_;
  std::unique_ptr<Drain> drain_;
  std::vector<WebListener> call_api_listeners_;  ///< As bound.
  std::vector<WebListener> http_listeners_;
  bool stopped_ = false;
};

}  // namespace callwright::app
