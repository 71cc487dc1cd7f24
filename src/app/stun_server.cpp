#include "app/stun_server.hpp"

#include "sip/uri.hpp"

#include <algorithm>
#include <chrono>
#include <memory>
#include <tuple>
#include <utility>
#include <vector>

namespace callwright::app {
namespace {

using base::Errc;
using base::Error;
using Handler = std::function<void(base::Result<base::SocketAddress>)>;

constexpr std::uint16_t kPort = 3478;

/// Longer than most servers of names take to say that they do not know, shorter than a script waits for its phone.
constexpr std::chrono::seconds kPatience{15};

/// One search; lives as long as the resolver or its own deadline may come back to it.
class Search : public std::enable_shared_from_this<Search> {
 public:
  Search(base::Timers& timers, sip::Resolver& resolver, StunServer server, bool v4, Handler handler)
      : resolver_(resolver),
        server_(std::move(server)),
        v4_(v4),
        handler_(std::move(handler)),
        deadline_(timers, base::Callback::to<&Search::on_deadline>(*this)) {}

  void start() {
    deadline_.start(kPatience);
    if (server_.port != 0 || base::IpAddress::parse(server_.host)) {
      find_host();
      return;
    }
    resolver_.query(sip::DnsKind::Services, "_stun._udp." + server_.host, [self = shared_from_this()](const base::Result<sip::DnsRecords>& found) {
      if (found) {
        self->take(found->services);
      } else {
        self->find_host();
      }
    });
  }

 private:
  using Found = base::Result<base::SocketAddress>;

  void take(const std::vector<sip::ServiceRecord>& services) {
    const auto best = std::min_element(services.begin(), services.end(), [](const sip::ServiceRecord& one, const sip::ServiceRecord& other) {
      return std::tuple(one.priority, other.weight) < std::tuple(other.priority, one.weight);
    });
    if (best == services.end() || best->target.empty() || best->port == 0) {
      find_host();
      return;
    }
    find_address(best->target, best->port, [self = shared_from_this()](const Found& found) {
      if (found) {
        self->tell(found);
      } else {
        self->find_host();
      }
    });
  }

  void find_host() {
    find_address(server_.host, server_.port == 0 ? kPort : server_.port, [self = shared_from_this()](const Found& found) { self->tell(found); });
  }

  void find_address(const std::string& host, std::uint16_t port, std::function<void(const Found& found)> then) {
    resolver_.resolve(host, [host, port, v4 = v4_, then = std::move(then)](const base::Result<std::vector<base::IpAddress>>& found) {
      if (!found) {
        then(Error(found.error().code, "the STUN server " + host + " is not found: " + found.error().message()));
        return;
      }
      const auto address = std::find_if(found->begin(), found->end(), [v4](const base::IpAddress& ip) { return ip.is_v4() == v4; });
      if (address == found->end()) {
        then(Error(Errc::NotFound, "the STUN server " + host + " has no address of " + (v4 ? "IPv4" : "IPv6") + ", over which the phone listens"));
        return;
      }
      then(base::SocketAddress{*address, port});
    });
  }

  void on_deadline() { tell(Error(Errc::TimedOut, "the STUN server " + server_.host + " is not found: no server of names answers; name it by its address")); }

  void tell(const Found& found) {
    deadline_.cancel();
    if (const Handler handler = std::exchange(handler_, nullptr)) {
      handler(found);
    }
  }

  sip::Resolver& resolver_;
  const StunServer server_;
  const bool v4_;
  Handler handler_;  ///< Null once it was told.
  base::Timer deadline_;
};

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

void find_stun_server(base::Timers& timers, sip::Resolver& resolver, const StunServer& server, bool v4, Handler handler) {
  std::make_shared<Search>(timers, resolver, server, v4, std::move(handler))->start();
}

}  // namespace callwright::app
