#include "app/service.hpp"

#include "app/config_web.hpp"
#include "base/log.hpp"
#include "media/codec_names.hpp"
#include "server/call_api/openrpc.hpp"

#include <algorithm>
#include <set>
#include <utility>

namespace callwright::app {
namespace {

constexpr std::size_t kFeedIdSize = 8;

server::WebConfig web_config(const Config& config) {
  server::WebConfig web;
  web.max_connections = config.max_connections;
  web.allowed_origins = config.allowed_origins;
  return web;
}

call::ExchangeSettings exchange_settings(const Config& config) {
  call::ExchangeSettings settings;
  settings.realm = config.realm;
  settings.digest_algorithms = config.digest_algorithms;
  settings.wrong_passwords.failures_per_source = static_cast<unsigned>(config.wrong_passwords_per_source);
  settings.wrong_passwords.failures_per_user = static_cast<unsigned>(config.wrong_passwords_per_user);
  settings.domains = config.domains;
  settings.routes = config.routes;
  settings.trusted = config.trusted;
  settings.offered = config.offered;
  settings.media = config.media;
  settings.media.codecs = media::codecs_by_name(call::AgentMedia().codecs).value();
  for (const AccountConfig& account : config.accounts) {
    if (account.media != nullptr) {
      settings.media_of[account.username] = account.media;
    }
  }
  settings.parking = {.first_slot = config.first_park_slot, .last_slot = config.last_park_slot, .number = config.park_number, .limit = config.park_timeout};
  settings.max_calls = config.max_calls;
  settings.qualify = {.period = config.qualify_period, .misses = config.qualify_misses};
  settings.subscriptions = config.subscriptions;
  settings.timeouts = {.ring = config.ring_timeout, .refer_answer = config.refer_timeout, .referred_call = config.transfer_timeout};
  return settings;
}

/// Nothing when neither of the files is configured.
base::Result<std::optional<server::TokenSources>> blocking_open_tokens(const Config& config) {
  server::TokenSources sources{.rules = config.jwt};
  if (!config.token_file.empty()) {
    auto tokens = server::TokenFile::blocking_open(config.token_file);
    if (!tokens) {
      return tokens.error();
    }
    sources.tokens = std::move(*tokens);
  }
  if (!config.jwks_file.empty()) {
    auto keys = server::blocking_open_jwks(config.jwks_file);
    if (!keys) {
      return keys.error();
    }
    sources.keys = std::move(*keys);
  }
  return sources.tokens || sources.keys ? std::optional(std::move(sources)) : std::nullopt;
}

}  // namespace

/// Looks every now and then whether the last call has ended; lives on the engine thread.
class Service::Drain {
 public:
  Drain(Service& service, base::Duration grace)
      : service_(service), deadline_(service.loop_.clock().now() + grace), timer_(service.loop_.timers(), base::Callback::to<&Drain::look>(*this)) {
    service_.exchange_->refuse_new_calls();
    look();
  }

  [[nodiscard]] std::future<void> done() { return done_.get_future(); }
  void hurry() { deadline_ = service_.loop_.clock().now(); }

 private:
  void look() {
    const base::TimePoint now = service_.loop_.clock().now();
    const bool quiet = service_.exchange_->calls() == 0 && service_.exchange_->streams() == 0 && service_.user_agent_->retired() == 0;
    // Phones that do not answer our BYE are not waited for longer than this.
    const bool late = hanging_up_ && now >= deadline_ + std::chrono::seconds(2);
    if (quiet || late) {
      done_.set_value();
      return;
    }
    if (now >= deadline_ && !hanging_up_) {
      hanging_up_ = true;
      service_.exchange_->shut_down();
    }
    timer_.start(std::chrono::milliseconds(20));
  }

