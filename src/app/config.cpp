#include "app/config.hpp"

#include "app/config_conferences.hpp"
#include "app/config_conflicts.hpp"
#include "app/config_features.hpp"
#include "app/config_keys.hpp"
#include "app/config_media.hpp"
#include "app/config_opensips.hpp"
#include "sip/uri.hpp"
#include "sip/writer.hpp"

#include <toml++/toml.h>

#include <algorithm>
#include <cctype>
#include <iterator>
#include <map>
#include <optional>

namespace callwright::app {

using base::Errc;
using base::Error;
using base::Result;

namespace {

constexpr std::string_view kTables[] = {"accounts", "routes", "conferences", "listeners", "certificates"};
constexpr std::string_view kSections[] = {"sip", "exchange", "session", "media", "call_api", "opensips", "http", "capture", "records", "server", "log"};

base::SocketAddress loopback(std::uint16_t port) { return {base::IpAddress::v4({127, 0, 0, 1}), port}; }

std::optional<ConfigValue> value_of(const toml::node& node) {
  if (const auto text = node.value_exact<std::string>()) {
    return *text;
  }
  if (const auto number = node.value_exact<std::int64_t>()) {
    return *number;
  }
  if (const auto flag = node.value_exact<bool>()) {
    return *flag;
  }
  const toml::array* const array = node.as_array();
  if (array == nullptr) {
    return std::nullopt;
  }
  std::vector<std::string> list;
  for (const toml::node& element : *array) {
    const auto text = element.value_exact<std::string>();
    if (!text) {
      return std::nullopt;
    }
    list.push_back(*text);
  }
  return list;
}

/// Reads one document and collects everything that is wrong with it.
class Reader {
 public:
  Reader(Config& config, std::string_view file) : config_(config), file_(file) {}

  void read(const toml::table& document) {
    for (const auto& [key, node] : document) {
      const std::string_view name = key.str();
      if (std::find(std::begin(kTables), std::end(kTables), name) != std::end(kTables)) {
        read_tables(name, node);
      } else if (std::find(std::begin(kSections), std::end(kSections), name) == std::end(kSections) || !node.is_table()) {
        complain(key.source().begin.line,
                 std::string(name) +
                     ": unknown section; there are sip, exchange, session, media, call_api, http, capture, records, server, log, [[accounts]], [[routes]], "
                     "[[conferences]], [[listeners]] and [[certificates]]");
      } else {
        read_section(name, *node.as_table());
      }
    }
  }

  void apply(const Override& setting) {
    const ConfigKey* const key = find_config_key(setting.key);
    if (key == nullptr) {
      problems_.emplace(kAfterFile, setting.origin + ": " + unknown(setting.key));
      return;
    }
    const auto readings = readings_of(setting.text);
    const bool taken = std::any_of(readings.begin(), readings.end(), [&](const ConfigValue& value) { return key->apply(config_, value); });
    if (!taken) {
      problems_.emplace(kAfterFile, setting.origin + ": expected " + std::string(key->expected) + ", got \"" + setting.text + "\"");
    }
  }

  void complain(std::uint32_t line, const std::string& what) { problems_.emplace(line, std::string(file_) + ":" + std::to_string(line) + ": " + what); }
  /// A line each, in the order of the file; those of variables and flags follow.
  [[nodiscard]] std::string problems() const {
    std::string text;
    for (const auto& [line, problem] : problems_) {
      text += problem + "\n";
    }
    return text;
  }

 private:
  static constexpr std::uint32_t kAfterFile = UINT32_MAX;

  static std::string unknown(const std::string& name) {
    const std::string_view near = nearest_config_key(name);
    return name + ": unknown key" + (near.empty() ? std::string{} : " (did you mean " + std::string(near) + "?)");
  }

  void read_section(std::string_view section, const toml::table& table) {
    for (const auto& [key, node] : table) {
      const std::string name = std::string(section) + "." + std::string(key.str());
      const ConfigKey* const known = find_config_key(name);
      const std::uint32_t line = key.source().begin.line;
      if (known == nullptr) {
        complain(line, unknown(name));
        continue;
      }
      const auto value = value_of(node);
      if (!value || !known->apply(config_, *value)) {
        complain(line, name + ": expected " + std::string(known->expected));
      }
    }
  }

  void read_tables(std::string_view name, const toml::node& node) {
    const toml::array* const tables = node.as_array();
    if (tables == nullptr || !tables->is_homogeneous(toml::node_type::table)) {
      complain(node.source().begin.line, std::string(name) + ": expected [[" + std::string(name) + "]] tables");
      return;
    }
    for (const toml::node& element : *tables) {
      const toml::table& table = *element.as_table();
      if (name == "accounts") {
        read_account(table);
      } else if (name == "routes") {
        read_route(table);
      } else if (name == "conferences") {
        read_conference(table, config_, [this](std::uint32_t line, const std::string& what) { complain(line, what); });
      } else if (name == "listeners") {
        read_listener(table);
      } else {
        read_certificate(table);
      }
    }
  }

