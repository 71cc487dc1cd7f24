#include "sip/transport.hpp"

#include "sip/fields.hpp"
#include "sip/uri.hpp"

namespace callwright::sip {
namespace {

constexpr std::string_view kNames[] = {"UDP", "TCP", "TLS", "WS", "WSS"};
constexpr std::string_view kUriParameters[] = {"", ";transport=tcp", ";transport=tls", ";transport=ws", ";transport=ws"};

}  // namespace

std::string_view to_string(Transport transport) noexcept { return kNames[static_cast<std::size_t>(transport)]; }

std::optional<Transport> parse_transport(std::string_view name) noexcept {
  for (const Transport transport : kTransports) {
    if (equals_ignoring_case(name, to_string(transport))) {
      return transport;
    }
  }
  return std::nullopt;
}

std::optional<Transport> transport_of(const UriView& uri) noexcept {
  const auto parameter = uri.parameter("transport");
  const auto named = parameter ? parse_transport(*parameter) : std::nullopt;
  if (parameter && !named) {
    return std::nullopt;
  }
  if (uri.scheme != UriView::Scheme::Sips) {
    return named.value_or(Transport::Udp);
  }
  switch (named.value_or(Transport::Tls)) {
    case Transport::Udp: return std::nullopt;
    case Transport::Tcp:
    case Transport::Tls: return Transport::Tls;
    case Transport::Ws:
    case Transport::Wss: return Transport::Wss;
  }
  return std::nullopt;
}

std::string_view uri_parameter(Transport transport) noexcept { return kUriParameters[static_cast<std::size_t>(transport)]; }

}  // namespace callwright::sip
