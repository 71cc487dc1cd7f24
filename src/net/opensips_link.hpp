#pragma once

#include "base/result.hpp"
#include "net/engine_loop.hpp"
#include "net/opensips_address.hpp"
#include "opensips/wire.hpp"

#include <functional>
#include <memory>
#include <string>
#include <string_view>

namespace callwright::net {

/// The sockets between the connector and its proxy: one for requests and answers, one for events, both for as long as this lives; by HTTP a connection for
/// each request. Loop thread, or the thread that constructs the loop as long as that does not run.
class OpenSipsLink final : public opensips::Wire {
 public:
  /// Gets each datagram, of answers and events alike.
  using Receiver = std::function<void(std::string_view bytes)>;

  struct Options {
    OpenSipsAddress mi;
    OpenSipsAddress events;  ///< Where we listen: Udp or Unix; port 0 for a free one.
    std::string reply_path;  ///< Of our end towards a Unix socket, which the proxy must be able to write to; "": that of `mi` with ".reply".
  };

  OpenSipsLink(EngineLoop& loop, Options options);
  ~OpenSipsLink() override;
  OpenSipsLink(const OpenSipsLink&) = delete;
  OpenSipsLink& operator=(const OpenSipsLink&) = delete;

  /// Binds the sockets and begins to receive. The proxy need not be there. Gives the address for events as the proxy spells it.
  base::Result<std::string> open(Receiver receiver);

  void send(std::string_view request) override;

 private:
  class Sender;
  template <class Protocol>
  class Datagrams;
  class HttpSender;

  [[nodiscard]] base::Result<void> open_requests();
  [[nodiscard]] base::Result<std::string> open_events();

  EngineLoop& loop_;
  const Options options_;
  std::shared_ptr<const Receiver> receiver_;  ///< Null once this is gone: what still waits for a datagram asks for it.
  std::shared_ptr<Sender> requests_;
  std::shared_ptr<Sender> events_;
};

}  // namespace callwright::net
