#include "app/config.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace callwright::app {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

std::string problems_of(std::string_view text, const std::vector<Override>& overrides = {}) {
  const auto config = read_config(text, "test.toml", overrides);
  return config ? "" : config.error().message();
}

Config config_of(std::string_view text, const std::vector<Override>& overrides = {}) { return read_config(text, "test.toml", overrides).value(); }

TEST(Config, has_demo_accounts_on_loopback_when_there_is_nothing_else) {
  const Config config = config_of("");
  EXPECT_TRUE(config.demo_accounts);
  EXPECT_EQ(config.accounts.size(), 3U);
  EXPECT_EQ(config.sip_listen.front().address.to_string(), "127.0.0.1:5060");
  EXPECT_EQ(config.call_api_listen.front().address.to_string(), "127.0.0.1:5059");
  EXPECT_EQ(config.http_listen.front().address.to_string(), "127.0.0.1:8080");
}

TEST(Config, takes_what_users_want_to_happen_to_their_calls) {
  const Config config = config_of(
      "[exchange]\nfeatures_file = 'f.json'\n[[accounts]]\nusername = 'bob'\npassword = 'x'\nforward = { busy = 'carol', after_s = 10 }\n"
      "find_me = [{ to = 'phones', time_s = 15 }, { to = ['dave', 'sip:bob@h'] }]\nscreening = { incoming = { deny = ['anonymous'] } }\n"
      "do_not_disturb = true\n");
  const call::UserFeatures& features = config.accounts.front().features;
  EXPECT_EQ(features.forward, (call::Forwarding{.busy = "carol", .after = std::chrono::seconds(10)}));
  ASSERT_EQ(features.find_me.size(), 2U);
  EXPECT_THAT(features.find_me[1].places, ElementsAre("dave", "sip:bob@h"));
  EXPECT_THAT(features.incoming.deny, ElementsAre("anonymous"));
  EXPECT_TRUE(features.do_not_disturb);
  EXPECT_EQ(config.features_file, "f.json");
}

TEST(Config, says_what_is_wrong_with_that) {
  const std::string account = "[[accounts]]\nusername = 'bob'\npassword = 'x'\n";
  EXPECT_THAT(problems_of(account + "forward = { busy = 'a b' }"), HasSubstr("test.toml:4: accounts.forward.busy: expected a user or number"));
  EXPECT_THAT(problems_of(account + "forward = { busi = 'carol' }"), HasSubstr("test.toml:4: accounts.forward.busi: unknown key"));
  EXPECT_THAT(problems_of(account + "find_me = ['carol']"), HasSubstr("test.toml:4: accounts.find_me: expected an object"));
  EXPECT_THAT(problems_of(account + "screening = { outgoing = { deny = ['a*b'] } }"), HasSubstr("test.toml:4: accounts.screening.outgoing: expected lists"));
}

TEST(Config, takes_addresses_as_text_and_as_list) {
  EXPECT_EQ(config_of("[sip]\nlisten = '127.0.0.1:7000'").sip_listen.size(), 1U);
  EXPECT_EQ(config_of("[sip]\nlisten = ['127.0.0.1:7000', '[::1]:7000']").sip_listen.size(), 2U);
}

TEST(Config, puts_opensips_in_the_place_of_the_exchange) {
  EXPECT_EQ(config_of("").connector, CallApiConnector::Exchange);
  const std::string connector = "[call_api]\nconnector = 'opensips'\n";
  const Config config =
      config_of(connector + "[opensips]\nmi = 'unix:/run/mi.sock'\nevents = 'udp:192.0.2.7:9000'\nsip_uri = 'sip:192.0.2.1:5070'\nthird_party = false");
  EXPECT_EQ(config.connector, CallApiConnector::OpenSips);
  EXPECT_EQ(config.opensips.mi.to_string(), "unix:/run/mi.sock");
  EXPECT_EQ(config.opensips.events.to_string(), "udp:192.0.2.7:9000");
  EXPECT_EQ(config.opensips.settings.sip_uri, "sip:192.0.2.1:5070");
  EXPECT_FALSE(config.opensips.settings.third_party);
  EXPECT_TRUE(config.all_listeners().empty());
  EXPECT_FALSE(config.demo_accounts);
  EXPECT_EQ(config_of(connector + "[sip]\nlisten = '127.0.0.1:7000'").all_listeners().size(), 1U);
}

