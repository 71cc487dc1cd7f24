#include "sip/transport.hpp"

namespace callwright::sip {

std::string_view to_string(Transport transport) noexcept { return transport == Transport::Udp ? "UDP" : "TCP"; }

}  // namespace callwright::sip
