#pragma once

#include <cstdint>
#include <string_view>

namespace callwright::sip {

/// Request methods that the engine knows; any other token is `Unknown` and keeps its text in `Message::method_text()`.
enum class Method : std::uint8_t { Unknown, Invite, Ack, Bye, Cancel, Register, Options, Refer, Notify, Subscribe, Info, Message, Update, Prack, Publish };

/// Case-sensitive (RFC 3261 §7.1).
[[nodiscard]] Method method_from(std::string_view text) noexcept;
/// "INVITE" …; "" for Unknown.
[[nodiscard]] std::string_view to_string(Method method) noexcept;
/// Whether a request may have that method, known or not: it is a token (RFC 3261 §25.1).
[[nodiscard]] bool is_method(std::string_view text) noexcept;

/// The standard reason phrase ("Busy Here" for 486); "" for a code that has none.
[[nodiscard]] std::string_view reason_phrase(int status) noexcept;

}  // namespace callwright::sip