TEST(Config, refuses_what_opensips_cannot_reach) {
  for (const std::string_view setting : {"events = 'udp:[::1]:9000'", "events = 'udp:0.0.0.0:9000'", "events = 'http://127.0.0.1:1/'", "mi = 'udp:127.0.0.1:0'",
                                         "mi = '127.0.0.1:8080'", "sip_uri = 'tel:1'", "answer_timeout_ms = 1", "mi_reply = 'relative'"}) {
    EXPECT_THAT(problems_of("[opensips]\n" + std::string(setting)), HasSubstr("opensips.")) << setting;
  }
}

TEST(Config, takes_listeners_by_transport) {
  const Config config = config_of("[sip]\nlisten = ['127.0.0.1:7000', 'udp:127.0.0.1:7001', 'WS:[::1]:7002', 'tcp:127.0.0.1:0']");
  ASSERT_EQ(config.sip_listen.size(), 4U);
  EXPECT_EQ(config.sip_listen[0].transport, std::nullopt);
  EXPECT_EQ(config.sip_listen[1].transport, sip::Transport::Udp);
  EXPECT_EQ(config.sip_listen[2].transport, sip::Transport::Ws);
  EXPECT_EQ(config.sip_listen[2].address.to_string(), "[::1]:7002");
  EXPECT_EQ(config.sip_listen[3].transport, sip::Transport::Tcp);
  EXPECT_THAT(problems_of("[sip]\nlisten = 'sctp:127.0.0.1:7000'"), HasSubstr("test.toml:2: sip.listen: expected an address"));
}

TEST(Config, takes_listeners_as_tables_instead_of_the_default_and_beside_the_key) {
  const std::string table = "[[listeners]]\ntransport = 'udp'\naddress = '127.0.0.1:7000'\nadvertised = '203.0.113.5'\ndscp = 24\n";
  const auto alone = config_of(table).all_listeners();
  ASSERT_EQ(alone.size(), 1U);
  EXPECT_EQ(alone[0].transport, sip::Transport::Udp);
  EXPECT_EQ(alone[0].advertised->to_string(), "203.0.113.5");
  EXPECT_EQ(alone[0].dscp, 24);
  EXPECT_EQ(config_of(table + "[sip]\nlisten = '127.0.0.1:7001'").all_listeners().size(), 2U);
  EXPECT_THAT(problems_of("[[listeners]]\ntransport = 'udp'\naddress = '0.0.0.0:7000'"), HasSubstr("no [[accounts]]"));
}

TEST(Config, says_what_is_wrong_with_a_listener) {
  EXPECT_THAT(problems_of("[[listeners]]\ntransport = 'sctp'\naddress = '127.0.0.1:1'"),
              HasSubstr("listeners.transport: expected one of udp, tcp, tls, ws, wss"));
  EXPECT_THAT(problems_of("[[listeners]]\ntransport = 'udp'\naddress = '127.0.0.1'"), HasSubstr("listeners.address: expected an address with port"));
  EXPECT_THAT(problems_of("[[listeners]]\ntransport = 'udp'"), HasSubstr("listeners: address is missing"));
  const std::string good = "[[listeners]]\ntransport = 'udp'\naddress = '127.0.0.1:1'\n";
  EXPECT_THAT(problems_of(good + "advertised = '2001:db8::1'"), HasSubstr("listeners.advertised: expected an IP address"));
  EXPECT_THAT(problems_of(good + "dscp = 64"), HasSubstr("test.toml:4: listeners.dscp: expected a number from 0 to 63"));
  EXPECT_THAT(problems_of(good + "dscp = 'ef'"), HasSubstr("listeners.dscp"));
}

