#pragma once

#include "base/socket_address.hpp"

#include <string>
#include <string_view>

namespace callwright::net {

/// True for what can be no SIP message but a STUN one (RFC 5389 §8).
[[nodiscard]] bool is_stun(std::string_view datagram) noexcept;

/// The answer to a STUN binding request from `remote`, by which phones keep their NAT's mapping open and see when it changes (RFC 5626 §3.5.2, §5.2):
/// XOR-MAPPED-ADDRESS, or 420 for attributes that have to be understood and are not. "" for anything else, which is not answered.
[[nodiscard]] std::string answer_stun_keep_alive(std::string_view datagram, const base::SocketAddress& remote);

}  // namespace callwright::net
