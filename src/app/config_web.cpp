#include "app/config_web.hpp"

#include <utility>

namespace callwright::app {
namespace {

constexpr std::string_view kAddresses = "an address with port such as \"127.0.0.1:5060\", or a list of them";

bool take_addresses(std::vector<base::SocketAddress>& out, const ConfigValue& value) {
  std::vector<std::string> texts;
  if (!take_strings(texts, value)) {
    return false;
  }
  std::vector<base::SocketAddress> addresses;
  for (const std::string& text : texts) {
    const auto address = base::SocketAddress::parse(text);
    if (!address) {
      return false;
    }
    addresses.push_back(*address);
  }
  out = std::move(addresses);
  return true;
}

bool take_path(Config& config, const ConfigValue& value) {
  const auto* const text = std::get_if<std::string>(&value);
  const bool good = text != nullptr && text->starts_with('/') && text->find_first_of(" ?#\r\n") == std::string::npos && *text != "/healthz";
  if (good) {
    config.call_api_path = *text;
  }
  return good;
}

constexpr ConfigKey kKeys[] = {
    {"call_api.listen", kAddresses, [](Config& config, const ConfigValue& value) { return take_addresses(config.call_api_listen, value); }},
    {"call_api.path", "a path such as \"/call-api\"", take_path},
    {"call_api.allowed_origins", "a list of origins such as \"https://app.example.com\"",
     [](Config& config, const ConfigValue& value) { return take_strings(config.allowed_origins, value); }},
    {"call_api.tokens", "a file name", [](Config& config, const ConfigValue& value) { return take_text(config.token_file, value); }},
    {"call_api.jwks", "a file name", [](Config& config, const ConfigValue& value) { return take_text(config.jwks_file, value); }},
    {"call_api.jwt_issuer", "a text, the iss of the tokens", [](Config& config, const ConfigValue& value) { return take_text(config.jwt.issuer, value); }},
    {"call_api.jwt_audience", "a text, what aud calls this server",
     [](Config& config, const ConfigValue& value) { return take_text(config.jwt.audience, value); }},
    {"http.listen", kAddresses, [](Config& config, const ConfigValue& value) { return take_addresses(config.http_listen, value); }},
};

}  // namespace

std::span<const ConfigKey> web_config_keys() noexcept { return kKeys; }

}  // namespace callwright::app