TEST(Config, wants_a_certificate_for_a_secure_listener) {
  for (const char* const listener : {"tls:127.0.0.1:0", "wss:127.0.0.1:0"}) {
    const std::string text = std::string("[sip]\nlisten = '") + listener + "'\n";
    EXPECT_THAT(problems_of(text), HasSubstr("needs a certificate; add a [[certificates]] table"));
    EXPECT_EQ(problems_of(text + "[[certificates]]\nchain = 'a.pem'\nkey = 'b.pem'"), "");
    EXPECT_THAT(problems_of(text + "[[certificates]]\nchain = 'a.pem'"), HasSubstr("certificates: key is missing"));
  }
}

TEST(Config, takes_tls_and_limits) {
  const Config config = config_of(
      "[sip]\ntls_ca_file = 'ca.pem'\ntls_verify = false\ntls_unverified = ['lab.example']\ntls_client_certificates = 'required'\n"
      "max_connections = 7\nmax_message_bytes = 4000\nidle_timeout_ms = 7200000\nmax_requests_per_second = 0\nunlimited_sources = ['192.0.2.0/24', '::1']");
  EXPECT_EQ(config.tls.ca_file, "ca.pem");
  EXPECT_EQ(config.tls.verify_servers, net::ServerVerification::Off);
  EXPECT_THAT(config.tls.unverified_servers, ElementsAre("lab.example"));
  EXPECT_EQ(config.tls.client_certificates, net::ClientCertificates::Required);
  EXPECT_EQ(config.stream_limits.max_connections, 7U);
  EXPECT_EQ(config.stream_limits.max_message_bytes, 4000U);
  EXPECT_EQ(config.stream_limits.idle_timeout, std::chrono::hours(2));
  EXPECT_EQ(config.source_limits.requests_per_second, 0);
  EXPECT_EQ(config.source_limits.unlimited.size(), 2U);
  EXPECT_THAT(problems_of("[sip]\nunlimited_sources = ['example.com']"), HasSubstr("sip.unlimited_sources: expected a list of addresses and networks"));
  EXPECT_THAT(problems_of("[sip]\nmax_message_bytes = 70000"), HasSubstr("sip.max_message_bytes"));
}

TEST(Config, names_line_and_near_key_of_an_unknown_one) {
  EXPECT_EQ(problems_of("[sip]\n\nlistn = 'x'"), "test.toml:3: sip.listn: unknown key (did you mean sip.listen?)");
}

TEST(Config, tells_all_that_is_wrong_in_the_order_of_the_file) {
  EXPECT_EQ(
      problems_of("[log]\nlevel = 3\n[sip]\nlisten = '127.0.0.1'\n[nonsense]\n"),
      "test.toml:2: log.level: expected one of trace, debug, info, warn, error, off\n"
      "test.toml:4: sip.listen: expected an address with port such as \"127.0.0.1:5060\" or \"tls:127.0.0.1:5061\" (udp, tcp, tls, ws, wss), or a list of "
      "them\n"
      "test.toml:5: nonsense: unknown section; there are sip, exchange, session, media, call_api, http, capture, records, server, log, [[accounts]], "
      "[[routes]], "
      "[[conferences]], [[listeners]] and [[certificates]]");
}

