#include "app/config_web.hpp"

#include <algorithm>
#include <utility>

namespace callwright::app {
namespace {

constexpr std::string_view kCallApiAddresses = "an address with port such as \"127.0.0.1:5059\", or \"wss:0.0.0.0:5060\" for TLS, or a list of them";
constexpr std::string_view kHttpAddresses = "an address with port such as \"127.0.0.1:8080\", or \"https:0.0.0.0:8443\" for TLS, or a list of them";

/// What may stand before an address.
struct Schemes {
  std::string_view plain;
  std::string_view secure;
};

bool take_listeners(std::vector<WebListener>& out, const ConfigValue& value, Schemes schemes) {
  std::vector<std::string> texts;
  if (!take_strings(texts, value)) {
    return false;
  }
  std::vector<WebListener> listeners;
  for (std::string_view text : texts) {
    const bool secure = text.starts_with(schemes.secure);
    text.remove_prefix(secure ? schemes.secure.size() : text.starts_with(schemes.plain) ? schemes.plain.size() : 0);
    const auto address = base::SocketAddress::parse(text);
    if (!address) {
      return false;
    }
    listeners.push_back({*address, secure ? server::WebSecurity::Tls : server::WebSecurity::Plain});
  }
  out = std::move(listeners);
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
    {"call_api.listen", kCallApiAddresses,
     [](Config& config, const ConfigValue& value) {
       return take_listeners(config.call_api_listen, value, {"ws:", "wss:"});
     }},
    {"call_api.path", "a path such as \"/call-api\"", take_path},
    {"call_api.allowed_origins", "a list of origins such as \"https://app.example.com\"",
     [](Config& config, const ConfigValue& value) { return take_strings(config.allowed_origins, value); }},
    {"call_api.tokens", "a file name", [](Config& config, const ConfigValue& value) { return take_text(config.token_file, value); }},
    {"call_api.jwks", "a file name", [](Config& config, const ConfigValue& value) { return take_text(config.jwks_file, value); }},
    {"call_api.jwt_issuer", "a text, the iss of the tokens", [](Config& config, const ConfigValue& value) { return take_text(config.jwt.issuer, value); }},
    {"call_api.jwt_audience", "a text, what aud calls this server",
     [](Config& config, const ConfigValue& value) { return take_text(config.jwt.audience, value); }},
    {"http.listen", kHttpAddresses,
     [](Config& config, const ConfigValue& value) {
       return take_listeners(config.http_listen, value, {"http:", "https:"});
     }},
};

}  // namespace

std::span<const ConfigKey> web_config_keys() noexcept { return kKeys; }

bool serves_web_securely(const Config& config) noexcept {
  const auto secure = [](const WebListener& listener) { return listener.security == server::WebSecurity::Tls; };
  return std::any_of(config.call_api_listen.begin(), config.call_api_listen.end(), secure) ||
         std::any_of(config.http_listen.begin(), config.http_listen.end(), secure);
}

}  // namespace callwright::app
