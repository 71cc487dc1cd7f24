#pragma once

#include "rtp/packet.hpp"

/// Numbers in network byte order. Inside this folder only; callers check the size.
namespace callwright::rtp::wire {

inline std::uint16_t read16(Bytes bytes, std::size_t at) noexcept { return static_cast<std::uint16_t>(bytes[at] << 8 | bytes[at + 1]); }

inline std::uint32_t read32(Bytes bytes, std::size_t at) noexcept { return static_cast<std::uint32_t>(read16(bytes, at)) << 16 | read16(bytes, at + 2); }

inline void write8(Buffer& out, std::uint32_t value) { out.push_back(static_cast<std::uint8_t>(value & 0xff)); }

inline void write16(Buffer& out, std::uint32_t value) {
  write8(out, value >> 8);
  write8(out, value);
}

inline void write32(Buffer& out, std::uint32_t value) {
  write16(out, value >> 16);
  write16(out, value);
}

inline void append(Buffer& out, Bytes bytes) { out.insert(out.end(), bytes.begin(), bytes.end()); }

}  // namespace callwright::rtp::wire