TEST(Config, knows_the_numbers_of_conferences) {
  const Config config = config_of("[[conferences]]\nnumber = '8000'\n[[conferences]]\nnumber = 'standup'\nmax_parties = 5\ntones = true");
  ASSERT_EQ(config.conferences.size(), 2U);
  EXPECT_EQ(config.conferences[0].number, "8000");
  EXPECT_EQ(config.conferences[0].max_parties, 100U);
  EXPECT_EQ(config.conferences[0].tones, call::Conference::Tones::Off);
  EXPECT_EQ(config.conferences[1].max_parties, 5U);
  EXPECT_EQ(config.conferences[1].tones, call::Conference::Tones::On);
  EXPECT_EQ(problems_of("[[conferences]]\nnumber = 'a b'\nmax_parties = 1\ntones = 3\nname = 'x'\n[[conferences]]\n"),
            "test.toml:1: conferences.number: expected the user that is called, such as \"8000\" or \"standup\"\n"
            "test.toml:3: conferences.max_parties: expected a number from 2 to 1000\n"
            "test.toml:4: conferences.tones: expected true or false\n"
            "test.toml:5: conferences.name: unknown key\n"
            "test.toml:6: conferences.number: expected the user that is called, such as \"8000\" or \"standup\"");
  EXPECT_THAT(problems_of("[[conferences]]\nnumber = '1'\n[[conferences]]\nnumber = '1'"), HasSubstr("conferences: number \"1\" is there twice"));
}

TEST(Config, takes_what_sessions_offer_and_insist_on) {
  using sip::SessionPolicy;
  const Config config = config_of("[session]\ntimers = 'always'\ntimer_s = 600\nmin_timer_s = 120\nreliable = 'required'");
  EXPECT_EQ(config.session.timers, SessionPolicy::Timers::Always);
  EXPECT_EQ(config.session.session_interval, SessionPolicy::Seconds(600));
  EXPECT_EQ(config.session.min_interval, SessionPolicy::Seconds(120));
  EXPECT_EQ(config.session.reliable, SessionPolicy::Reliable::Required);
  EXPECT_EQ(config_of("", {{"CALLWRIGHT_SESSION_RELIABLE", "session.reliable", "off"}}).session.reliable, SessionPolicy::Reliable::Off);
  EXPECT_EQ(problems_of("[session]\nreliable = 'maybe'\ntimers = true\ntimer_s = 89"),
            "test.toml:2: session.reliable: expected one of off, supported, required\n"
            "test.toml:3: session.timers: expected one of off, on, always\n"
            "test.toml:4: session.timer_s: expected seconds, 90 to 86400");
  EXPECT_THAT(problems_of("[session]\ntimer_s = 100\nmin_timer_s = 200"), HasSubstr("session.timer_s is less than session.min_timer_s"));
  EXPECT_THAT(problems_of("[session]\ntimer = 100"), HasSubstr("session.timer: unknown key (did you mean session.timers?)"));
}

TEST(Config, takes_how_far_a_route_is_followed_and_trusted) {
  const std::string route = "[[routes]]\nuser = '0*'\ntarget = 'sip:203.0.113.5'\n";
  EXPECT_EQ(config_of(route).routes.at(0).redirects, sip::RedirectPolicy::Off);
  EXPECT_EQ(config_of(route).routes.at(0).peer, call::Peer::Stranger);
  EXPECT_EQ(config_of(route + "follow_redirects = 'domain'").routes.at(0).redirects, sip::RedirectPolicy::SameDomain);
  const Config config = config_of(route + "follow_redirects = 'all'\ntrusted = true");
  EXPECT_EQ(config.routes.at(0).redirects, sip::RedirectPolicy::All);
  EXPECT_EQ(config.routes.at(0).peer, call::Peer::Trusted);
  EXPECT_EQ(problems_of(route + "follow_redirects = 'yes'\ntrusted = 'very'"),
            "test.toml:4: routes.follow_redirects: expected one of no, domain, all\n"
            "test.toml:5: routes.trusted: expected true or false");
}

TEST(Config, names_the_line_of_a_syntax_error) { EXPECT_THAT(problems_of("[sip]\nlisten = = 3"), HasSubstr("test.toml:2:")); }

TEST(Config, lets_a_variable_override_the_file_and_a_flag_both) {
  const std::vector<Override> overrides{{"CALLWRIGHT_SIP_LISTEN", "sip.listen", "127.0.0.1:1"}, {"--sip", "sip.listen", "127.0.0.1:2"}};
  EXPECT_EQ(config_of("[sip]\nlisten = '127.0.0.1:3'", overrides).sip_listen.front().address.port, 2);
}

