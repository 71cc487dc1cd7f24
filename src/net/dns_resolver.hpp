#pragma once

#include "base/result.hpp"
#include "base/socket_address.hpp"
#include "net/engine_loop.hpp"
#include "sip/dns_cache.hpp"

#include <cstddef>
#include <memory>
#include <string>
#include <vector>

namespace callwright::net {

/// The domain name system through c-ares, on the loop's own sockets: A and AAAA at once, the machine's hosts file first; SRV and NAPTR. Loop thread.
///
/// Addresses and "localhost" (RFC 6761 §6.3) are answered within the call, so is what the cache remembers; everything else later. Equal questions share
/// one query. Errors: InvalidArgument (no host name), NotFound (`resolve` only), TimedOut, LimitReached, Unreachable (no server answered).
/// A handler may ask again, and must not destroy the resolver. Requests under way when the resolver is destroyed are dropped: no handler is called.
class DnsResolver final : public sip::Resolver {
 public:
  struct Options {
    std::vector<base::SocketAddress> servers;                           ///< Empty: those of the machine's configuration.
    base::Duration first_timeout = std::chrono::milliseconds(1500);     ///< Of one try at one server; doubles with each round.
    int tries = 3;                                                      ///< For each server.
    std::size_t max_queries = 1000;                                     ///< Names being asked for at a time.
    std::size_t max_cached = 10'000;                                    ///< Answers.
    base::Duration max_cache_time = std::chrono::minutes(5);            ///< A longer time to live is cut to this.
    base::Duration max_negative_cache_time = std::chrono::seconds(30);  ///< The same where there are no records.
  };

  /// Throws std::runtime_error when c-ares cannot be set up (no memory, unreadable configuration).
  explicit DnsResolver(EngineLoop& loop);
  DnsResolver(EngineLoop& loop, Options options);
  ~DnsResolver() override;

  void resolve(const std::string& host, Handler handler) override;
  void query(sip::DnsKind kind, const std::string& name, Answer answer) override;

 private:
  class Channel;
  std::unique_ptr<Channel> channel_;
  std::unique_ptr<sip::DnsCache> cache_;
};

}  // namespace callwright::net
