#pragma once

#include "base/ip_network.hpp"
#include "base/log.hpp"
#include "base/result.hpp"
#include "base/socket_address.hpp"
#include "call/conference_rooms.hpp"
#include "call/media_desk.hpp"
#include "call/routing.hpp"
#include "call/user_features.hpp"
#include "net/connection.hpp"
#include "net/opensips_address.hpp"
#include "net/source_guard.hpp"
#include "net/tls.hpp"
#include "opensips/settings.hpp"
#include "server/call_api/command_desk.hpp"
#include "server/call_api/protocol.hpp"
#include "server/jwt/jwt.hpp"
#include "server/web_server.hpp"
#include "sip/digest.hpp"
#include "sip/event_notifier.hpp"
#include "sip/session_policy.hpp"
#include "sip/transport.hpp"

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace callwright::app {

struct AccountConfig {
  std::string username;
  std::string password;  ///< Or, when "":
  std::vector<std::pair<sip::DigestAlgorithm, std::string>> ha1 = {};
  std::shared_ptr<const call::MediaProfile> media = {};  ///< Null: as for all.
  call::UserFeatures features = {};
};

/// Where the exchange listens: an entry of sip.listen, or a [[listeners]] table, which can say more.
struct SipListener {
  std::optional<sip::Transport> transport;  ///< Nothing: UDP and TCP.
  base::SocketAddress address;
  std::optional<base::IpAddress> advertised;  ///< For peers beyond a NAT.
  int dscp = 0;
};

/// What carries out the commands of the Call API.
enum class CallApiConnector : std::uint8_t { Exchange, OpenSips };

/// The proxy behind the Call API, where that is one.
struct OpenSipsConfig {
  net::OpenSipsAddress mi;
  net::OpenSipsAddress events;
  std::string reply_path;  ///< Of our end of a Unix socket; "": beside the proxy's.
  opensips::Settings settings;
};

/// Where HTTP and the Call API are served: an entry of call_api.listen or http.listen.
struct WebListener {
  base::SocketAddress address;
  server::WebSecurity security = server::WebSecurity::Plain;
};

/// Where call records go; "": not there.
struct RecordsConfig {
  std::string file;
  std::string database;
  std::string webhook;         ///< A URL.
  std::string webhook_secret;  ///< Never in a message.
  std::string webhook_dead_letters;
  std::string webhook_ca_file;
  std::chrono::seconds webhook_give_up{3'600};

  [[nodiscard]] bool wanted() const noexcept { return !file.empty() || !database.empty() || !webhook.empty(); }
};

/// Everything that `callwright serve` can be told: defaults, then the file, then CALLWRIGHT_* variables, then flags. docs/configuration.md lists the keys.
struct Config {
  std::vector<SipListener> sip_listen;     ///< Of the key.
  bool sip_listen_given = false;           ///< Otherwise its default gives way to tables, and to OpenSIPS.
  std::vector<SipListener> sip_listeners;  ///< Of the tables.
  net::TlsSettings tls;
  std::vector<std::string> sip_origins;  ///< Web pages that may connect to WebSocket listeners.
  net::StreamLimits stream_limits;
  net::SourceLimits source_limits;
  std::string realm = "callwright";
  std::vector<sip::DigestAlgorithm> digest_algorithms{sip::DigestAlgorithm::Md5};  ///< Offered in this order.
  std::size_t wrong_passwords_per_source = 30;                                     ///< In a minute; 0: no limit.
  std::size_t wrong_passwords_per_user = 300;
  std::vector<std::string> domains;
  std::chrono::milliseconds t1{500};  ///< RFC 3261 §17.1.1.1: estimate of the round trip, which all retransmission times derive from.
  std::vector<AccountConfig> accounts;
  std::vector<call::Route> routes;
  std::vector<std::string> offered;  ///< Users whose calls the Call API decides about, or prefixes that end in '*'.
  std::vector<call::ConferenceRoom> conferences;
  std::vector<base::IpNetwork> trusted;  ///< Whose calls need no credentials.
  sip::SessionPolicy session;
  call::MediaSettings media;  ///< `codecs` is filled in when it is used.

  std::vector<WebListener> call_api_listen;
  std::vector<WebListener> http_listen;
  std::string call_api_path = "/call-api";
  std::vector<std::string> allowed_origins;
  server::call_api::Protocol call_api_protocol;
  server::call_api::OnDisconnect on_disconnect = server::call_api::OnDisconnect::Finish;
  CallApiConnector connector = CallApiConnector::Exchange;
  OpenSipsConfig opensips;
  std::string token_file;  ///< "", and the next one, too: clients of this machine need no tokens, and there are no others.
  std::string jwks_file;   ///< Keys of those who sign tokens; "" for none.
  server::JwtRules jwt;

  std::chrono::milliseconds ring_timeout{120'000};
  std::chrono::milliseconds refer_timeout{4'000};
  std::chrono::milliseconds transfer_timeout{32'000};
  std::chrono::milliseconds park_timeout{180'000};
  unsigned first_park_slot = 701;
  unsigned last_park_slot = 799;
  std::string park_number;
  std::chrono::milliseconds grace{5'000};

  std::chrono::milliseconds qualify_period{0};  ///< How often phones are asked whether they are there; zero: never.
  unsigned qualify_misses = 2;
  sip::Notifier::Limits subscriptions;
  std::size_t max_calls = 10'000;
  std::string features_file;  ///< Keeps what users' features are changed to at run time; "": they are lost with the next restart.
  std::size_t max_transactions = 200'000;
  std::size_t max_dialogs = 100'000;
  std::chrono::milliseconds max_lag{500};  ///< Zero: off.
  std::size_t max_connections = 1'000;
  std::size_t max_commands_per_client = 1'000;

  RecordsConfig records;

  std::string capture_file;     ///< "" for none.
  bool capture_secure = false;  ///< What went over TLS as well, in clear.

  base::log::Level log_level = base::log::Level::Info;
  bool demo_accounts = false;  ///< None were configured: those of the documentation are in force.

  Config();
  /// All that the exchange listens on.
  [[nodiscard]] std::vector<SipListener> all_listeners() const;
};

/// A setting from outside the file: where it came from, which key, and its text.
struct Override {
  std::string origin;  ///< "CALLWRIGHT_SIP_LISTEN" or "--sip"
  std::string key;     ///< "sip.listen"
  std::string text;
};

/// Reads `text` (a TOML document named `file` in messages) over the defaults and applies the overrides. All that is wrong is told in one error,
/// a line each: "callwright.toml:3: sip.listn: unknown key (did you mean sip.listen?)".
base::Result<Config> read_config(std::string_view text, std::string_view file, const std::vector<Override>& overrides);

/// The CALLWRIGHT_SECTION_KEY variables in `environment` ("NAME=value" lines as in environ). Names of no key are errors of `read_config`.
[[nodiscard]] std::vector<Override> environment_overrides(const char* const* environment);

/// The file to use: `path` if given, else ./callwright.toml or /etc/callwright/callwright.toml if there is one, else an empty document.
struct ConfigFile {
  std::string name;
  std::string text;
};
base::Result<ConfigFile> find_config_file(const std::string& path);

}  // namespace callwright::app