TEST(Config, reads_numbers_booleans_and_lists_from_text) {
  const Config config = config_of("", {{"a", "exchange.max_calls", "7"}, {"b", "capture.secure", "true"}, {"c", "sip.domains", "one.example,two.example"}});
  EXPECT_EQ(config.max_calls, 7U);
  EXPECT_TRUE(config.capture_secure);
  EXPECT_THAT(config.domains, ElementsAre("one.example", "two.example"));
}

TEST(Config, names_the_variable_that_is_wrong) {
  EXPECT_EQ(problems_of("", {{"CALLWRIGHT_EXCHANGE_MAX_CALLS", "exchange.max_calls", "many"}}),
            "CALLWRIGHT_EXCHANGE_MAX_CALLS: expected a number from 1 to 10000000, got \"many\"");
}

TEST(Config, takes_variables_of_known_sections_only) {
  const char* const environment[] = {"PATH=/bin", "CALLWRIGHT_BIN=/x", "CALLWRIGHT_CALL_API_ON_DISCONNECT=cancel", nullptr};
  const auto overrides = environment_overrides(environment);
  ASSERT_EQ(overrides.size(), 1U);
  EXPECT_EQ(overrides.front().key, "call_api.on_disconnect");
  EXPECT_EQ(overrides.front().text, "cancel");
}

TEST(Config, takes_how_the_call_api_talks) {
  namespace api = server::call_api;
  const Config plain = config_of("");
  EXPECT_EQ(plain.call_api_protocol.dialect, &api::current_dialect());
  EXPECT_EQ(plain.call_api_protocol.errors, &api::json_rpc_errors());
  const Config other = config_of("[call_api]\ndialect = '2020'\nerrors = 'reference'");
  EXPECT_EQ(other.call_api_protocol.dialect, &api::dialect_of_2020());
  EXPECT_EQ(other.call_api_protocol.errors, &api::reference_errors());
  EXPECT_EQ(config_of("", {{"CALLWRIGHT_CALL_API_DIALECT", "call_api.dialect", "2020"}}).call_api_protocol.dialect, &api::dialect_of_2020());
  EXPECT_EQ(problems_of("[call_api]\ndialect = 'new'\nerrors = 32000"),
            "test.toml:2: call_api.dialect: expected \"current\" or \"2020\"\n"
            "test.toml:3: call_api.errors: expected \"json-rpc\" or \"reference\"");
}

TEST(Config, refuses_a_call_api_open_to_the_network_without_tokens) {
  for (const char* key : {"call_api", "http"}) {
    const std::string open = "[" + std::string(key) + "]\nlisten = ['127.0.0.1:0', '0.0.0.0:5059']";
    EXPECT_THAT(problems_of(open), HasSubstr(std::string(key) + ".listen: the Call API would be open to the network at 0.0.0.0:5059; make a token with: "
                                                                "callwright token create"));
    EXPECT_THAT(problems_of(open), HasSubstr("set call_api.tokens = "));
    EXPECT_EQ(config_of(open, {{"a", "call_api.tokens", "my.tokens"}}).token_file, "my.tokens");
  }
  EXPECT_THAT(problems_of("[call_api]\nlisten = '[::]:5059'\ntokens = ''"), HasSubstr("callwright token create"));
  EXPECT_EQ(problems_of("[call_api]\nlisten = '[::1]:5059'"), "");
}

