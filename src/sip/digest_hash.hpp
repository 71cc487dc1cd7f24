#pragma once

#include "sip/digest.hpp"

#include <cstdint>
#include <span>
#include <string>
#include <string_view>

/// The hashes behind digest authentication; the one place of this folder that knows the cryptographic library.
namespace callwright::sip {

/// Lower-case hexadecimal: 32 characters for MD5, 64 for SHA-256.
[[nodiscard]] std::string hash_hex(DigestAlgorithm algorithm, std::string_view text);
/// The first 128 bits of HMAC-SHA-256 in lower-case hexadecimal (32 characters).
[[nodiscard]] std::string keyed_hash_hex(std::span<const std::uint8_t> key, std::string_view text);
/// The time taken depends on the lengths only.
[[nodiscard]] bool equal_in_constant_time(std::string_view left, std::string_view right) noexcept;

/// What `answer.response` must be (RFC 7616 §3.4.1; RFC 2069 when qop is empty).
[[nodiscard]] std::string expected_response(const DigestResponse& answer, std::string_view method, std::string_view ha1);

/// Resolves the escapes of a quoted string's content, and makes them.
[[nodiscard]] std::string unescape_quoted(std::string_view text);
[[nodiscard]] std::string escape_quoted(std::string_view text);

}  // namespace callwright::sip
