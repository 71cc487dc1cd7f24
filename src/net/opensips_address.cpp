#include "net/opensips_address.hpp"

namespace callwright::net {
namespace {

constexpr std::string_view kUdp = "udp:";
constexpr std::string_view kUnix = "unix:";
constexpr std::string_view kHttp = "http://";
/// sockaddr_un holds 108 bytes with the zero at the end.
constexpr std::size_t kMaxSocketPath = 107;

bool is_plain(std::string_view path) { return path.find_first_of(std::string_view(" \t\r\n\0", 5)) == std::string_view::npos; }

}  // namespace

std::optional<OpenSipsAddress> OpenSipsAddress::parse(std::string_view text) {
  OpenSipsAddress parsed;
  if (text.starts_with(kUnix)) {
    parsed.kind = Kind::Unix;
    parsed.path = text.substr(kUnix.size());
    const bool good = parsed.path.starts_with('/') && parsed.path.size() <= kMaxSocketPath && is_plain(parsed.path);
    return good ? std::optional(parsed) : std::nullopt;
  }
  std::string_view host = text;
  if (text.starts_with(kHttp)) {
    parsed.kind = Kind::Http;
    host.remove_prefix(kHttp.size());
    const std::size_t slash = host.find('/');
    parsed.path = slash == std::string_view::npos ? "/mi" : host.substr(slash);
    host = host.substr(0, slash);
  } else if (text.starts_with(kUdp)) {
    host.remove_prefix(kUdp.size());
  } else {
    return std::nullopt;
  }
  const auto address = base::SocketAddress::parse(host);
  if (!address || !is_plain(parsed.path)) {
    return std::nullopt;
  }
  parsed.address = *address;
  return parsed;
}

std::string OpenSipsAddress::to_string() const {
  switch (kind) {
    case Kind::Unix: return std::string(kUnix) + path;
    case Kind::Http: return std::string(kHttp) + address.to_string() + path;
    case Kind::Udp: break;
  }
  return std::string(kUdp) + address.to_string();
}

}  // namespace callwright::net
