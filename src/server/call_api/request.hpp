#pragma once

#include "server/call_api/json.hpp"

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

namespace callwright::server::call_api {

/// Codes of JSON-RPC 2.0 §5.1; the last one is this server's own.
enum class RpcCode : int {
  ParseError = -32700,
  InvalidRequest = -32600,
  MethodNotFound = -32601,
  InvalidParams = -32602,
  Busy = -32000,  ///< A limit is reached; the same request may succeed later.
};

/// Why a request was refused; `message` is for a person.
struct RpcError {
  RpcCode code = RpcCode::InvalidRequest;
  std::string message;
  friend bool operator==(const RpcError&, const RpcError&) = default;
};

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

/// JSON-RPC 2.0 with the liberties of the reference: `jsonrpc` may be missing or "1.0", any JSON value is an id. Pure; never fails, since
/// what cannot be read becomes a RefusedRequest.
[[nodiscard]] Envelope decode_envelope(std::string_view text);

}  // namespace callwright::server::call_api
