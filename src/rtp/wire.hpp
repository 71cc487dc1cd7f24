#pragma once

#include "rtp/packet.hpp"

#include <array>

/// Numbers in network byte order. Inside this folder only; callers check the size.
namespace callwright::rtp::wire {

inline std::uint16_t read16(Bytes bytes, std::size_t at) noexcept { return static_cast<std::uint16_t>(bytes[at] << 8 | bytes[at + 1]); }

inline std::uint32_t read32(Bytes bytes, std::size_t at) noexcept { return static_cast<std::uint32_t>(read16(bytes, at)) << 16 | read16(bytes, at + 2); }

inline constexpr std::uint8_t byte(std::uint32_t value) noexcept { return static_cast<std::uint8_t>(value & 0xff); }

inline void append(Buffer& out, Bytes bytes) { out.insert(out.end(), bytes.begin(), bytes.end()); }

inline void write8(Buffer& out, std::uint32_t value) { out.push_back(byte(value)); }

inline void write16(Buffer& out, std::uint32_t value) { append(out, std::array{byte(value >> 8), byte(value)}); }

inline void write32(Buffer& out, std::uint32_t value) { append(out, std::array{byte(value >> 24), byte(value >> 16), byte(value >> 8), byte(value)}); }

}  // namespace callwright::rtp::wire
