#pragma once

#include "sip/digest.hpp"

#include <array>
#include <cstddef>
#include <cstdint>
#include <initializer_list>
#include <span>
#include <string>
#include <string_view>

/// The hashes behind digest authentication; the one place of this folder that knows the cryptographic library.
namespace callwright::sip {

/// A hash in lower-case hexadecimal: 32 characters for MD5, 64 for the others.
struct HashText {
  std::array<char, 64> characters;
  std::size_t size = 0;

  [[nodiscard]] std::string_view view() const noexcept { return {characters.data(), size}; }
};

/// Of the parts with ':' between them. Allocates nothing.
[[nodiscard]] HashText hash_of_parts(DigestAlgorithm algorithm, std::initializer_list<std::string_view> parts);
/// The first 128 bits of HMAC-SHA-256 in lower-case hexadecimal (32 characters).
[[nodiscard]] std::string keyed_hash_hex(std::span<const std::uint8_t> key, std::string_view text);
/// The time taken depends on the lengths only.
[[nodiscard]] bool equal_in_constant_time(std::string_view left, std::string_view right) noexcept;

/// What `answer.response` must be (RFC 7616 §3.4; RFC 2069 when qop is empty).
[[nodiscard]] HashText expected_hash(const DigestResponse& answer, std::string_view method, std::string_view ha1, std::string_view body = {});
[[nodiscard]] std::string expected_response(const DigestResponse& answer, std::string_view method, std::string_view ha1, std::string_view body = {});

/// One 16-byte block under a 16-byte key (AES-128), for tokens that must tell nothing: there and back.
using Block = std::array<std::uint8_t, 16>;
[[nodiscard]] Block encrypt_block(const Block& key, const Block& block);
[[nodiscard]] Block decrypt_block(const Block& key, const Block& block);

/// Resolves the escapes of a quoted string's content, and makes them.
[[nodiscard]] std::string unescape_quoted(std::string_view text);
[[nodiscard]] std::string escape_quoted(std::string_view text);

}  // namespace callwright::sip
