#include "app/commands.hpp"
#include "app/completion.hpp"
#include "app/config.hpp"
#include "app/monitor_command.hpp"
#include "app/run_file.hpp"
#include "app/test_command.hpp"
#include "base/log.hpp"
#include "base/similar_text.hpp"
#include "media/codec_names.hpp"
#include "server/jwk_file.hpp"
#include "server/token_file.hpp"

#include <CLI/CLI.hpp>

#include <cstdio>
#include <exception>
#include <memory>
#include <string>
#include <vector>

#include <unistd.h>

namespace {

using callwright::app::CallOptions;
using callwright::app::CompletionCommand;
using callwright::app::Config;
using callwright::app::Override;
using callwright::app::PhoneOptions;
using callwright::server::call_api::ServerTrust;

constexpr int kUsage = 2;

/// Flags of `serve` that stand for a key of the configuration.
struct ServeFlag {
  const char* flag;
  const char* key;
  const char* help;
};
constexpr ServeFlag kServeFlags[] = {
    {"--sip", "sip.listen", "Address of the SIP exchange, UDP and TCP, or with a transport: tls:127.0.0.1:5061 (default 127.0.0.1:5060; port 0: any free one)"},
    {"--call-api", "call_api.listen", "Address of the Call API, or with TLS: wss:127.0.0.1:5060 (default 127.0.0.1:5059)"},
    {"--http", "http.listen", "Address of the HTTP server, or with TLS: https:127.0.0.1:8443 (default 127.0.0.1:8080)"},
    {"--capture", "capture.file", "Write all SIP messages to this pcap file, for Wireshark, tshark or sngrep"},
    {"--log-level", "log.level", "trace, debug, info, warn, error or off (default info)"},
};

callwright::base::Result<Config> load(const std::string& path, const std::vector<Override>& overrides) {
  const auto file = callwright::app::find_config_file(path);
  if (!file) {
    return file.error();
  }
  return callwright::app::read_config(file->text, file->name, overrides);
}

int run_serve(const std::string& path, const std::vector<Override>& flags) {
  auto overrides = callwright::app::environment_overrides(environ);
  overrides.insert(overrides.end(), flags.begin(), flags.end());
  const auto config = load(path, overrides);
  if (!config) {
    std::fprintf(stderr, "%s\n", config.error().message().c_str());
    return kUsage;
  }
  callwright::base::log::set_level(config->log_level);
  return callwright::app::serve(*config);
}

/// The files that the configuration names can be used.
callwright::base::Result<void> check_files(const Config& config) {
  if (!config.token_file.empty()) {
    if (const auto tokens = callwright::server::TokenFile::blocking_open(config.token_file); !tokens) {
      return tokens.error();
    }
  }
  if (!config.jwks_file.empty()) {
    if (const auto keys = callwright::server::blocking_open_jwks(config.jwks_file); !keys) {
      return keys.error();
    }
  }
  if (!config.tls.certificates.empty()) {
    if (const auto server = callwright::net::TlsServer::create(config.tls); !server) {
      return server.error();
    }
  }
  const auto client = callwright::net::TlsClient::create(config.tls);
  return client ? callwright::base::ok() : callwright::base::Result<void>(client.error());
}

int run_check(const std::string& path) {
  const auto config = load(path, {});
  if (!config) {
    std::fprintf(stderr, "%s\n", config.error().message().c_str());
    return kUsage;
  }
  if (const auto usable = check_files(*config); !usable) {
    std::fprintf(stderr, "%s: %s\n", path.c_str(), usable.error().message().c_str());
    return kUsage;
  }
  std::printf("%s: ok\n", path.c_str());
  return 0;
}

/// What the parser writes before it becomes a PhoneOptions.
struct PhoneFlags {
  std::shared_ptr<bool> json = std::make_shared<bool>(false);
  std::shared_ptr<int> seconds = std::make_shared<int>(0);
};

PhoneFlags add_phone_options(CLI::App& phone, PhoneOptions& options) {
  PhoneFlags flags;
  phone.add_option("-a,--account", options.account, "Registers there: USER@HOST[:PORT]");
  phone.add_option("--password", options.password, "Of the account. Others on this machine can see it here, so better set the variable")
      ->envname("CALLWRIGHT_PHONE_PASSWORD");
  phone.add_option("--name", options.name, "The user that others call, without an account")->capture_default_str();
  phone.add_option("-l,--listen", options.listen,
                   "Address of SIP, UDP and TCP, and of the media (default: a free port of the address that leads to the other side)");
  phone.add_option("-d,--dial", options.dial, "Calls this address, and ends when that call ends");
  phone.add_option("--for", *flags.seconds, "Hangs up the call of --dial after this many seconds")->check(CLI::Range(1, 86400));
  phone.add_option("--answer", options.answer, "How it takes calls: auto or manual")->capture_default_str();
  phone.add_option("--codec", options.codecs,
                   "Codecs in order of preference, with commas: " + callwright::media::codec_names() + " (default opus,G722,PCMA,PCMU)");
  phone.add_option("--srtp", options.srtp, "Encryption of the media: off, sdes (keys in the descriptions) or dtls; required where it is on")
      ->capture_default_str();
  phone.add_flag("--srtp-optional", options.srtp_optional, "Takes calls in the clear as well");
  phone.add_flag("--ice", options.ice, "ICE (lite); browsers need it, with --srtp dtls");
  phone.add_option("-p,--play", options.play, "What it says: silence, noise, tone:440, tone:440@-20 (dBov), a sound file, or loop:FILE")->capture_default_str();
  phone.add_option("-r,--record", options.record, "Records each call in this folder, as WAV: what it hears on the left channel, what it says on the right one");
  phone.add_option("-k,--keys", options.keys, "Presses these keys when a call is answered");
  phone.add_flag("--json", *flags.json, "Print events as JSON, one a line");
  phone.footer(
      "Reads commands, one a line: dial ADDRESS, answer, hold, resume, play SOUND, press KEYS, hang-up, quit.\n"
      "They are about the latest call. Ctrl-C, quit and the end of input (without --dial) hang up and un-register.\n"
      "Exit status: 0 all went as told, 1 the call of --dial or the registration failed, 2 wrong usage, 130 stopped a second time.\n"
      "Examples:\n  callwright phone --account alice@127.0.0.1 --dial bob --play tone:440 --for 5\n"
      "  callwright phone --name echo --listen 127.0.0.1:5070 --play loop:hello.wav --record calls --json\n"
      "  callwright phone --account alice@127.0.0.1 --srtp dtls --ice");
  return flags;
}

/// `status` and `options` outlive the parser.
void add_token_command(CLI::App& app, callwright::app::TokenOptions& options, int& status) {
  CLI::App* const token = app.add_subcommand("token", "Tokens of the Call API: create, list and revoke them");
  token->require_subcommand(1);
  token->footer("Help on one:  callwright token create --help");
  const auto add = [&](const char* name, const char* what, int (*run)(const callwright::app::TokenOptions&)) {
    CLI::App* const command = token->add_subcommand(name, what);
    command->add_option("--file", options.file, "The token file (default: call_api.tokens of the configuration, else callwright.tokens)");
    command->callback([&options, &status, run] { status = run(options); });
    return command;
  };
  CLI::App* const create = add("create", "Print a new token, once, and keep its hash in the file", callwright::app::token_create);
  create->add_option("--name", options.name, "Who will have it, for lists and logs: letters, digits, '.', '_' and '-'")->required();
  create->add_option("--scope", options.scopes, "What it allows, one or more of " + callwright::server::names_of_scopes())->required()->delimiter(',');
  create->footer(
      "call:control implies call:read, admin implies everything. The server sees the change at once.\n"
      "Examples:\n  callwright token create --name crm --scope call:control\n"
      "  callwright token create --name wallboard --scope call:read --file /etc/callwright/tokens");
  add("list", "Print names and scopes", callwright::app::token_list)->footer("Example:\n  callwright token list");
  CLI::App* const revoke = add("revoke", "Take a token back; connections that use it are closed by the next message", callwright::app::token_revoke);
  revoke->add_option("NAME", options.name, "As in the list")->required();
  revoke->footer("Example:\n  callwright token revoke crm");
}

/// What the parser writes before it becomes a CallOptions.
struct CallFlags {
  bool json = false;
  bool insecure = false;
  int timeout_s = 0;
};

/// `options` and `status` outlive the parser.
void add_call_command(CLI::App& app, CallOptions& options, int& status) {
  CLI::App* const call = app.add_subcommand("call", "Send one command to the Call API and print what comes back");
  options.url = "ws://127.0.0.1:5059/call-api";
  const auto flags = std::make_shared<CallFlags>();
  flags->timeout_s = static_cast<int>(options.timeout.count());
  call->add_option("METHOD", options.method, "CallStart, CallEnd, Subscribe, …; docs/call-api.md has them all")->required();
  call->add_option("PARAMS", options.params, "Parameters as key=text or key:=json");
  call->add_option("--url", options.url, "Where the Call API is: ws://… or, with TLS, wss://…")->capture_default_str();
  call->add_option("--token", options.token, "Token of the Call API. Others on this machine can see it here, so better set the variable")
      ->envname("CALLWRIGHT_TOKEN");
  call->add_option("--ca", options.trust.ca_file,
                   "PEM file of those who may have signed the certificate of a wss:// server (default: the system's authorities)");
  call->add_flag("--insecure", flags->insecure, "Takes whatever certificate the server has; for tests");
  call->add_option("--timeout", flags->timeout_s, "Seconds to wait for the end of the command")->capture_default_str()->check(CLI::Range(1, 86400));
  call->add_flag("--json", flags->json, "Print the messages as they come, one a line");
  call->add_flag(
      "-f,--follow", options.follow,
      "Goes on until Ctrl-C with a Subscribe, also when the connection breaks; and, behind a command, with its call until that has ended. Prints a JSON "
      "object for each event, one a line, unless it prints to a terminal");
  call->footer(
      "Exit status: 0 Ended, or stopped while it follows; 1 Error, 2 wrong usage, 3 no connection.\n"
      "Examples:\n  callwright call CallStart caller=sip:alice@127.0.0.1 callee=sip:bob@127.0.0.1\n"
      "  callwright call CallBlindTransfer callid=CALL-ID-FROM-TRANSFERSTART leg=callee destination=sip:carol@127.0.0.1\n"
      "  callwright call CallEnd callid=CALL-ID-FROM-TRANSFERSTART\n"
      "  callwright call Subscribe what=calls --follow | jq -r .data.callid\n"
      "  CALLWRIGHT_TOKEN=$(cat my.token) callwright call Echo --url wss://pbx.example.com:5060/call-api");
  call->callback([&options, &status, flags] {
    options.output = flags->json ? CallOptions::Output::Json : CallOptions::Output::Text;
    options.trust.verification = flags->insecure ? ServerTrust::Verification::Off : ServerTrust::Verification::On;
    options.timeout = std::chrono::seconds(flags->timeout_s);
    status = callwright::app::call(options);
  });
}

/// The commands and options below `app` as completion needs them.
CompletionCommand completion_of(const CLI::App& app) {
  CompletionCommand command{app.get_name(), {}, {}};
  for (const CLI::Option* const option : app.get_options()) {
    const bool takes_value = option->get_items_expected_max() > 0;
    for (const std::string& name : option->get_lnames()) {
      command.options.push_back({"--" + name, takes_value});
    }
    for (const std::string& name : option->get_snames()) {
      command.options.push_back({"-" + name, takes_value});
    }
  }
  for (const CLI::App* const sub : app.get_subcommands([](const CLI::App*) { return true; })) {
    command.commands.push_back(completion_of(*sub));
  }
  return command;
}

/// `status` outlives the parser.
void add_completion_command(CLI::App& app, int& status) {
  CLI::App* const completion = app.add_subcommand("completion", "Print what completes commands, options, methods and parameters in a shell");
  completion->require_subcommand(1);
  completion->footer("Help on one:  callwright completion bash --help");
  const auto add = [&](const char* shell, const char* what, const char* example, std::string (*make)(const CompletionCommand&)) {
    CLI::App* const command = completion->add_subcommand(shell, what);
    command->footer(example);
    command->callback([&app, &status, make] {
      std::fputs(make(completion_of(app)).c_str(), stdout);
      status = 0;
    });
  };
  add("bash", "For bash 4.3 and newer",
      "For this shell:  source <(callwright completion bash)\nFor all:  callwright completion bash > /etc/bash_completion.d/callwright",
      callwright::app::bash_completion);
  add("zsh", "For zsh",
      "For this shell:  source <(callwright completion zsh)\nFor all:  callwright completion zsh > /usr/local/share/zsh/site-functions/_callwright",
      callwright::app::zsh_completion);
}

/// `options`, `json` and `status` outlive the parser.
void add_records_command(CLI::App& app, callwright::app::RecordsOptions& options, bool& json, int& status) {
  CLI::App* const records = app.add_subcommand("records", "The latest call records of a database");
  records->add_option("FILE", options.file, "The database: records.database of the configuration")->required();
  records->add_option("--since", options.since, "Calls that began then or later, UTC: 2026-03-01, or 2026-03-01T12:30");
  records->add_option("--limit", options.limit, "So many at most")->capture_default_str()->check(CLI::Range(1, 1'000'000));
  records->add_flag("--json", json, "Print whole records as JSON, one a line");
  records->footer("Exit status: 0, also when there are none; 1 when the file cannot be read.\nExample:\n  callwright records calls.sqlite --since 2026-03-01");
  records->callback([&options, &json, &status] {
    options.output = json ? callwright::app::RecordsOptions::Output::Json : callwright::app::RecordsOptions::Output::Text;
    status = callwright::app::records(options);
  });
}

int unknown_command(const CLI::App& app, const std::string& word) {
  constexpr std::size_t kMostChanges = 3;
  const auto commands = app.get_subcommands([](const CLI::App*) { return true; });
  const auto near =
      callwright::base::most_similar(commands.begin(), commands.end(), word, kMostChanges, [](const CLI::App* command) { return command->get_name(); });
  std::fprintf(stderr, "There is no command \"%s\"", word.c_str());
  if (near != commands.end()) {
    std::fprintf(stderr, "; did you mean %s?", (*near)->get_name().c_str());
  }
  std::fprintf(stderr, "\nRun with --help for more information.\n");
  return kUsage;
}

int run(int argc, char** argv) {
  CLI::App app("Callwright makes, answers, steers and verifies phone calls.");
  app.set_version_flag("-v,--version", "callwright " CALLWRIGHT_VERSION);
  app.require_subcommand(1);
  app.footer("Start with:  callwright demo\nHelp on one:  callwright serve --help");

  int status = 0;
  CLI::App* const demo = app.add_subcommand("demo", "Two phones talk, steered over WebSocket: the main job in one command");
  callwright::app::DemoOptions demo_options;
  demo->add_option("--codec", demo_options.codec, "The codec of the call: " + callwright::media::codec_names() + " (default: the best that both have, opus)");
  demo->add_option("--srtp", demo_options.srtp, "Encryption of the media: off, sdes (keys in the descriptions) or dtls")->capture_default_str();
  demo->add_option("--record", demo_options.record, "Both phones record the call into this folder, as WAV with each side on a channel")
      ->check(CLI::ExistingDirectory);
  demo->add_option("--stun", demo_options.stun_server, "A STUN server (address:port) that tells the phones their public addresses");
  demo->footer("Examples:\n  callwright demo\n  callwright demo --codec G722\n  callwright demo --codec opus --srtp dtls");
  demo->callback([&status, &demo_options] { status = callwright::app::demo(demo_options); });

  CLI::App* const serve = app.add_subcommand("serve", "Run the SIP exchange and the Call API");
  serve->footer(
      "Without a file, ./callwright.toml or /etc/callwright/callwright.toml is used if there is one, else the defaults with the demo accounts.\n"
      "Each key can also be set by a variable: CALLWRIGHT_SIP_LISTEN=127.0.0.1:5070.\n"
      "Examples:\n  callwright serve\n  callwright serve --config callwright.toml --sip 127.0.0.1:5070");
  std::string config_path;
  std::vector<std::string> flag_values(std::size(kServeFlags));
  serve->add_option("-c,--config", config_path, "Configuration file (TOML)");
  for (std::size_t index = 0; index < std::size(kServeFlags); ++index) {
    serve->add_option(kServeFlags[index].flag, flag_values[index], kServeFlags[index].help);
  }
  serve->callback([&] {
    std::vector<Override> flags;
    for (std::size_t index = 0; index < std::size(kServeFlags); ++index) {
      if (!flag_values[index].empty()) {
        flags.push_back({kServeFlags[index].flag, kServeFlags[index].key, flag_values[index]});
      }
    }
    status = run_serve(config_path, flags);
  });

  CLI::App* const check = app.add_subcommand("check-config", "Check a configuration file and do nothing else");
  std::string check_path;
  check->add_option("FILE", check_path, "Configuration file (TOML)")->required();
  check->footer("Example:\n  callwright check-config callwright.toml");
  check->callback([&] { status = run_check(check_path); });

  CLI::App* const phone = app.add_subcommand("phone", "A phone for scripts: registers, calls and answers, plays, listens and records");
  callwright::app::PhoneOptions phone_options;
  const auto phone_flags = add_phone_options(*phone, phone_options);
  phone->callback([&] {
    phone_options.output = *phone_flags.json ? PhoneOptions::Output::Json : PhoneOptions::Output::Text;
    phone_options.time = std::chrono::seconds(*phone_flags.seconds);
    status = callwright::app::phone(phone_options);
  });

  CallOptions call_options;
  add_call_command(app, call_options, status);

  callwright::app::TokenOptions token_options;
  add_token_command(app, token_options, status);
  callwright::app::RecordsOptions records_options;
  bool records_json = false;
  add_records_command(app, records_options, records_json, status);
  callwright::app::add_test_commands(app, status);
  callwright::app::add_monitor_command(app, status);
  add_completion_command(app, status);

  std::string definitions_path;
  bool rhai_definitions = false;
  CLI::App* const definitions = app.add_subcommand("definitions", "Write the definitions of the scenario API, for editors");
  definitions->add_option("FILE", definitions_path, "Where to, or - for standard output; callwright.d.ts unless said, with --rhai callwright.d.rhai");
  definitions->add_flag("--rhai", rhai_definitions, "Those of Rhai; so are they for a FILE that ends in .rhai");
  definitions->footer("Examples:\n  callwright definitions callwright.d.ts\n  callwright definitions --rhai");
  definitions->callback([&] {
    const bool rhai = rhai_definitions || definitions_path.ends_with(".rhai");
    const std::string path = !definitions_path.empty() ? definitions_path : rhai ? "callwright.d.rhai" : "callwright.d.ts";
    status = callwright::app::write_definitions(path, rhai ? callwright::app::DefinitionsLanguage::Rhai : callwright::app::DefinitionsLanguage::TypeScript);
  });

  CLI::App* const file = app.add_subcommand("run-file", "What callwright test starts for each file");
  file->group("");
  file->callback([&status] { status = callwright::app::run_file(); });

  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& error) {
    if (app.get_subcommands().empty() && argc > 1 && argv[1][0] != '-') {
      return unknown_command(app, argv[1]);
    }
    return app.exit(error) == 0 ? 0 : kUsage;
  }
  return status;
}

}  // namespace

int main(int argc, char** argv) {
  try {
    return run(argc, argv);
  } catch (const std::exception& error) {
    std::fprintf(stderr, "callwright: %s\n", error.what());
    return 1;
  }
}
