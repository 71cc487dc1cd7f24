#pragma once

#include "base/result.hpp"

#include <string>
#include <string_view>
#include <utility>
#include <vector>

/// The Call API's messages as its command-line clients write and read them.
namespace callwright::app {

/// A parameter of a request, as JSON text.
struct CallParameter {
  std::string name;
  std::string value;

  [[nodiscard]] static CallParameter text(std::string name, std::string_view value);
  /// From the command line: `name=text` or `name:=json`. The error says what is wrong.
  static base::Result<CallParameter> parse(std::string_view argument);
};

/// A request as the server reads it; `id` is JSON text.
[[nodiscard]] std::string make_request(std::string_view id, std::string_view method, const std::vector<CallParameter>& params);

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