TEST(Config, takes_listeners_of_the_call_api_and_of_http_with_tls) {
  const std::string certificate = "\n[[certificates]]\nchain = 'chain.pem'\nkey = 'key.pem'";
  const Config config =
      config_of("[call_api]\ntokens = 't'\nlisten = ['ws:127.0.0.1:5059', 'wss:[::]:5060']\n[http]\nlisten = 'https:0.0.0.0:8443'" + certificate);
  ASSERT_EQ(config.call_api_listen.size(), 2U);
  EXPECT_EQ(config.call_api_listen[0].security, server::WebSecurity::Plain);
  EXPECT_EQ(config.call_api_listen[1].security, server::WebSecurity::Tls);
  EXPECT_EQ(config.call_api_listen[1].address.to_string(), "[::]:5060");
  EXPECT_EQ(config.http_listen.at(0).security, server::WebSecurity::Tls);
  EXPECT_THAT(problems_of("[call_api]\nlisten = 'wss:127.0.0.1:5059'"), HasSubstr("a listener for tls, wss or https needs a certificate"));
  EXPECT_THAT(problems_of("[call_api]\nlisten = 'https:127.0.0.1:5059'" + certificate), HasSubstr("call_api.listen: expected an address with port"));
  EXPECT_THAT(problems_of("[call_api]\nlisten = 'wss:0.0.0.0:5059'" + certificate), HasSubstr("open to the network at 0.0.0.0:5059"));
}

TEST(Config, takes_keys_of_signed_tokens_in_place_of_a_file_of_tokens) {
  const Config config = config_of("[call_api]\nlisten = '0.0.0.0:5059'\njwks = 'jwks.json'\njwt_issuer = 'https://id.example'\njwt_audience = 'callwright'");
  EXPECT_EQ(config.jwks_file, "jwks.json");
  EXPECT_EQ(config.jwt.issuer, "https://id.example");
  EXPECT_EQ(config.jwt.audience, "callwright");
  EXPECT_THAT(problems_of("[call_api]\njwt_audience = 'callwright'"), HasSubstr("name the file with their keys in call_api.jwks"));
}

TEST(Config, refuses_sip_open_to_the_network_without_accounts) {
  EXPECT_THAT(problems_of("[sip]\nlisten = '0.0.0.0:5060'"), HasSubstr("no [[accounts]]"));
  EXPECT_EQ(problems_of("[sip]\nlisten = '0.0.0.0:5060'\n[[accounts]]\nusername = 'a'\npassword = 'b'"), "");
}

TEST(Config, takes_hashes_in_place_of_a_password) {
  const std::string md5(32, 'a');
  const std::string sha(64, 'b');
  const Config config =
      config_of("[sip]\ndigest = ['MD5', 'SHA-512-256-sess']\n[[accounts]]\nusername = 'a'\nha1_md5 = '" + md5 + "'\nha1_sha512_256 = '" + sha + "'");
  EXPECT_EQ(config.accounts.front().password, "");
  EXPECT_THAT(config.accounts.front().ha1, ElementsAre(std::pair(sip::DigestAlgorithm::Md5, md5), std::pair(sip::DigestAlgorithm::Sha512256, sha)));
  EXPECT_THAT(problems_of("[[accounts]]\nusername = 'a'\nha1_md5 = 'xyz'"), HasSubstr("expected 32 digits"));
  EXPECT_THAT(problems_of("[[accounts]]\nusername = 'a'\npassword = 'p'\nha1_md5 = '" + md5 + "'"), HasSubstr("both a password and its hashes"));
  EXPECT_THAT(problems_of("[[accounts]]\nusername = 'a'\nha1_sha256 = '" + sha + "'"), HasSubstr("has no hash for MD5"));
}

TEST(Config, takes_limits_of_overload_and_of_wrong_passwords) {
  const Config config = config_of("[sip]\nmax_dialogs = 7\nmax_lag_ms = 0\nwrong_passwords_per_source = 0\nwrong_passwords_per_user = 9");
  EXPECT_EQ(config.max_dialogs, 7U);
  EXPECT_EQ(config.max_lag.count(), 0);
  EXPECT_EQ(config.wrong_passwords_per_source, 0U);
  EXPECT_EQ(config.wrong_passwords_per_user, 9U);
}

