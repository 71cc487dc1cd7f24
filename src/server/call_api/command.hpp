#pragma once

#include "base/random.hpp"
#include "call/call_control.hpp"
#include "server/call_api/request.hpp"

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

using AnyCommand = std::variant<Echo, Incomplete, call::StartCall, call::EndCall, call::TransferCall, call::HoldCall>;

/// A request whose method is known and whose parameters are right, as far as they are there.
struct ParsedCommand {
  /// As on the wire; a constant.
  std::string_view method;
  /// The client's choice, or a fresh UUID (RFC 4122, version 4).
  std::string cmd_id;
  AnyCommand command;
};

inline constexpr std::size_t kMaxCmdId = 256;
inline constexpr std::size_t kMaxUri = 1024;

/// Checks method and parameters. Nothing that could end a SIP header or a URI gets through. Pure, but for the UUID.
[[nodiscard]] std::variant<ParsedCommand, RpcError> parse_command(const Request& request, base::Random& random);

/// "f81d4fae-7dec-4ad0-a765-00a0c91e6bf6"
[[nodiscard]] std::string random_uuid(base::Random& random);

}  // namespace callwright::server::call_api
