#pragma once

#include "call/call_control.hpp"

#include <string>
#include <string_view>

namespace callwright::server::call_api {

/// The messages that a client reads, as one generation of clients knows them (docs/call-api.md). A constant without state. Members of `params` and
/// `data` are sorted by name.
class Dialect {
 public:
  virtual ~Dialect() = default;

  /// The answer to a request whose command runs; `id` is JSON text.
  [[nodiscard]] virtual std::string started(std::string_view id, std::string_view cmd_id) const = 0;
  /// What a command that needs no engine says at once; `data` is JSON text.
  [[nodiscard]] virtual std::string reply(std::string_view method, std::string_view cmd_id, std::string_view data) const = 0;
  /// Something that a subscription reports; `data` is a JSON object.
  [[nodiscard]] virtual std::string report(std::string_view method, std::string_view cmd_id, std::string_view event, std::string_view data) const = 0;
  /// What happened to a command; "" when this dialect has no name for it: then nothing is sent.
  [[nodiscard]] virtual std::string event(std::string_view method, std::string_view cmd_id, const call::CommandEvent& event) const = 0;
};

/// "current" or "2020"; null for any other name.
[[nodiscard]] const Dialect* find_dialect(std::string_view name) noexcept;
/// Since June 2020: events under the name of their command.
[[nodiscard]] const Dialect& current_dialect() noexcept;
/// Before: `Event`, `Error` and `Ended`, each a method of its own.
[[nodiscard]] const Dialect& dialect_of_2020() noexcept;

/// `{"jsonrpc":"2.0","id":…,"result":…}` for what is no command; both are JSON text.
[[nodiscard]] std::string result_answer(std::string_view id, std::string_view result);
/// `{"jsonrpc":"2.0","id":…,"error":{"code":…,"message":"…"}}`, the same in all dialects; `id` is JSON text.
[[nodiscard]] std::string error_answer(std::string_view id, int code, std::string_view message);

}  // namespace callwright::server::call_api