TEST(Config, takes_limits_of_subscriptions_and_how_often_phones_are_asked) {
  const Config config = config_of(
      "[exchange]\nqualify_ms = 30000\nqualify_misses = 3\nmax_subscriptions = 9\nmax_subscriptions_per_user = 2\nmin_subscription_s = 300\n"
      "max_subscription_s = 86400");
  EXPECT_EQ(config.qualify_period, std::chrono::seconds(30));
  EXPECT_EQ(config.qualify_misses, 3U);
  EXPECT_EQ(config.subscriptions.subscriptions, 9U);
  EXPECT_EQ(config.subscriptions.subscriptions_per_user, 2U);
  EXPECT_EQ(config.subscriptions.minimum_expires, std::chrono::minutes(5));
  EXPECT_EQ(config.subscriptions.maximum_expires, std::chrono::hours(24));
  EXPECT_EQ(config_of("").qualify_period, std::chrono::seconds(0));
  EXPECT_EQ(problems_of("[exchange]\nqualify_ms = 0"), "");
  EXPECT_THAT(problems_of("[exchange]\nqualify_ms = 5"), HasSubstr("exchange.qualify_ms: expected milliseconds, 1000 to 3600000, or 0 for off"));
  EXPECT_THAT(problems_of("[exchange]\nmin_subscription_s = 3601"), HasSubstr("exchange.min_subscription_s"));
}

TEST(Config, refuses_accounts_that_cannot_register) {
  EXPECT_THAT(problems_of("[[accounts]]\nusername = 'a'"), HasSubstr("password is missing"));
  EXPECT_THAT(problems_of("[[accounts]]\nusername = 'a b'\npassword = 'x'"), HasSubstr("a character that a SIP user may not have"));
  EXPECT_THAT(problems_of("[[accounts]]\nusername = 'a'\npassword = 'x'\n[[accounts]]\nusername = 'a'\npassword = 'y'"), HasSubstr("is there twice"));
}

TEST(Config, never_repeats_a_password) {
  const std::string problems =
      problems_of("[[accounts]]\nusername = 'a b'\npassword = 'top-secret'\n[[routes]]\nuser='1'\ntarget='nonsense'\nusername='u'\npassword='top-secret'");
  EXPECT_THAT(problems, HasSubstr("routes.target"));
  EXPECT_EQ(problems.find("top-secret"), std::string::npos);
}

TEST(Config, refuses_a_route_that_is_no_prefix_or_leads_nowhere) {
  EXPECT_THAT(problems_of("[[routes]]\nuser = '0*0'\ntarget = 'sip:192.0.2.1'"), HasSubstr("routes.user"));
  EXPECT_THAT(problems_of("[[routes]]\nuser = '0*'\ntarget = 'tel:1'"), HasSubstr("routes.target"));
  EXPECT_EQ(problems_of("[[routes]]\nuser = '0*'\ntarget = 'sip:192.0.2.1'"), "");
}

TEST(Config, takes_the_digest_algorithms_in_order) {
  EXPECT_THAT(config_of("[sip]\ndigest = ['SHA-256', 'MD5']").digest_algorithms, ElementsAre(sip::DigestAlgorithm::Sha256, sip::DigestAlgorithm::Md5));
  EXPECT_THAT(problems_of("[sip]\ndigest = ['SHA-1']"), HasSubstr("sip.digest"));
}

TEST(Config, takes_the_slots_in_which_calls_are_parked) {
  const Config config = config_of("[call_api]\npark_timeout_ms = 60000\npark_slots = '71-75'");
  EXPECT_EQ(config.park_timeout, std::chrono::minutes(1));
  EXPECT_EQ(config.first_park_slot, 71U);
  EXPECT_EQ(config.last_park_slot, 75U);
  for (const char* const slots : {"71", "75-71", "-71-75", "71-75x", "1-20000", ""}) {
    EXPECT_THAT(problems_of(std::string("[call_api]\npark_slots = '") + slots + "'"), HasSubstr("call_api.park_slots: expected a range")) << slots;
  }
}

TEST(Config, takes_the_number_that_parks) {
  EXPECT_EQ(config_of("").park_number, "");
  EXPECT_EQ(config_of("[exchange]\npark_number = '*68'").park_number, "*68");
  for (const char* const number : {"", "park", "*6 8", "12345678901234567"}) {
    EXPECT_THAT(problems_of(std::string("[exchange]\npark_number = '") + number + "'"), HasSubstr("exchange.park_number: expected 1 to 16 digits")) << number;
  }
}

