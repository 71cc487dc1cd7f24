#include "sip/stun.hpp"

namespace callwright::sip {
namespace {

namespace stun = base::stun;

constexpr std::size_t kMaxUnknown = 8;

/// Attributes that have to be understood: none is.
std::vector<std::uint16_t> unknown_in(const stun::Message& message) {
  std::vector<std::uint16_t> unknown;
  for (const stun::Attribute& attribute : message.attributes()) {
    if (attribute.type < stun::kFirstOptional && unknown.size() < kMaxUnknown) {
      unknown.push_back(attribute.type);
    }
  }
  return unknown;
}

}  // namespace

std::string answer_stun_keep_alive(std::string_view datagram, const base::SocketAddress& remote) {
  const auto request = stun::Message::parse(datagram);
  if (!request || request->type() != stun::kBindingRequest) {
    return {};
  }
  const std::vector<std::uint16_t> unknown = unknown_in(*request);
  stun::Writer answer(unknown.empty() ? stun::kBindingSuccess : stun::kBindingError, request->transaction());
  if (unknown.empty()) {
    answer.add_xor_mapped_address(remote);
  } else {
    answer.add_error(420, "Unknown Attribute");
    answer.add_unknown_attributes(unknown);
  }
  return answer.take();
}

std::string make_stun_keep_alive(const StunTransaction& transaction) { return stun::Writer(stun::kBindingRequest, transaction).take(); }

std::optional<StunAnswer> read_stun_answer(std::string_view datagram) {
  const auto message = stun::Message::parse(datagram);
  if (!message || (message->type() != stun::kBindingSuccess && message->type() != stun::kBindingError)) {
    return std::nullopt;
  }
  StunAnswer answer{message->transaction(), message->mapped_address()};
  // A success has to say what was seen.
  return answer.mapped || message->type() == stun::kBindingError ? std::optional(answer) : std::nullopt;
}

}  // namespace callwright::sip
