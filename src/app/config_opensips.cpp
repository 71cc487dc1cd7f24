#include "app/config_opensips.hpp"

#include "sip/uri.hpp"

#include <chrono>
#include <string>

namespace callwright::app {
namespace {

using Kind = net::OpenSipsAddress::Kind;

const std::string* text_in(const ConfigValue& value) { return std::get_if<std::string>(&value); }

bool take_connector(Config& config, const ConfigValue& value) {
  const std::string* const text = text_in(value);
  if (text == nullptr || (*text != "exchange" && *text != "opensips")) {
    return false;
  }
  config.connector = *text == "exchange" ? CallApiConnector::Exchange : CallApiConnector::OpenSips;
  return true;
}

bool take_mi(Config& config, const ConfigValue& value) {
  const std::string* const text = text_in(value);
  const auto address = text == nullptr ? std::nullopt : net::OpenSipsAddress::parse(*text);
  if (!address || (address->kind != Kind::Unix && address->address.port == 0)) {
    return false;
  }
  config.opensips.mi = *address;
  return true;
}

bool take_events(Config& config, const ConfigValue& value) {
  const std::string* const text = text_in(value);
  const auto address = text == nullptr ? std::nullopt : net::OpenSipsAddress::parse(*text);
  // The proxy takes its host up to the first colon; and it has to be one to which it can send.
  const bool good =
      address && (address->kind == Kind::Unix || (address->kind == Kind::Udp && address->address.ip.is_v4() && !address->address.ip.is_unspecified()));
  if (good) {
    config.opensips.events = *address;
  }
  return good;
}

bool take_reply_path(Config& config, const ConfigValue& value) {
  const std::string* const text = text_in(value);
  const auto address = text == nullptr ? std::nullopt : net::OpenSipsAddress::parse("unix:" + *text);
  if (!address) {
    return false;
  }
  config.opensips.reply_path = address->path;
  return true;
}

bool take_sip_uri(Config& config, const ConfigValue& value) {
  const std::string* const text = text_in(value);
  const auto uri = text == nullptr ? sip::UriView::parse("") : sip::UriView::parse(*text);
  const bool good = uri && uri->scheme != sip::UriView::Scheme::Tel && uri->headers.empty() && uri->password.empty();
  if (good) {
    config.opensips.settings.sip_uri = *text;
  }
  return good;
}

template <class Time>
bool take_time(Time& out, const ConfigValue& value, Time low, Time high) {
  const auto* const number = std::get_if<std::int64_t>(&value);
  if (number == nullptr || *number < low.count() || *number > high.count()) {
    return false;
  }
  out = Time(*number);
  return true;
}

bool take_answer_timeout(Config& config, const ConfigValue& value) {
  std::chrono::milliseconds time{};
  const bool taken = take_time(time, value, std::chrono::milliseconds(100), std::chrono::milliseconds(120'000));
  if (taken) {
    config.opensips.settings.answer_timeout = time;
  }
  return taken;
}

bool take_subscription(Config& config, const ConfigValue& value) {
  return take_time(config.opensips.settings.subscription, value, std::chrono::seconds(10), std::chrono::seconds(3'600));
}

bool take_third_party(Config& config, const ConfigValue& value) {
  const auto* const flag = std::get_if<bool>(&value);
  if (flag != nullptr) {
    config.opensips.settings.third_party = *flag;
  }
  return flag != nullptr;
}

constexpr ConfigKey kKeys[] = {
    {"call_api.connector", "\"exchange\" or \"opensips\"", take_connector},
    {"opensips.mi", "\"udp:127.0.0.1:8080\", \"unix:/run/opensips/mi.sock\" or \"http://127.0.0.1:8888/mi\"", take_mi},
    {"opensips.mi_reply", "the path of a socket", take_reply_path},
    {"opensips.events", "\"udp:127.0.0.1:0\" (an IPv4 address that the proxy can reach) or \"unix:/run/callwright/events.sock\"", take_events},
    {"opensips.sip_uri", "a SIP URI such as \"sip:127.0.0.1:5060\"", take_sip_uri},
    {"opensips.answer_timeout_ms", "milliseconds, 100 to 120000", take_answer_timeout},
    {"opensips.subscription_s", "seconds, 10 to 3600", take_subscription},
    {"opensips.third_party", "true or false", take_third_party},
};

}  // namespace

std::span<const ConfigKey> opensips_config_keys() noexcept { return kKeys; }

OpenSipsConfig default_opensips() {
  return {.mi = net::OpenSipsAddress::parse("udp:127.0.0.1:8080").value(),
          .events = net::OpenSipsAddress::parse("udp:127.0.0.1:0").value(),
          .reply_path = {},
          .settings = {}};
}

}  // namespace callwright::app