TEST(Config, refuses_a_number_that_parks_and_leads_to_somebody) {
  EXPECT_THAT(problems_of("[exchange]\npark_number = '70'\n[[accounts]]\nusername = '70'\npassword = 'x'"),
              HasSubstr("an account or a conference has the number \"70\""));
  EXPECT_THAT(problems_of("[exchange]\npark_number = '70'\n[[conferences]]\nnumber = '70'"), HasSubstr("an account or a conference has the number \"70\""));
}

TEST(Config, takes_media_of_all_and_of_some) {
  const Config config = config_of(
      "[media]\nmode = 'relay'\ncodecs = ['PCMA', 'opus']\nsecurity = 'required'\naddress = ['192.0.2.1', '2001:db8::1']\nadvertised = '203.0.113.5'\n"
      "ports = '20000-20099'\n[[accounts]]\nusername = 'a'\npassword = 'b'\n[[accounts]]\nusername = 'c'\npassword = 'd'\nmedia = 'process'\n"
      "[[routes]]\nuser = '0*'\ntarget = 'sip:192.0.2.9'\ncodecs = 'PCMU'\nsecurity = 'dtls'");
  EXPECT_EQ(config.media.mode, call::MediaMode::Relay);
  EXPECT_EQ(config.media.profile.codecs.at(1).name, "opus");
  EXPECT_EQ(config.media.profile.security->policy, sdp::MediaSecurity::Required);
  EXPECT_EQ(config.media.addresses.size(), 2U);
  EXPECT_EQ(config.media.advertised->to_string(), "203.0.113.5");
  EXPECT_EQ(config.media.first_port, 20000);
  EXPECT_EQ(config.media.last_port, 20099);
  EXPECT_EQ(config.accounts.at(0).media, nullptr);
  EXPECT_EQ(config.accounts.at(1).media->mode, call::MediaMode::Process);
  EXPECT_EQ(config.routes.at(0).media->codecs.front().name, "PCMU");
  EXPECT_EQ(config.routes.at(0).media->security->kind, call::AgentSecurity::Kind::Dtls);
  EXPECT_EQ(config_of("").media.mode, call::MediaMode::Auto);
}

TEST(Config, says_what_is_wrong_with_media) {
  EXPECT_THAT(problems_of("[media]\nmode = 'through'"), HasSubstr("test.toml:2: media.mode: expected one of auto, bypass, relay, process"));
  EXPECT_THAT(problems_of("[media]\ncodecs = ['G711']"), HasSubstr("test.toml:2: media.codecs: expected a list of codecs"));
  EXPECT_THAT(problems_of("[media]\nsecurity = 'none'"), HasSubstr("media.security: expected one of off, optional, required"));
  EXPECT_THAT(problems_of("[media]\naddress = '0.0.0.0'"), HasSubstr("media.address: expected an IP address of this machine"));
  for (const char* const ports : {"20000", "20000-10000", "80-90", "20000-70000", "20000-20001x"}) {
    EXPECT_THAT(problems_of(std::string("[media]\nports = '") + ports + "'"), HasSubstr("media.ports: expected a range")) << ports;
  }
  EXPECT_THAT(problems_of("[media]\nmode = 'relay'\nhold_music = '/nowhere/music.wav'"),
              HasSubstr("test.toml:3: media.hold_music: expected the name of a sound file"));
  EXPECT_THAT(problems_of("[media]\nmood = 'relay'"), HasSubstr("did you mean media.mode?"));
  EXPECT_THAT(problems_of("[[routes]]\nuser = '0'\ntarget = 'sip:192.0.2.9'\nmedia = 'never'"), HasSubstr("test.toml:4: routes.media: expected one of auto"));
}

}  // namespace
}  // namespace callwright::app
