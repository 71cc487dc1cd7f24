#pragma once

#include "base/result.hpp"
#include "call/agent.hpp"
#include "net/dns_resolver.hpp"
#include "net/engine_loop.hpp"
#include "net/sip_transports.hpp"
#include "sip/user_agent.hpp"

#include <memory>
#include <string>

namespace callwright::app {

/// A phone with a socket of its own: one agent that registers, answers at once and plays a tone. Engine thread, or before it runs.
class DemoPhone {
 public:
  struct Options {
    std::string name;
    std::string password;
    base::SocketAddress registrar;
    double tone_hz = 440;
    call::AgentMedia media = {};
    std::string record = {};  ///< A folder; "": it does not record.
  };

  static base::Result<std::unique_ptr<DemoPhone>> create(net::EngineLoop& loop, base::Random& random, net::DnsResolver& resolver, media::MediaPort& media,
                                                         call::EventSink& events, const Options& options);

  [[nodiscard]] call::Agent& agent() noexcept { return *agent_; }
  [[nodiscard]] const base::SocketAddress& address() const noexcept { return address_; }

 private:
  DemoPhone(net::EngineLoop& loop, base::Random& random, net::DnsResolver& resolver);

  net::SipTransports transports_;
  sip::UserAgent user_agent_;
  call::Agents agents_;
  call::Agent* agent_ = nullptr;
  base::SocketAddress address_;
};

}  // namespace callwright::app
