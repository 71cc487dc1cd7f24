#pragma once

#include "base/json.hpp"

#include <cstddef>
#include <string>
#include <string_view>
#include <variant>

/// What an OpenSIPS proxy and its connector say to each other: JSON-RPC 2.0 in datagrams, on the Management Interface and from the event interface.
namespace callwright::opensips {

/// The longest datagram that is looked at: what the proxy sends by default at most.
inline constexpr std::size_t kMaxDatagram = 65'535;

/// The answer to one request.
struct MiAnswer {
  std::string id;  ///< As it was sent; of a number its digits.
  bool failed = false;
  base::Json result;  ///< Of a success.
  int code = 0;       ///< Of an error: a status as in SIP, or a negative one of JSON-RPC.
  std::string message;

  /// "404 Dialog not found"
  [[nodiscard]] std::string error_text() const { return std::to_string(code) + " " + message; }
};

/// Something that happened at the proxy: "E_CALL_HOLD" and so on.
struct ProxyEvent {
  std::string name;
  base::Json params;

  /// The text of a parameter, or the digits of a number; "" when it is null or absent.
  [[nodiscard]] std::string_view text(std::string_view name) const noexcept;
};

/// Neither: the proxy answers what it cannot read with plain text ("400 Parse_error").
struct Unreadable {
  std::string reason;
};

/// Any bytes.
[[nodiscard]] std::variant<Unreadable, MiAnswer, ProxyEvent> read_datagram(std::string_view bytes);

[[nodiscard]] std::string write_request(std::string_view id, std::string_view method, const base::Json::Object& params);

/// A named parameter with a text.
[[nodiscard]] base::Json::Member parameter(std::string_view name, std::string_view text);

/// The text or the digits of a value; "" for every other.
[[nodiscard]] std::string_view text_of(const base::Json* value) noexcept;

}  // namespace callwright::opensips
