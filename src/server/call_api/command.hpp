#pragma once

#include "base/clock.hpp"
#include "base/random.hpp"
#include "call/call_control.hpp"
#include "server/call_api/feed.hpp"
#include "server/call_api/request.hpp"
#include "server/scopes.hpp"

#include <cstdint>
#include <string>
#include <string_view>
#include <variant>

namespace callwright::server::call_api {

/// Sends the parameters back; needs no call.
struct Echo {
  Json params;
};

/// A command that cannot do anything, since a parameter is missing: "caller not specified".
struct Incomplete {
  std::string problem;
};

/// Gives another command up, or ends a subscription.
struct Cancel {
  std::string target;  ///< Its cmd_id.
  enum class Only : std::uint8_t { Anything, Subscriptions } only = Only::Anything;
};

/// Reports events until it is cancelled.
struct Subscribe {
  FeedFilter filter;
  std::optional<Feed::Position> position;
};

/// The calls that there are.
struct ListCalls {
  bool ended = false;  ///< Those that ended of late, too.
  std::size_t limit = 1000;
};
/// One of them.
struct GetCall {
  std::string call_id;
};
/// The phones that are registered.
struct ListRegistrations {
  std::size_t limit = 1000;
};

/// The last one is for the engine.
using AnyCommand = std::variant<Echo, Incomplete, Cancel, Subscribe, ListCalls, GetCall, ListRegistrations, call::Command>;

/// A request whose method is known and whose parameters are right, as far as they are there.
struct ParsedCommand {
  /// As on the wire; a constant.
  std::string_view method;
  /// What it takes to call that.
  Scope scope = Scope::CallRead;
  /// The client's choice, or a fresh UUID (RFC 4122, version 4).
  std::string cmd_id;
  AnyCommand command;
  /// How long the engine may take for it; zero: as long as it takes.
  base::Duration deadline{};
};

inline constexpr std::size_t kMaxCmdId = 256;
inline constexpr std::size_t kMaxUri = 1024;
inline constexpr std::size_t kMaxListed = 10'000;
inline constexpr std::uint64_t kMaxDeadline = 86'400;  ///< Seconds.

/// Checks method, scope and parameters, in this order. Nothing that could end a SIP header or a URI gets through. Pure, but for the UUID.
[[nodiscard]] std::variant<ParsedCommand, RpcError> parse_command(const Request& request, base::Random& random, Scopes scopes = Scopes::all());

/// "f81d4fae-7dec-4ad0-a765-00a0c91e6bf6"
[[nodiscard]] std::string random_uuid(base::Random& random);

}  // namespace callwright::server::call_api
