#include "app/config_records.hpp"

#include "net/http_client.hpp"

#include <chrono>

namespace callwright::app {
namespace {

/// As long as a hash has bits that count; `openssl rand -hex 32` gives more.
constexpr std::size_t kShortestSecret = 16;
constexpr std::int64_t kLongestGiveUp = 7 * 24 * 3'600;

bool take(std::string& out, const ConfigValue& value) {
  const auto* const text = std::get_if<std::string>(&value);
  if (text != nullptr) {
    out = *text;
  }
  return text != nullptr;
}

bool take_give_up(Config& config, const ConfigValue& value) {
  const auto* const seconds = std::get_if<std::int64_t>(&value);
  if (seconds == nullptr || *seconds < 1 || *seconds > kLongestGiveUp) {
    return false;
  }
  config.records.webhook_give_up = std::chrono::seconds(*seconds);
  return true;
}

constexpr ConfigKey kKeys[] = {
    {"records.file", "a file name", [](Config& config, const ConfigValue& value) { return take(config.records.file, value); }},
    {"records.database", "a file name", [](Config& config, const ConfigValue& value) { return take(config.records.database, value); }},
    {"records.webhook", "a URL such as \"https://example.com/calls\"",
     [](Config& config, const ConfigValue& value) { return take(config.records.webhook, value); }},
    {"records.webhook_secret", "a text", [](Config& config, const ConfigValue& value) { return take(config.records.webhook_secret, value); }},
    {"records.webhook_dead_letters", "a file name", [](Config& config, const ConfigValue& value) { return take(config.records.webhook_dead_letters, value); }},
    {"records.webhook_ca_file", "a file name", [](Config& config, const ConfigValue& value) { return take(config.records.webhook_ca_file, value); }},
    {"records.webhook_give_up_s", "seconds, 1 to 604800", take_give_up},
};

}  // namespace

std::span<const ConfigKey> records_config_keys() noexcept { return kKeys; }

std::string conflicts_in(const RecordsConfig& config, std::string_view file) {
  const std::string where(file);
  if (config.webhook.empty()) {
    const bool idle = config.webhook_secret.empty() && config.webhook_dead_letters.empty() && config.webhook_ca_file.empty();
    return idle ? "" : where + ": records.webhook is missing, to which the other records.webhook_… keys belong\n";
  }
  std::string problems;
  const auto url = net::HttpUrl::parse(config.webhook);
  if (!url) {
    problems += where + ": records.webhook: " + url.error().message() + "\n";
  } else if (!url->secure && !url->loopback) {
    problems += where + ": records.webhook: records would cross the network in clear; use https:, or http: to a program on this machine\n";
  }
  if (config.webhook_secret.size() < kShortestSecret) {
    problems += where + ": records.webhook needs a records.webhook_secret of 16 characters or more, by which the receiver knows who sends; make one with: " +
                "openssl rand -hex 32\n";
  }
  if (config.webhook_dead_letters.empty()) {
    problems += where + ": records.webhook needs records.webhook_dead_letters, a file for records that could not be delivered\n";
  }
  return problems;
}

}  // namespace callwright::app
