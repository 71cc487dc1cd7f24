#include "app/stun_server.hpp"

#include "sip/uri.hpp"

#include <algorithm>
#include <tuple>
#include <utility>
#include <vector>

namespace callwright::app {
namespace {

using base::Errc;
using base::Error;
using Handler = std::function<void(base::Result<base::SocketAddress>)>;

constexpr std::uint16_t kPort = 3478;

void find_address(sip::Resolver& resolver, const std::string& host, std::uint16_t port, bool v4, Handler handler) {
  resolver.resolve(host, [host, port, v4, handler = std::move(handler)](const base::Result<std::vector<base::IpAddress>>& found) {
    if (!found) {
      handler(Error(found.error().code, "the STUN server " + host + " is not found: " + found.error().message()));
      return;
    }
    const auto address = std::find_if(found->begin(), found->end(), [v4](const base::IpAddress& ip) { return ip.is_v4() == v4; });
    if (address == found->end()) {
      handler(Error(Errc::NotFound, "the STUN server " + host + " has no address of " + (v4 ? "IPv4" : "IPv6") + ", over which the phone listens"));
      return;
    }
    handler(base::SocketAddress{*address, port});
  });
}

}  // namespace

base::Result<StunServer> StunServer::parse(std::string_view text) {
  const std::string_view place = text.starts_with("stun:") ? text.substr(5) : text;
  const std::string uri = "sip:" + std::string(place);
  const auto read = sip::UriView::parse(uri);
  if (!read || !read->user.empty() || !read->parameters.empty() || !read->headers.empty()) {
    return Error(Errc::InvalidArgument, "\"" + std::string(text) + "\" is no STUN server; say a name or an address such as stun.example.com or 192.0.2.1:3478");
  }
  return StunServer{std::string(read->host), read->port};
}

void find_stun_server(sip::Resolver& resolver, const StunServer& server, bool v4, Handler handler) {
  if (server.port != 0 || base::IpAddress::parse(server.host)) {
    find_address(resolver, server.host, server.port == 0 ? kPort : server.port, v4, std::move(handler));
    return;
  }
  resolver.query(sip::DnsKind::Services, "_stun._udp." + server.host,
                 [&resolver, host = server.host, v4, handler = std::move(handler)](const base::Result<sip::DnsRecords>& found) {
                   const auto& services = found ? found->services : std::vector<sip::ServiceRecord>();
                   const auto best = std::min_element(services.begin(), services.end(), [](const sip::ServiceRecord& one, const sip::ServiceRecord& other) {
                     return std::tuple(one.priority, other.weight) < std::tuple(other.priority, one.weight);
                   });
                   const bool offered = best != services.end() && !best->target.empty();
                   find_address(resolver, offered ? best->target : host, offered ? best->port : kPort, v4, handler);
                 });
}

}  // namespace callwright::app
