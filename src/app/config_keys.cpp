#include "app/config_keys.hpp"

#include "app/config_media.hpp"
#include "app/config_opensips.hpp"
#include "app/config_records.hpp"
#include "app/config_web.hpp"
#include "base/similar_text.hpp"

#include <algorithm>
#include <charconv>
#include <optional>
#include <utility>

namespace callwright::app {

bool take_strings(std::vector<std::string>& out, const ConfigValue& value) {
  if (const auto* const list = std::get_if<std::vector<std::string>>(&value)) {
    out = *list;
    return true;
  }
  const auto* const one = std::get_if<std::string>(&value);
  if (one != nullptr) {
    out = {*one};
  }
  return one != nullptr;
}

bool take_text(std::string& out, const ConfigValue& value) {
  const auto* const text = std::get_if<std::string>(&value);
  if (text != nullptr) {
    out = *text;
  }
  return text != nullptr;
}

namespace {

/// "192.0.2.1:5060" for UDP and TCP, "tls:192.0.2.1:5061" for one transport.
std::optional<SipListener> listener_of(std::string_view text) {
  SipListener listener;
  if (const std::size_t colon = text.find(':'); colon != std::string_view::npos) {
    listener.transport = sip::parse_transport(text.substr(0, colon));
    text.remove_prefix(listener.transport ? colon + 1 : 0);
  }
  const auto address = base::SocketAddress::parse(text);
  if (!address) {
    return std::nullopt;
  }
  listener.address = *address;
  return listener;
}

bool take_listeners(Config& config, const ConfigValue& value) {
  std::vector<std::string> texts;
  std::vector<SipListener> listeners;
  if (!take_strings(texts, value)) {
    return false;
  }
  for (const std::string& text : texts) {
    const auto listener = listener_of(text);
    if (!listener) {
      return false;
    }
    listeners.push_back(*listener);
  }
  config.sip_listen = std::move(listeners);
  config.sip_listen_given = true;
  return true;
}

bool take_networks(std::vector<base::IpNetwork>& out, const ConfigValue& value) {
  std::vector<std::string> texts;
  std::vector<base::IpNetwork> networks;
  if (!take_strings(texts, value)) {
    return false;
  }
  for (const std::string& text : texts) {
    const auto network = base::IpNetwork::parse(text);
    if (!network) {
      return false;
    }
    networks.push_back(*network);
  }
  out = std::move(networks);
  return true;
}

bool take_bool(bool& out, const ConfigValue& value);

bool take_client_certificates(Config& config, const ConfigValue& value) {
  using net::ClientCertificates;
  constexpr std::pair<std::string_view, ClientCertificates> kNames[] = {
      {"ignored", ClientCertificates::Ignored}, {"optional", ClientCertificates::Optional}, {"required", ClientCertificates::Required}};
  const auto* const text = std::get_if<std::string>(&value);
  for (const auto& [name, meaning] : kNames) {
    if (text != nullptr && *text == name) {
      config.tls.client_certificates = meaning;
      return true;
    }
  }
  return false;
}

bool take_tls_verify(Config& config, const ConfigValue& value) {
  bool verify = true;
  const bool taken = take_bool(verify, value);
  if (taken) {
    config.tls.verify_servers = verify ? net::ServerVerification::On : net::ServerVerification::Off;
  }
  return taken;
}

/// One of a few words.
template <class Meaning, std::size_t kCount>
bool take_word(Meaning& out, const ConfigValue& value, const std::pair<std::string_view, Meaning> (&words)[kCount]) {
  const auto* const text = std::get_if<std::string>(&value);
  const auto* const found = std::find_if(std::begin(words), std::end(words), [text](const auto& word) { return text != nullptr && *text == word.first; });
  if (found != std::end(words)) {
    out = found->second;
  }
  return found != std::end(words);
}

bool take_timers(Config& config, const ConfigValue& value) {
  using Timers = sip::SessionPolicy::Timers;
  return take_word(config.session.timers, value, {{"off", Timers::Off}, {"on", Timers::On}, {"always", Timers::Always}});
}

bool take_reliable(Config& config, const ConfigValue& value) {
  using Reliable = sip::SessionPolicy::Reliable;
  return take_word(config.session.reliable, value, {{"off", Reliable::Off}, {"supported", Reliable::Supported}, {"required", Reliable::Required}});
}

template <class Number>
bool take_number(Number& out, const ConfigValue& value, std::int64_t low, std::int64_t high) {
  const auto* const number = std::get_if<std::int64_t>(&value);
  if (number == nullptr || *number < low || *number > high) {
    return false;
  }
  out = static_cast<Number>(*number);
  return true;
}

/// "701-799"
bool take_park_slots(Config& config, const ConfigValue& value) {
  constexpr unsigned kMost = 10'000;
  const auto* const text = std::get_if<std::string>(&value);
  if (text == nullptr) {
    return false;
  }
  unsigned& first = config.first_park_slot;
  unsigned& last = config.last_park_slot;
  const char* const end = text->data() + text->size();
  const auto [dash, bad_first] = std::from_chars(text->data(), end, first);
  if (bad_first != std::errc() || dash == end || *dash != '-') {
    return false;
  }
  const auto [rest, bad_last] = std::from_chars(dash + 1, end, last);
  return bad_last == std::errc() && rest == end && first <= last && last - first < kMost;
}

/// What phones can dial: "*68".
bool take_park_number(Config& config, const ConfigValue& value) {
  constexpr std::size_t kLongest = 16;
  const auto* const text = std::get_if<std::string>(&value);
  if (text == nullptr || text->empty() || text->size() > kLongest || text->find_first_not_of("0123456789*#") != std::string::npos) {
    return false;
  }
  config.park_number = *text;
  return true;
}

bool take_milliseconds(std::chrono::milliseconds& out, const ConfigValue& value) {
  std::int64_t number = 0;
  const bool taken = take_number(number, value, 1, 3'600'000);
  if (taken) {
    out = std::chrono::milliseconds(number);
  }
  return taken;
}

/// RFC 4028 §4: no session is to be refreshed more often than every 90 s.
bool take_session_interval(sip::SessionPolicy::Seconds& out, const ConfigValue& value) {
  constexpr std::int64_t kLeastSeconds = 90;
  constexpr std::int64_t kDaySeconds = 86'400;
  std::uint32_t seconds = 0;
  const bool taken = take_number(seconds, value, kLeastSeconds, kDaySeconds);
  if (taken) {
    out = sip::SessionPolicy::Seconds(seconds);
  }
  return taken;
}

/// Of what may take hours.
bool take_long_time(base::Duration& out, const ConfigValue& value) {
  constexpr std::int64_t kDayMs = 86'400'000;
  std::int64_t number = 0;
  const bool taken = take_number(number, value, 1, kDayMs);
  if (taken) {
    out = std::chrono::milliseconds(number);
  }
  return taken;
}

bool take_bool(bool& out, const ConfigValue& value) {
  const auto* const flag = std::get_if<bool>(&value);
  if (flag != nullptr) {
    out = *flag;
  }
  return flag != nullptr;
}

bool take_realm(Config& config, const ConfigValue& value) {
  const auto* const text = std::get_if<std::string>(&value);
  const bool good = text != nullptr && !text->empty() && text->size() <= 128 && text->find_first_of("\"\\\r\n") == std::string::npos;
  if (good) {
    config.realm = *text;
  }
  return good;
}

bool take_algorithms(Config& config, const ConfigValue& value) {
  std::vector<std::string> names;
  std::vector<sip::DigestAlgorithm> algorithms;
  if (!take_strings(names, value) || names.empty()) {
    return false;
  }
  for (const std::string& name : names) {
    const auto algorithm = sip::parse_digest_algorithm(name);
    if (!algorithm) {
      return false;
    }
    algorithms.push_back(*algorithm);
  }
  config.digest_algorithms = std::move(algorithms);
  return true;
}

bool take_max_lag(Config& config, const ConfigValue& value) {
  std::size_t number = 0;
  const bool good = take_number(number, value, 0, 3'600'000);
  if (good) {
    config.max_lag = std::chrono::milliseconds(number);
  }
  return good;
}

bool take_qualify_period(Config& config, const ConfigValue& value) {
  std::int64_t number = 0;
  const bool good = take_number(number, value, 0, 3'600'000) && (number == 0 || number >= 1'000);
  if (good) {
    config.qualify_period = std::chrono::milliseconds(number);
  }
  return good;
}

bool take_seconds(std::chrono::seconds& out, const ConfigValue& value, std::int64_t low, std::int64_t high) {
  std::int64_t number = 0;
  const bool taken = take_number(number, value, low, high);
  if (taken) {
    out = std::chrono::seconds(number);
  }
  return taken;
}

constexpr std::string_view kUsers = "a user such as \"100\", or a prefix such as \"2*\", or a list of such";

bool take_users(std::vector<std::string>& users, const ConfigValue& value) {
  const auto* const list = std::get_if<std::vector<std::string>>(&value);
  const auto* const one = std::get_if<std::string>(&value);
  if (list == nullptr && one == nullptr) {
    return false;
  }
  users = list != nullptr ? *list : std::vector{*one};
  return std::all_of(users.begin(), users.end(), [](const std::string& user) { return !user.empty() && user.find('*') >= user.size() - 1; });
}

bool take_on_disconnect(Config& config, const ConfigValue& value) {
  using server::call_api::OnDisconnect;
  const auto* const text = std::get_if<std::string>(&value);
  if (text == nullptr || (*text != "finish" && *text != "cancel")) {
    return false;
  }
  config.on_disconnect = *text == "finish" ? OnDisconnect::Finish : OnDisconnect::Cancel;
  return true;
}

/// The constant that `find` has under that name.
template <class Constant>
bool take_named(const Constant*& out, const ConfigValue& value, const Constant* (*find)(std::string_view) noexcept) {
  const auto* const name = std::get_if<std::string>(&value);
  const Constant* const found = name == nullptr ? nullptr : find(*name);
  out = found == nullptr ? out : found;
  return found != nullptr;
}

bool take_log_level(Config& config, const ConfigValue& value) {
  const auto* const text = std::get_if<std::string>(&value);
  return text != nullptr && base::log::parse_level(*text, config.log_level);
}

constexpr std::string_view kNetworks = "a list of addresses and networks such as \"192.0.2.0/24\"";
constexpr std::string_view kMilliseconds = "milliseconds, 1 to 3600000";
constexpr std::string_view kLongTime = "milliseconds, 1 to 86400000";
constexpr std::string_view kSessionSeconds = "seconds, 90 to 86400";
constexpr std::string_view kCount = "a number from 1 to 10000000";
constexpr std::string_view kCountOrNone = "a number from 1 to 10000000, or 0 for no limit";
constexpr std::int64_t kMaxCount = 10'000'000;

constexpr ConfigKey kKeys[] = {
    {"sip.listen", "an address with port such as \"127.0.0.1:5060\" or \"tls:127.0.0.1:5061\" (udp, tcp, tls, ws, wss), or a list of them", take_listeners},
    {"sip.realm", "a name without quotes, 1 to 128 characters", take_realm},
    {"sip.digest", "a list of \"MD5\", \"SHA-256\", \"SHA-512-256\" and their \"-sess\" forms", take_algorithms},
    {"sip.wrong_passwords_per_source", kCountOrNone,
     [](Config& config, const ConfigValue& value) { return take_number(config.wrong_passwords_per_source, value, 0, kMaxCount); }},
    {"sip.wrong_passwords_per_user", kCountOrNone,
     [](Config& config, const ConfigValue& value) { return take_number(config.wrong_passwords_per_user, value, 0, kMaxCount); }},
    {"sip.domains", "a list of host names", [](Config& config, const ConfigValue& value) { return take_strings(config.domains, value); }},
    {"sip.t1_ms", "milliseconds, 1 to 3600000", [](Config& config, const ConfigValue& value) { return take_milliseconds(config.t1, value); }},
    {"sip.max_transactions", kCount, [](Config& config, const ConfigValue& value) { return take_number(config.max_transactions, value, 1, kMaxCount); }},
    {"sip.max_dialogs", kCount, [](Config& config, const ConfigValue& value) { return take_number(config.max_dialogs, value, 1, kMaxCount); }},
    {"sip.max_lag_ms", "milliseconds, 1 to 3600000, or 0 for off", take_max_lag},
    {"sip.tls_ca_file", "a file name", [](Config& config, const ConfigValue& value) { return take_text(config.tls.ca_file, value); }},
    {"sip.tls_verify", "true or false", take_tls_verify},
    {"sip.tls_unverified", "a list of host names", [](Config& config, const ConfigValue& value) { return take_strings(config.tls.unverified_servers, value); }},
    {"sip.tls_client_certificates", "one of ignored, optional, required", take_client_certificates},
    {"sip.tls_client_ca_file", "a file name", [](Config& config, const ConfigValue& value) { return take_text(config.tls.client_ca_file, value); }},
    {"sip.allowed_origins", "a list of origins such as \"https://phone.example.com\"",
     [](Config& config, const ConfigValue& value) { return take_strings(config.sip_origins, value); }},
    {"sip.max_message_bytes", "a number from 1000 to 65535",
     [](Config& config, const ConfigValue& value) { return take_number(config.stream_limits.max_message_bytes, value, 1000, 65'535); }},
    {"sip.max_connections", kCount,
     [](Config& config, const ConfigValue& value) { return take_number(config.stream_limits.max_connections, value, 1, kMaxCount); }},
    {"sip.max_connections_per_source", kCount,
     [](Config& config, const ConfigValue& value) { return take_number(config.stream_limits.max_per_source, value, 1, kMaxCount); }},
    {"sip.handshake_timeout_ms", kLongTime,
     [](Config& config, const ConfigValue& value) { return take_long_time(config.stream_limits.handshake_timeout, value); }},
    {"sip.message_timeout_ms", kLongTime, [](Config& config, const ConfigValue& value) { return take_long_time(config.stream_limits.message_timeout, value); }},
    {"sip.idle_timeout_ms", kLongTime, [](Config& config, const ConfigValue& value) { return take_long_time(config.stream_limits.idle_timeout, value); }},
    {"sip.max_requests_per_second", "a number from 0 (no limit) to 10000000",
     [](Config& config, const ConfigValue& value) { return take_number(config.source_limits.requests_per_second, value, 0, kMaxCount); }},
    {"sip.max_request_burst", kCount, [](Config& config, const ConfigValue& value) { return take_number(config.source_limits.burst, value, 1, kMaxCount); }},
    {"sip.ban_ms", kLongTime, [](Config& config, const ConfigValue& value) { return take_long_time(config.source_limits.ban, value); }},
    {"sip.unlimited_sources", kNetworks, [](Config& config, const ConfigValue& value) { return take_networks(config.source_limits.unlimited, value); }},
    {"exchange.trusted", kNetworks, [](Config& config, const ConfigValue& value) { return take_networks(config.trusted, value); }},
    {"exchange.park_number", "1 to 16 digits, * and #, such as \"*68\"", take_park_number},
    {"exchange.features_file", "a file name", [](Config& config, const ConfigValue& value) { return take_text(config.features_file, value); }},
    {"exchange.max_calls", kCount, [](Config& config, const ConfigValue& value) { return take_number(config.max_calls, value, 1, kMaxCount); }},
    {"exchange.max_subscriptions", kCount,
     [](Config& config, const ConfigValue& value) { return take_number(config.subscriptions.subscriptions, value, 1, kMaxCount); }},
    {"exchange.max_subscriptions_per_user", kCount,
     [](Config& config, const ConfigValue& value) { return take_number(config.subscriptions.subscriptions_per_user, value, 1, kMaxCount); }},
    {"exchange.min_subscription_s", "seconds, 1 to 3600",
     [](Config& config, const ConfigValue& value) { return take_seconds(config.subscriptions.minimum_expires, value, 1, 3'600); }},
    {"exchange.max_subscription_s", "seconds, 3600 to 604800",
     [](Config& config, const ConfigValue& value) { return take_seconds(config.subscriptions.maximum_expires, value, 3'600, 604'800); }},
    {"exchange.qualify_ms", "milliseconds, 1000 to 3600000, or 0 for off", take_qualify_period},
    {"exchange.qualify_misses", "a number from 1 to 100",
     [](Config& config, const ConfigValue& value) { return take_number(config.qualify_misses, value, 1, 100); }},
    {"exchange.ring_timeout_ms", kMilliseconds, [](Config& config, const ConfigValue& value) { return take_milliseconds(config.ring_timeout, value); }},
    {"session.timers", "one of off, on, always", take_timers},
    {"session.timer_s", kSessionSeconds,
     [](Config& config, const ConfigValue& value) { return take_session_interval(config.session.session_interval, value); }},
    {"session.min_timer_s", kSessionSeconds,
     [](Config& config, const ConfigValue& value) { return take_session_interval(config.session.min_interval, value); }},
    {"session.reliable", "one of off, supported, required", take_reliable},
    {"call_api.dialect", "\"current\" or \"2020\"",
     [](Config& config, const ConfigValue& value) { return take_named(config.call_api_protocol.dialect, value, server::call_api::find_dialect); }},
    {"call_api.errors", "\"json-rpc\" or \"reference\"",
     [](Config& config, const ConfigValue& value) { return take_named(config.call_api_protocol.errors, value, server::call_api::find_error_style); }},
    {"call_api.incoming", kUsers, [](Config& config, const ConfigValue& value) { return take_users(config.offered, value); }},
    {"call_api.on_disconnect", "\"finish\" or \"cancel\"", take_on_disconnect},
    {"call_api.max_commands_per_client", kCount,
     [](Config& config, const ConfigValue& value) { return take_number(config.max_commands_per_client, value, 1, kMaxCount); }},
    {"call_api.refer_timeout_ms", kMilliseconds, [](Config& config, const ConfigValue& value) { return take_milliseconds(config.refer_timeout, value); }},
    {"call_api.transfer_timeout_ms", kMilliseconds, [](Config& config, const ConfigValue& value) { return take_milliseconds(config.transfer_timeout, value); }},
    {"call_api.park_timeout_ms", kMilliseconds, [](Config& config, const ConfigValue& value) { return take_milliseconds(config.park_timeout, value); }},
    {"call_api.park_slots", "a range such as \"701-799\", of 10000 numbers at most", take_park_slots},
    {"capture.file", "a file name", [](Config& config, const ConfigValue& value) { return take_text(config.capture_file, value); }},
    {"capture.secure", "true or false", [](Config& config, const ConfigValue& value) { return take_bool(config.capture_secure, value); }},
    {"http.max_connections", kCount, [](Config& config, const ConfigValue& value) { return take_number(config.max_connections, value, 1, kMaxCount); }},
    {"server.grace_ms", kMilliseconds, [](Config& config, const ConfigValue& value) { return take_milliseconds(config.grace, value); }},
    {"log.level", "one of trace, debug, info, warn, error, off", take_log_level},
};

template <class Visit>
void for_each_key(Visit visit) {
  std::for_each(std::begin(kKeys), std::end(kKeys), visit);
  std::ranges::for_each(media_config_keys(), visit);
  std::ranges::for_each(opensips_config_keys(), visit);
  std::ranges::for_each(web_config_keys(), visit);
  std::ranges::for_each(records_config_keys(), visit);
}

}  // namespace

bool take_redirects(sip::RedirectPolicy& out, const ConfigValue& value) {
  using sip::RedirectPolicy;
  return take_word(out, value, {{"no", RedirectPolicy::Off}, {"domain", RedirectPolicy::SameDomain}, {"all", RedirectPolicy::All}});
}

const ConfigKey* find_config_key(std::string_view name) noexcept {
  const ConfigKey* found = nullptr;
  for_each_key([&](const ConfigKey& key) { found = key.name == name ? &key : found; });
  return found;
}

std::string_view nearest_config_key(std::string_view name) {
  constexpr std::size_t kMostChanges = 4;
  std::vector<std::string_view> names;
  for_each_key([&](const ConfigKey& key) { names.push_back(key.name); });
  const auto nearest = base::most_similar(names.begin(), names.end(), name, kMostChanges, [](std::string_view each) { return each; });
  return nearest == names.end() ? std::string_view{} : *nearest;
}

}  // namespace callwright::app
