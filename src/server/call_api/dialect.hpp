#pragma once

#include "call/call_control.hpp"
#include "server/call_api/request.hpp"

#include <string>
#include <string_view>

/// The messages that a client reads. Pure functions; members of `params` and `data` are sorted by name.
namespace callwright::server::call_api {

/// `{"jsonrpc":"2.0","id":…,"result":{"cmd_id":"…","event":"Started"}}`; `id` is JSON text.
[[nodiscard]] std::string started_answer(std::string_view id, std::string_view cmd_id);

/// `{"jsonrpc":"2.0","id":…,"error":{"code":…,"message":"…"}}`; `id` is JSON text.
[[nodiscard]] std::string error_answer(std::string_view id, const RpcError& error);

/// `{"jsonrpc":"2.0","method":"…","params":{"cmd_id":"…","data":…,"event":"…"}}`; `data` is JSON text, "" for none.
[[nodiscard]] std::string notification(std::string_view method, std::string_view cmd_id, std::string_view event, std::string_view data);

/// What a command's event looks like on the wire; a failure is named `Error` and has its text as data.
[[nodiscard]] std::string event_notification(std::string_view method, std::string_view cmd_id, const call::CommandEvent& event);

}  // namespace callwright::server::call_api
