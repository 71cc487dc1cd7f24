#pragma once

#include "base/result.hpp"
#include "base/socket_address.hpp"
#include "net/engine_loop.hpp"
#include "sip/transport.hpp"

#include <cstddef>
#include <memory>
#include <string>
#include <vector>

namespace callwright::net {

/// Names to addresses through c-ares, on the loop's own sockets: A and AAAA at once, the machine's hosts file first. Loop thread.
///
/// Addresses and "localhost" (RFC 6761 §6.3) are answered within the call, so is what the cache remembers; everything else later. Requests for a name that
/// is being asked for share one query. Errors: InvalidArgument (no host name), NotFound, TimedOut, LimitReached, Unreachable (no server answered).
/// A handler may call `resolve`, and must not destroy the resolver. Requests under way when the resolver is destroyed are dropped: no handler is called.
class DnsResolver final : public sip::Resolver {
 public:
  struct Options {
    std::vector<base::SocketAddress> servers;                        ///< Empty: those of the machine's configuration.
    base::Duration first_timeout = std::chrono::milliseconds(1500);  ///< Of one try at one server; doubles with each round.
    int tries = 3;                                                   ///< For each server.
    std::size_t max_queries = 1000;                                  ///< Names being asked for at a time.
    std::size_t max_cached = 10'000;                                 ///< Names.
    base::Duration max_cache_time = std::chrono::minutes(5);         ///< A longer time to live is cut to this.
  };

  /// Throws std::runtime_error when c-ares cannot be set up (no memory, unreadable configuration).
  explicit DnsResolver(EngineLoop& loop);
  DnsResolver(EngineLoop& loop, Options options);
  ~DnsResolver() override;

  void resolve(const std::string& host, Handler handler) override;

 private:
  class Channel;
  std::unique_ptr<Channel> channel_;
};

}  // namespace callwright::net