  /// The string at `key`, or nothing with a complaint when it must be there or is no string.
  std::string text_at(const toml::table& table, std::string_view where, std::string_view key, bool required) {
    const toml::node* const node = table.get(key);
    if (node == nullptr) {
      if (required) {
        complain(table.source().begin.line, std::string(where) + ": " + std::string(key) + " is missing");
      }
      return {};
    }
    const auto text = node->value_exact<std::string>();
    if (!text || (required && text->empty()) || !sip::is_header_safe(*text)) {
      complain(node->source().begin.line, std::string(where) + "." + std::string(key) + ": expected a text without control characters");
      return {};
    }
    return *text;
  }

  void refuse_other_keys(const toml::table& table, std::string_view where, std::initializer_list<std::string_view> known) {
    for (const auto& [key, node] : table) {
      if (std::find(known.begin(), known.end(), key.str()) == known.end()) {
        complain(key.source().begin.line, std::string(where) + "." + std::string(key.str()) + ": unknown key");
      }
    }
  }

  /// H(username:realm:password) instead of the password itself.
  void read_hashes(const toml::table& table, AccountConfig& account) {
    using sip::DigestAlgorithm;
    for (const auto& [key, algorithm] :
         {std::pair{"ha1_md5", DigestAlgorithm::Md5}, {"ha1_sha256", DigestAlgorithm::Sha256}, {"ha1_sha512_256", DigestAlgorithm::Sha512256}}) {
      if (!table.contains(key)) {
        continue;
      }
      std::string hash = text_at(table, "accounts", key, true);
      const std::size_t size = algorithm == DigestAlgorithm::Md5 ? 32 : 64;
      if (hash.size() != size || hash.find_first_not_of("0123456789abcdef") != std::string::npos) {
        complain(table.get(key)->source().begin.line,
                 std::string("accounts.") + key + ": expected " + std::to_string(size) + " digits of 0-9 and a-f: the hash of username:realm:password");
      }
      account.ha1.emplace_back(algorithm, std::move(hash));
    }
  }

  void read_account(const toml::table& table) {
    refuse_other_keys(table, "accounts",
                      {"username", "password", "ha1_md5", "ha1_sha256", "ha1_sha512_256", "media", "codecs", "security", "forward", "find_me", "screening",
                       "do_not_disturb"});
    AccountConfig account{.username = text_at(table, "accounts", "username", true), .password = {}};
    read_hashes(table, account);
    account.media = read_profile(table, "accounts");
    account.features = read_features(table, [this](std::uint32_t line, const std::string& what) { complain(line, what); });
    if (account.ha1.empty()) {
      account.password = text_at(table, "accounts", "password", true);
    } else if (table.contains("password")) {
      complain(table.source().begin.line, "accounts: there are both a password and its hashes; keep one");
    }
    const bool known =
        std::any_of(config_.accounts.begin(), config_.accounts.end(), [&](const AccountConfig& other) { return other.username == account.username; });
    if (!account.username.empty() && known) {
      complain(table.source().begin.line, "accounts: username \"" + account.username + "\" is there twice");
    } else if (account.username.find_first_of("@<>\" :;,") != std::string::npos) {
      complain(table.source().begin.line, "accounts: username \"" + account.username + "\" has a character that a SIP user may not have");
    }
    config_.accounts.push_back(std::move(account));
  }

  void read_route(const toml::table& table) {
    refuse_other_keys(table, "routes", {"user", "target", "username", "password", "trusted", "follow_redirects", "media", "codecs", "security"});
    call::Route route;
    route.user = text_at(table, "routes", "user", true);
    route.target = text_at(table, "routes", "target", true);
    const std::string username = text_at(table, "routes", "username", false);
    const std::string password = text_at(table, "routes", "password", false);
    if (!username.empty()) {
      route.credentials = sip::Credentials{username, password};
    }
    if (const toml::node* const trusted = table.get("trusted")) {
      if (!trusted->is_boolean()) {
        complain(trusted->source().begin.line, "routes.trusted: expected true or false");
      }
      route.peer = trusted->value_or(false) ? call::Peer::Trusted : call::Peer::Stranger;
    }
    read_redirects(table, route);
    route.media = read_profile(table, "routes");
    const auto target = sip::UriView::parse(route.target);
    if (!route.target.empty() && (!target || target->scheme != sip::UriView::Scheme::Sip)) {
      complain(table.source().begin.line, "routes.target: expected a SIP URI such as \"sip:203.0.113.5:5060\"");
    }
    if (route.user.find('*') < route.user.size() - 1) {
      complain(table.source().begin.line, "routes.user: expected a user or a prefix that ends in *, such as \"0049*\"");
    }
    config_.routes.push_back(std::move(route));
  }

