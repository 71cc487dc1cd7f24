#pragma once

#include "server/call_api/error_style.hpp"
#include "server/call_api/json.hpp"
#include "server/call_api/rpc_error.hpp"

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

namespace callwright::server::call_api {

/// A well-formed request object; its method and its parameters are not looked at yet.
struct Request {
  /// The id as JSON text, to be repeated in the answer; nothing for a notification, which is not answered.
  std::optional<std::string> id;
  std::string method;
  /// Nothing when the member is missing.
  std::optional<Json> params;
};

/// What is not a request, with the id (JSON text) under which to say so: "null" when none can be read.
struct RefusedRequest {
  std::string id = "null";
  RpcError error;
};

using BatchEntry = std::variant<Request, RefusedRequest>;

/// One message from a client: a request or a batch of them.
struct Envelope {
  enum class Shape {
    Single,  ///< One entry; its answer stands alone.
    Batch,   ///< 1 … kMaxBatch entries; their answers make one array.
  };
  Shape shape = Shape::Single;
  std::vector<BatchEntry> entries;
};

inline constexpr std::size_t kMaxBatch = 100;
inline constexpr std::size_t kMaxDepth = 32;

/// JSON-RPC 2.0 with the liberties that clients of the OpenSIPS Call API take: `jsonrpc` may be missing or "1.0", any JSON value is an id, the letter case
/// of the request's member names does not matter. Pure; never fails, since what cannot be read, or what `errors` does not let pass, becomes a
/// RefusedRequest.
[[nodiscard]] Envelope decode_envelope(std::string_view text, const ErrorStyle& errors = json_rpc_errors());

}  // namespace callwright::server::call_api
