#pragma once

#include "base/result.hpp"
#include "call/agent.hpp"
#include "net/dns_resolver.hpp"
#include "net/engine_loop.hpp"
#include "net/sip_transports.hpp"
#include "sip/user_agent.hpp"

#include <memory>
#include <string>
#include <string_view>

namespace callwright::app {

/// One agent with sockets of its own. Engine thread, or before it runs.
class SoftPhone final : private sip::TransportUser {
 public:
  /// Listens on UDP and TCP. Errors: those of listening, and of `call::Agent::make`.
  static base::Result<std::unique_ptr<SoftPhone>> create(net::EngineLoop& loop, base::Random& random, net::DnsResolver& resolver, media::MediaPort& media,
                                                         call::EventSink& events, const base::SocketAddress& listen, call::AgentOptions options);

  [[nodiscard]] call::Agent& agent() noexcept { return *agent_; }
  [[nodiscard]] sip::UserAgent& user_agent() noexcept { return user_agent_; }
  /// Before it connects to anybody. Errors: a file that cannot be used, with its name.
  base::Result<void> set_tls(const net::TlsSettings& settings) { return transports_.set_tls(settings); }
  /// For tests: what it sends and receives of SIP over UDP goes through a bad network.
  void impair(const net::Impairment::Options& options, net::Impairment::Behind behind) { transports_.impair(options, std::move(behind)); }
  /// A call for whomever is for this phone.
  void take_strangers() noexcept { agents_.take_strangers(); }
  void set_subscribe_taker(call::SubscribeTaker* taker) noexcept { agents_.set_subscribe_taker(taker); }
  /// While requests fail that could not be sent: why. "" otherwise.
  [[nodiscard]] const std::string& unreachable_because() const noexcept { return unreachable_because_; }
  [[nodiscard]] const base::SocketAddress& address() const noexcept { return address_; }
  /// Nothing of a call is left, neither with the agent nor on its way, and all recordings are complete.
  [[nodiscard]] bool quiet() const noexcept {
    return agent_->calls() == 0 && agent_->ending_streams() == 0 && agent_->recordings().open_count() == 0 && user_agent_.retired() == 0;
  }

 private:
  SoftPhone(net::EngineLoop& loop, base::Random& random, net::DnsResolver& resolver);

  void on_message(const sip::Flow& flow, std::string_view bytes) override { user_agent_.transport_user().on_message(flow, bytes); }
  void on_transport_error(const sip::Flow& flow, const base::Error& error) override;

  std::string unreachable_because_;  // First, since the agent may tell of its end with it.
  net::SipTransports transports_;
  sip::UserAgent user_agent_;
  call::Agents agents_;
  call::Agent* agent_ = nullptr;
  base::SocketAddress address_;
};

}  // namespace callwright::app