  /// Null when the table says nothing of media.
  std::shared_ptr<const call::MediaProfile> read_profile(const toml::table& table, std::string_view where) {
    call::MediaProfile profile;
    bool given = false;
    for (const std::string_view key : kProfileKeys) {
      if (const toml::node* const node = table.get(key)) {
        given = true;
        const std::string_view expected = take_profile_key(profile, key, value_of(*node).value_or(false));
        if (!expected.empty()) {
          complain(node->source().begin.line, std::string(where) + "." + std::string(key) + ": expected " + std::string(expected));
        }
      }
    }
    return given ? std::make_shared<const call::MediaProfile>(std::move(profile)) : nullptr;
  }

  void read_redirects(const toml::table& table, call::Route& route) {
    const toml::node* const node = table.get("follow_redirects");
    const auto value = node != nullptr ? value_of(*node) : std::nullopt;
    if (node != nullptr && (!value || !take_redirects(route.redirects, *value))) {
      complain(node->source().begin.line, "routes.follow_redirects: expected one of no, domain, all");
    }
  }

  void read_listener(const toml::table& table) {
    refuse_other_keys(table, "listeners", {"transport", "address", "advertised", "dscp"});
    SipListener listener;
    const std::string transport = text_at(table, "listeners", "transport", true);
    const std::string address = text_at(table, "listeners", "address", true);
    const std::string advertised = text_at(table, "listeners", "advertised", false);
    listener.transport = sip::parse_transport(transport);
    if (!transport.empty() && !listener.transport) {
      complain(table.source().begin.line, "listeners.transport: expected one of udp, tcp, tls, ws, wss");
    }
    if (const auto parsed = base::SocketAddress::parse(address)) {
      listener.address = *parsed;
    } else if (!address.empty()) {
      complain(table.source().begin.line, "listeners.address: expected an address with port such as \"192.0.2.1:5061\"");
    }
    if (const auto parsed = base::IpAddress::parse(advertised)) {
      listener.advertised = *parsed;
    }
    if (!advertised.empty() && (!listener.advertised || listener.advertised->is_v4() != listener.address.ip.is_v4())) {
      complain(table.source().begin.line, "listeners.advertised: expected an IP address without port, of the same family as the address");
    }
    constexpr int kMaxDscp = 63;
    const toml::node* const dscp = table.get("dscp");
    listener.dscp = static_cast<int>(dscp == nullptr ? 0 : std::clamp<std::int64_t>(dscp->value_exact<std::int64_t>().value_or(-1), -1, kMaxDscp + 1));
    if (listener.dscp < 0 || listener.dscp > kMaxDscp) {
      complain(dscp->source().begin.line, "listeners.dscp: expected a number from 0 to 63");
    }
    config_.sip_listeners.push_back(listener);
  }

  void read_certificate(const toml::table& table) {
    refuse_other_keys(table, "certificates", {"chain", "key"});
    config_.tls.certificates.push_back({text_at(table, "certificates", "chain", true), text_at(table, "certificates", "key", true)});
  }

  Config& config_;
  std::string_view file_;
  std::multimap<std::uint32_t, std::string> problems_;  ///< By line.
};

}  // namespace

Config::Config()
    : sip_listen{{std::nullopt, loopback(5060), std::nullopt, 0}},
      call_api_listen{{loopback(5059)}},
      http_listen{{loopback(8080)}},
      opensips(default_opensips()) {}

std::vector<SipListener> Config::all_listeners() const {
  std::vector<SipListener> all;
  if (sip_listen_given || (sip_listeners.empty() && connector == CallApiConnector::Exchange)) {
    all = sip_listen;
  }
  all.insert(all.end(), sip_listeners.begin(), sip_listeners.end());
  return all;
}

Result<Config> read_config(std::string_view text, std::string_view file, const std::vector<Override>& overrides) {
  Config config;
  Reader reader(config, file);
  try {
    reader.read(toml::parse(text, std::string(file)));
  } catch (const toml::parse_error& error) {
    reader.complain(error.source().begin.line, std::string(error.description()));
  }
  for (const Override& setting : overrides) {
    reader.apply(setting);
  }
  std::string problems = reader.problems() + conflicts_in(config, file);
  if (!problems.empty()) {
    problems.pop_back();
    return Error(Errc::InvalidArgument, std::move(problems));
  }
  return config;
}

std::vector<Override> environment_overrides(const char* const* environment) {
  constexpr std::string_view kPrefix = "CALLWRIGHT_";
  std::vector<Override> overrides;
  for (; *environment != nullptr; ++environment) {
    const std::string_view entry(*environment);
    const std::size_t equals = entry.find('=');
    if (!entry.starts_with(kPrefix) || equals == std::string_view::npos) {
      continue;
    }
    std::string name(entry.substr(kPrefix.size(), equals - kPrefix.size()));
    std::transform(name.begin(), name.end(), name.begin(), [](unsigned char character) { return static_cast<char>(std::tolower(character)); });
    for (const std::string_view section : kSections) {
      if (name.starts_with(std::string(section) + "_")) {
        overrides.push_back(
            {std::string(entry.substr(0, equals)), std::string(section) + "." + name.substr(section.size() + 1), std::string(entry.substr(equals + 1))});
      }
    }
  }
  return overrides;
}

}  // namespace callwright::app
