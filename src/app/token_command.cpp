#include "app/commands.hpp"
#include "base/random.hpp"
#include "server/token_file.hpp"

#include <cstdio>

#include <unistd.h>

namespace callwright::app {
namespace {

constexpr int kFailed = 1;
constexpr int kUsage = 2;

int complain(const base::Error& error, int status = kFailed) {
  std::fprintf(stderr, "callwright token: %s\n", error.message().c_str());
  return status;
}

/// The file to work on: the one that was named, that of the configuration which `callwright serve` would find here, or the default.
base::Result<std::string> file_of(const TokenOptions& options) {
  if (!options.file.empty()) {
    return options.file;
  }
  const auto file = find_config_file({});
  if (!file) {
    return file.error();
  }
  // What else may be wrong with the configuration does not matter here, save that it hides the key.
  const auto config = read_config(file->text, file->name, environment_overrides(environ));
  if (!config) {
    return base::Error(config.error().code, config.error().message() + "\nmend that, or name the token file with --file");
  }
  return config->token_file.empty() ? std::string("callwright.tokens") : config->token_file;
}

base::Result<server::Scopes> scopes_of(const TokenOptions& options) {
  server::Scopes scopes;
  for (const std::string& name : options.scopes) {
    const auto scope = server::find_scope(name);
    if (!scope) {
      return base::Error(base::Errc::InvalidArgument, "there is no scope \"" + name + "\"; there are " + server::names_of_scopes());
    }
    scopes = scopes.with(*scope);
  }
  return scopes;
}

}  // namespace

int token_create(const TokenOptions& options) {
  const auto scopes = scopes_of(options);
  if (!scopes) {
    return complain(scopes.error(), kUsage);
  }
  if (!server::is_token_name(options.name)) {
    return complain(
        {base::Errc::InvalidArgument, "a name has 1 to " + std::to_string(server::kMaxTokenName) + " letters, digits, '.', '_' and '-'; choose another one"},
        kUsage);
  }
  const auto file = file_of(options);
  if (!file) {
    return complain(file.error(), kUsage);
  }
  base::SystemRandom random;
  const std::string secret = server::make_secret(random);
  if (const auto added = server::blocking_add_token(*file, {options.name, *scopes, server::hash_of_secret(secret)}); !added) {
    return complain(added.error());
  }
  std::printf("%s\n", secret.c_str());
  std::fprintf(stderr, "This is shown only now. Its hash is in %s under \"%s\" (%s); the server needs call_api.tokens = \"%s\".\n", file->c_str(),
               options.name.c_str(), scopes->to_string().c_str(), file->c_str());
  return 0;
}

int token_list(const TokenOptions& options) {
  const auto file = file_of(options);
  if (!file) {
    return complain(file.error(), kUsage);
  }
  const auto list = server::blocking_read_tokens(*file);
  if (!list) {
    return complain(list.error());
  }
  for (const server::Token& token : list->tokens()) {
    std::printf("%s  %s\n", token.name.c_str(), token.scopes.to_string().c_str());
  }
  return 0;
}

int token_revoke(const TokenOptions& options) {
  const auto file = file_of(options);
  if (!file) {
    return complain(file.error(), kUsage);
  }
  if (const auto removed = server::blocking_remove_token(*file, options.name); !removed) {
    return complain(removed.error());
  }
  std::printf("revoked %s\n", options.name.c_str());
  return 0;
}

}  // namespace callwright::app
