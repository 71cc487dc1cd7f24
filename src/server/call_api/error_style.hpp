#pragma once

#include "server/call_api/json.hpp"
#include "server/call_api/rpc_error.hpp"

#include <optional>
#include <string>
#include <string_view>

namespace callwright::server::call_api {

/// How a client is told what is wrong with its request. Constants without state.
class ErrorStyle {
 public:
  virtual ~ErrorStyle() = default;

  /// Why this value is no request; nothing when it is one. What it asks for is not looked at.
  [[nodiscard]] virtual std::optional<RpcError> refusal(const Json& entry) const = 0;
  /// The answer to a request that is refused; `id` is JSON text.
  [[nodiscard]] virtual std::string answer(std::string_view id, const RpcError& error) const = 0;

  enum class Incomplete {
    Refused,  ///< With an error answer.
    Fails,    ///< Its command starts, and fails at once.
  };
  /// What becomes of a request that lacks a parameter.
  [[nodiscard]] virtual Incomplete incomplete_requests() const = 0;
};

/// "json-rpc" (JSON-RPC 2.0 §5.1) or "reference" (what clients of the OpenSIPS Call API know); null for any other name.
[[nodiscard]] const ErrorStyle* find_error_style(std::string_view name) noexcept;
[[nodiscard]] const ErrorStyle& json_rpc_errors() noexcept;
[[nodiscard]] const ErrorStyle& reference_errors() noexcept;

}  // namespace callwright::server::call_api