  Service& service_;
  base::TimePoint deadline_;
  base::Timer timer_;
  std::promise<void> done_;
  bool hanging_up_ = false;
};

Service::Service(const Config& config, call::EventSink& events, std::optional<server::TokenSources> tokens)
    : config_(config),
      capture_(loop_, events),
      records_(loop_, random_, capture_),
      web_(web_config(config)),
      web_jobs_(loop_, web_),
      feed_(random_.token(kFeedIdSize)),
      tap_(
          records_, [this](std::function<void()> job) { web_jobs_.add(std::move(job)); },
          [this](server::call_api::FeedTap::Tapped tapped) { feed_.note(std::move(tapped.event), tapped.lost); }),
      transports_(loop_, config.stream_limits, config.source_limits),
      resolver_(loop_) {
  feed_.follow(tap_);
  sip::TransactionLayer::Settings settings;
  settings.timers.t1 = config_.t1;
  settings.max_server_transactions = config_.max_transactions;
  settings.max_dialogs = config_.max_dialogs;
  settings.max_lag = config_.max_lag;
  settings.server_name = "Callwright/" CALLWRIGHT_VERSION;
  user_agent_ = std::make_unique<sip::UserAgent>(loop_.timers(), random_, transports_, resolver_, settings);
  user_agent_->set_session_policy(config_.session);
  transports_.watch_bans([this](const base::IpAddress& source, base::Duration ban) {
    call::Event event{.time = loop_.clock().wall_now(), .agent = {}, .call_id = {}, .what = call::SourceUnbanned{source}};
    if (ban > base::Duration::zero()) {
      event.what = call::SourceBanned{source, std::chrono::duration_cast<std::chrono::seconds>(ban)};
    }
    capture_.on_event(event);
  });
  transports_.set_user(&user_agent_->transport_user());
  exchange_ = std::make_unique<call::Exchange>(*user_agent_, tap_, exchange_settings(config_), [this]() -> media::MediaPort& { return media(); });
  exchange_->open_conferences(config_.conferences);
  for (const AccountConfig& account : config_.accounts) {
    if (account.ha1.empty()) {
      exchange_->accounts().add(account.username, account.password);
    }
    for (const auto& [algorithm, ha1] : account.ha1) {
      exchange_->accounts().add_hashed(account.username, algorithm, ha1);
    }
  }
  make_opensips();
  auto gate = tokens ? std::make_unique<server::TokenGate>(std::move(*tokens), web_clock_, random_) : nullptr;
  call_api_ = std::make_unique<server::call_api::CallApi>(
      server::call_api::CallApi::Config{.limits = {.on_disconnect = config_.on_disconnect, .max_commands_per_client = config_.max_commands_per_client},
                                        .protocol = config_.call_api_protocol},
      server::call_api::EnginePorts{control(), loop_.timers(), [this](std::function<void()> task) { return loop_.post(std::move(task)); },
                                    [this](std::function<void()> job) { web_jobs_.add(std::move(job)); }},
      feed_, std::move(gate));
  web_.add_page(config_.call_api_path + "/openrpc.json", [](const server::HttpRequest& /*request*/) {
    return server::HttpResponse{.status = 200, .content_type = "application/json", .body = server::call_api::openrpc_text()};
  });
  web_.add_page("/healthz", server::health_page(CALLWRIGHT_VERSION));
  web_.add_websocket(config_.call_api_path, [this](const server::HttpRequest& request) { return call_api_->admit(request); });
}

Service::~Service() { stop(); }

base::Result<std::unique_ptr<Service>> Service::create(const Config& config, call::EventSink& events) {
  auto tokens = blocking_open_tokens(config);
  if (!tokens) {
    return tokens.error();
  }
  std::unique_ptr<Service> service(new Service(config, events, std::move(*tokens)));
  if (const auto listening = service->listen(); !listening) {
    return listening.error();
  }
  if (const auto opened = service->open_opensips(); !opened) {
    return opened.error();
  }
  if (const auto set = service->blocking_set_features(); !set) {
    return set.error();
  }
  if (const auto opened = service->blocking_open_capture(); !opened) {
    return opened.error();
  }
  if (const auto opened = service->records_.blocking_open(config.records); !opened) {
    return opened.error();
  }
  return service;
}

base::Result<void> Service::listen() {
  transports_.allow_origins(config_.sip_origins);
  if (const auto taken = transports_.set_tls(config_.tls); !taken) {
    return taken.error();
  }
  std::set<sip::Transport> offered;
  for (const SipListener& listener : config_.all_listeners()) {
    if (listener.transport) {
      offered.insert(*listener.transport);
    } else {
      offered.insert({sip::Transport::Udp, sip::Transport::Tcp});
    }
    const net::ListenOptions options{listener.advertised, listener.dscp};
    const auto listening =
        listener.transport ? transports_.listen(*listener.transport, listener.address, options) : transports_.listen_on_both(listener.address, options);
    if (!listening) {
      return listening.error();
    }
  }
  user_agent_->locator().set_transports({offered.begin(), offered.end()});
  return listen_for_web();
}

base::Result<void> Service::listen_for_web() {
  if (const auto loaded = blocking_load_web_certificates(); !loaded) {
    return loaded.error();
  }
  for (const auto& [wanted, bound] : {std::pair{&config_.call_api_listen, &call_api_listeners_}, std::pair{&config_.http_listen, &http_listeners_}}) {
    for (const WebListener& listener : *wanted) {
      const auto listening = web_.listen(listener.address, listener.security);
      if (!listening) {
        return listening.error();
      }
      bound->push_back({*listening, listener.security});
    }
  }
  return base::ok();
}

void Service::make_opensips() {
  if (config_.connector != CallApiConnector::OpenSips) {
    return;
  }
  opensips::Settings settings = config_.opensips.settings;
  settings.ring_timeout = config_.ring_timeout;
  settings.refer_timeout = config_.refer_timeout;
  settings.transfer_timeout = config_.transfer_timeout;
  opensips_link_ = std::make_unique<net::OpenSipsLink>(
      loop_, net::OpenSipsLink::Options{.mi = config_.opensips.mi, .events = config_.opensips.events, .reply_path = config_.opensips.reply_path});
  opensips_ = std::make_unique<opensips::Connector>(loop_.timers(), random_, *opensips_link_, std::move(settings), tap_);
}

call::CallControl& Service::control() noexcept {
  if (opensips_ != nullptr) {
    return *opensips_;
  }
  return *exchange_;
}

base::Result<void> Service::open_opensips() {
  if (opensips_ == nullptr) {
    return base::ok();
  }
  const auto opened = opensips_link_->open([this](std::string_view bytes) { opensips_->on_datagram(bytes); });
  if (!opened) {
    return opened.error();
  }
  opensips_->start(*opened);
  return base::ok();
}

base::Result<void> Service::blocking_load_web_certificates() {
  if (!serves_web_securely(config_)) {
    return base::ok();
  }
  net::TlsSettings settings = config_.tls;
  settings.client_certificates = net::ClientCertificates::Ignored;  // Those are for phones; clients show tokens.
  const auto tls = net::TlsServer::create(settings);
  if (!tls) {
    return tls.error();
  }
  web_.set_tls({*tls, &(*tls)->context()});
  return base::ok();
}

base::Result<void> Service::blocking_open_capture() {
  if (base::log::enabled(base::log::Level::Trace) || !config_.capture_file.empty()) {
    exchange_->trace_messages();
  }
  if (config_.capture_file.empty()) {
    return base::ok();
  }
  return capture_.blocking_open(config_.capture_file,
                                config_.capture_secure ? net::CaptureFile::SecureTransports::Write : net::CaptureFile::SecureTransports::Leave);
}

base::Result<void> Service::blocking_set_features() {
  call::FeatureBook& book = exchange_->features();
  for (const AccountConfig& account : config_.accounts) {
    if (const auto set = book.set(account.username, account.features); !set) {
      return set.error();
    }
  }
  if (config_.features_file.empty()) {
    return base::ok();
  }
  feature_file_ = std::make_unique<FeatureFile>(config_.features_file);
  if (const auto read = feature_file_->blocking_read(); !read) {
    return read.error();
  }
  for (const auto& [user, features] : feature_file_->entries()) {
    if (const auto set = book.set(user, features); !set) {
      return set.error();
    }
  }
  book.set_listener([this](const std::string& user, const call::UserFeatures& features) {
    web_.post([this, user, features] {
      if (const auto written = feature_file_->blocking_set(user, features); !written) {
        base::log::error("features of users are not kept", {{"reason", written.error().message()}});
      }
    });
  });
  return base::ok();
}

media::MediaPort& Service::media() {
  if (media_ == nullptr) {
    media_ = std::make_unique<net::MediaThread>(loop_);
  }
  return *media_;
}

void Service::start() {
  loop_.start();
  web_.start();
}

std::future<void> Service::drain() {
  auto made = std::make_shared<std::promise<std::future<void>>>();
  auto ready = made->get_future();
  const bool posted = loop_.post([this, made] {
    drain_ = std::make_unique<Drain>(*this, config_.grace);
    made->set_value(drain_->done());
  });
  if (!posted) {
    std::promise<void> nothing;
    nothing.set_value();
    return nothing.get_future();
  }
  return ready.get();
}

void Service::hang_up() {
  static_cast<void>(loop_.post([this] {
    if (drain_ != nullptr) {
      drain_->hurry();
    }
  }));
}

void Service::reload() {
  web_.post([this] { call_api_->reload_tokens(); });
  if (const auto loaded = blocking_load_web_certificates(); !loaded) {
    base::log::error("The certificates of the web server were not reloaded; those before stay in force", {{"reason", loaded.error().message()}});
  }
  static_cast<void>(loop_.post([this] {
    if (const auto taken = transports_.set_tls(config_.tls); !taken) {
      base::log::error("The certificates were not reloaded; those before stay in force", {{"reason", taken.error().message()}});
    } else {
      base::log::info("certificates reloaded", {{"certificates", config_.tls.certificates.size()}});
    }
  }));
}

void Service::stop() {
  if (std::exchange(stopped_, true)) {
    return;
  }
  web_.blocking_stop(std::chrono::seconds(2));
  loop_.stop();
  loop_.join();
  records_.blocking_finish();
}

std::vector<std::string> Service::call_api_urls() const {
  std::vector<std::string> urls;
  for (const WebListener& listener : call_api_listeners_) {
    urls.push_back((listener.security == server::WebSecurity::Tls ? "wss://" : "ws://") + listener.address.to_string() + config_.call_api_path);
  }
  return urls;
}

std::vector<std::string> Service::http_urls() const {
  std::vector<std::string> urls;
  for (const WebListener& listener : http_listeners_) {
    urls.push_back((listener.security == server::WebSecurity::Tls ? "https://" : "http://") + listener.address.to_string());
  }
  return urls;
}

std::string Service::call_api_url() const {
  if (!call_api_listeners_.empty()) {
    return call_api_urls().front();
  }
  return http_listeners_.empty() ? std::string{} : "ws" + http_urls().front().substr(std::string_view("http").size()) + config_.call_api_path;
}

}  // namespace callwright::app
