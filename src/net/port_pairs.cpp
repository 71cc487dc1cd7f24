#include "net/port_pairs.hpp"

#include "net/endpoint.hpp"

#include <boost/asio/error.hpp>

#include <optional>
#include <string>
#include <utility>

namespace callwright::net {
namespace {

using boost::asio::ip::udp;

std::optional<udp::socket> bind_one(boost::asio::io_context& context, const base::SocketAddress& address, boost::system::error_code& failure) {
  udp::socket socket(context);
  failure = open_and_bind<udp>(socket, address, false);
  return failure ? std::nullopt : std::optional(std::move(socket));
}

}  // namespace

base::Result<PortPair> PortPairs::bind(boost::asio::io_context& context, const base::IpAddress& ip, const PortRange& range) {
  const std::size_t first_even = (std::size_t{range.first} + 1) / 2 * 2;
  const std::size_t pairs = range.first == 0 || first_even > range.last ? 0 : (range.last - first_even) / 2 + 1;
  const std::string text = std::to_string(range.first) + "-" + std::to_string(range.last);
  if (pairs == 0) {
    return base::Error(base::Errc::InvalidArgument, "The RTP port range " + text + " contains no even port. Configure a wider one.");
  }
  if (range != range_) {
    range_ = range;
    next_ = random_.between(0, pairs - 1);
  }
  for (std::size_t tried = 0; tried < pairs; ++tried) {
    const auto port = static_cast<std::uint16_t>(first_even + 2 * next_);
    next_ = (next_ + 1) % pairs;
    boost::system::error_code failure;
    auto rtp = bind_one(context, {ip, port}, failure);
    auto rtcp = rtp ? bind_one(context, {ip, static_cast<std::uint16_t>(port + 1)}, failure) : std::nullopt;
    if (rtcp) {
      return PortPair{std::move(*rtp), std::move(*rtcp)};
    }
    if (failure != boost::asio::error::address_in_use && failure != boost::asio::error::access_denied) {
      return base::Error(failure, "No RTP socket on " + ip.to_string() + ": " + failure.message() + ".");
    }
  }
  return base::Error(base::Errc::LimitReached, "All RTP ports in " + text + " are in use. End calls, or configure a wider range.");
}

}  // namespace callwright::net
