#include "app/script_exchange.hpp"

#include "app/phone_options.hpp"
#include "sip/uri.hpp"

#include <array>
#include <chrono>
#include <future>
#include <optional>
#include <utility>

namespace callwright::app {
namespace {

using base::Errc;
using base::Error;
using base::Result;

/// Nothing: UDP and TCP.
constexpr std::array<std::optional<sip::Transport>, 4> kListeners{std::nullopt, sip::Transport::Tls, sip::Transport::Ws, sip::Transport::Wss};

}  // namespace

Result<Config> script_exchange_config(const std::string& path) {
  if (path.empty()) {
    Config config;
    config.accounts.clear();
    config.media.mode = call::MediaMode::Bypass;  // What phones offer each other is theirs to test.
    return config;
  }
  const auto file = find_config_file(path);
  if (!file) {
    return file.error();
  }
  auto config = read_config(file->text, file->name, {});
  if (config && config->connector != CallApiConnector::Exchange) {
    return Error(Errc::InvalidArgument, path + ": call_api.connector: the exchange of a test is the built-in one; leave the key out");
  }
  if (config && config->demo_accounts) {
    config->accounts.clear();
  }
  return config;
}

Result<std::unique_ptr<ScriptExchange>> ScriptExchange::blocking_start(Config config) {
  auto certificate = net::OwnCertificate::make(std::chrono::system_clock::now());
  if (!certificate) {
    return certificate.error();
  }
  std::unique_ptr<ScriptExchange> exchange(new ScriptExchange(std::move(*certificate)));
  config.sip_listen.clear();
  config.sip_listeners.clear();
  for (const std::optional<sip::Transport>& transport : kListeners) {
    config.sip_listen.push_back({transport, {base::IpAddress::v4({127, 0, 0, 1}), 0}, std::nullopt, 0});
  }
  config.sip_listen_given = true;
  // The first one is shown where a client names none, as it does for an address.
  config.tls.certificates.insert(config.tls.certificates.begin(), exchange->certificate_.files());
  config.call_api_listen.clear();
  config.http_listen.clear();
  for (const AccountConfig& account : config.accounts) {
    exchange->accounts_.insert(account.username);
  }
  auto service = Service::create(config, exchange->events_);
  if (!service) {
    return Error(service.error().code, "the exchange cannot be started: " + service.error().message());
  }
  exchange->service_ = std::move(*service);
  exchange->service_->start();
  return exchange;
}

boost::json::object ScriptExchange::description() const {
  boost::json::object addresses;
  for (const sip::Transport transport : sip::kTransports) {
    addresses[sip::to_string(transport)] = service_->sip_addresses(transport).front().to_string();
  }
  const boost::json::value domain = addresses[sip::to_string(sip::Transport::Udp)];
  return boost::json::object{{"addresses", std::move(addresses)}, {"authority", certificate_.authority_file()}, {"domain", domain}};
}

/// The first password that an account is named with is its own.
void ScriptExchange::blocking_add(const call::AgentOptions& agent) {
  const std::string user(sip::user_of(agent.address_of_record));
  const std::string_view host = host_of(agent.address_of_record);
  const bool is_new = accounts_.insert(user).second;
  const bool new_domain = domains_.insert(std::string(host)).second;
  if (!is_new && !new_domain) {
    return;
  }
  std::promise<void> added;
  const bool posted = service_->loop().post([&] {
    service_->exchange().add_domain(std::string(host.substr(0, host.find(':'))));
    call::Accounts& accounts = service_->exchange().accounts();
    if (is_new && agent.auth_user.empty()) {
      accounts.add(user, agent.password);
    } else if (is_new) {
      accounts.add_with_name(user, agent.auth_user, agent.password);
    }
    added.set_value();
  });
  if (posted) {
    added.get_future().wait();
  }
}

}  // namespace callwright::app
