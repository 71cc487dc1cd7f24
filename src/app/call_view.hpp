#pragma once

#include <string>
#include <string_view>
#include <utility>
#include <vector>

/// The Call API's messages as its command-line clients write and read them.
namespace callwright::app {

/// A JSON-RPC request with string parameters. `id` is JSON.
[[nodiscard]] std::string make_request(std::string_view id, std::string_view method, const std::vector<std::pair<std::string, std::string>>& params);

/// `url` (ws://…) with the dialect that `read_message` knows, whatever the server's own is.
[[nodiscard]] std::string in_current_dialect(std::string_view url);

struct CallMessage {
  enum class Kind { Answer, ErrorAnswer, Notification, Unreadable };
  Kind kind = Kind::Unreadable;
  std::string event;    ///< "Started", "TransferStart", …
  std::string call_id;  ///< `data.callid`, when there is one.
  std::string summary;  ///< One line for people: "TransferPending  extra=180 Ringing".
};
[[nodiscard]] CallMessage read_message(std::string_view text);

}  // namespace callwright::app
