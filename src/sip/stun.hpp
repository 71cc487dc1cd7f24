#pragma once

#include "base/stun.hpp"

/// Of STUN (RFC 8489) what keeps a flow over UDP alive (RFC 5626 §3.5.2): binding requests and their answers, without credentials.
namespace callwright::sip {

/// True for what can be no SIP message but a STUN one (RFC 8489 §5).
[[nodiscard]] inline bool is_stun(std::string_view datagram) noexcept { return base::stun::is_message(datagram); }

/// The answer to a STUN binding request from `remote`, by which phones keep their NAT's mapping open and see when it changes (RFC 5626 §3.5.2, §5.2):
/// XOR-MAPPED-ADDRESS, or 420 for attributes that have to be understood and are not. "" for anything else, which is not answered.
[[nodiscard]] std::string answer_stun_keep_alive(std::string_view datagram, const base::SocketAddress& remote);

using StunTransaction = base::StunTransaction;

[[nodiscard]] std::string make_stun_keep_alive(const StunTransaction& transaction);

/// What came back for a binding request.
struct StunAnswer {
  StunTransaction transaction{};
  std::optional<base::SocketAddress> mapped;  ///< Where the request came from, as the answerer sees it; nothing in an error response.
};

/// Nothing for what is no well-formed success or error response to a binding request.
[[nodiscard]] std::optional<StunAnswer> read_stun_answer(std::string_view datagram);

}  // namespace callwright::sip
