#pragma once

#include "app/config.hpp"
#include "app/demo_options.hpp"
#include "app/phone_options.hpp"
#include "server/call_api/client.hpp"

#include <chrono>
#include <cstddef>
#include <string>
#include <vector>

/// The subcommands; each returns the exit status of the process.
namespace callwright::app {

/// `callwright serve`: runs until SIGINT or SIGTERM; 1 when it cannot start.
int serve(const Config& config);

/// `callwright demo`: 0 only if all of it worked, 2 when an option is wrong.
int demo(const DemoOptions& options);

/// `callwright phone`: runs until the call of `dial` has ended, or until it is told to stop. 0: as wanted, 1: the call or the registration failed, 2: an
/// option is wrong, 130: stopped a second time.
int phone(const PhoneOptions& options);

struct CallOptions {
  std::string url;
  std::string method;
  std::vector<std::string> params;  ///< "key=value" or "key:=json"
  std::string token;                ///< "" for none.
  server::call_api::ServerTrust trust;
  enum class Output { Text, Json } output = Output::Text;
  std::chrono::seconds timeout{180};  ///< For the whole command.
  bool follow = false;                ///< Goes on with a subscription, or with the call of the command.
};
/// `callwright call`: 0 on Ended (or when stopped by a signal while it follows), 1 on Error or an error answer, 2 on usage, 3 when the server cannot be reached
/// or goes away.
int call(const CallOptions& options);

struct TokenOptions {
  std::string file;  ///< "": the one of the configuration, else ./callwright.tokens.
  std::string name;
  std::vector<std::string> scopes;
};
/// `callwright token …`: 0, 1 when the file cannot be used or the name is not as it has to be there, 2 on usage.
int token_create(const TokenOptions& options);
int token_list(const TokenOptions& options);
int token_revoke(const TokenOptions& options);

struct RecordsOptions {
  std::string file;
  std::string since;  ///< The beginning of an RFC 3339 time; "": any.
  std::size_t limit = 20;
  enum class Output { Text, Json } output = Output::Text;
};
/// `callwright records`: prints the latest calls of a database, the latest first; 1 when it cannot be read.
int records(const RecordsOptions& options);

}  // namespace callwright::app
