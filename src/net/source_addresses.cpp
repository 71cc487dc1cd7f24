#include "net/source_addresses.hpp"

#include "net/endpoint.hpp"

#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/udp.hpp>

namespace callwright::net {
namespace {

using boost::asio::ip::udp;

constexpr base::Duration kLifetime = std::chrono::minutes(1);
constexpr std::uint16_t kAnyPort = 9;

/// Connecting a UDP socket sends nothing; it only asks for the route.
std::optional<base::IpAddress> ask_system(const base::IpAddress& remote) {
  boost::asio::io_context unused;
  udp::socket socket(unused);
  const auto endpoint = to_endpoint<udp>({remote, kAnyPort});
  boost::system::error_code failure;
  socket.open(endpoint.protocol(), failure);
  if (!failure) {
    socket.connect(endpoint, failure);
  }
  if (failure) {
    return std::nullopt;
  }
  const auto local = socket.local_endpoint(failure);
  return failure ? std::nullopt : std::optional(from_endpoint(local).ip);
}

}  // namespace

std::optional<base::IpAddress> SourceAddresses::toward(const base::IpAddress& remote) {
  const base::SocketAddress key{remote, 0};
  const base::TimePoint now = clock_.now();
  if (const auto found = known_.find(key); found != known_.end() && found->second.expires > now) {
    return found->second.source;
  }
  if (known_.size() >= kMaxRemembered) {
    known_.clear();
  }
  auto source = ask_system(remote);
  known_[key] = {source, now + kLifetime};
  return source;
}

}  // namespace callwright::net
