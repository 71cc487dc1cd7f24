#pragma once

#include <string>

namespace callwright::server::call_api {

/// Codes of JSON-RPC 2.0 §5.1; the last two are this server's own.
enum class RpcCode : int {
  ParseError = -32700,
  InvalidRequest = -32600,
  MethodNotFound = -32601,
  InvalidParams = -32602,
  Busy = -32000,       ///< A limit is reached; the same request may succeed later.
  Forbidden = -32003,  ///< The client's token has not the scope that this takes.
};

/// Why a request was refused; `message` is for a person.
struct RpcError {
  /// What error styles tell apart beyond the code.
  enum class Detail {
    None,
    MissingParameter,
    NoString,  ///< A parameter that has to be a string is something else.
  };

  RpcCode code = RpcCode::InvalidRequest;
  std::string message;
  Detail detail = Detail::None;
  friend bool operator==(const RpcError&, const RpcError&) = default;
};

}  // namespace callwright::server::call_api
