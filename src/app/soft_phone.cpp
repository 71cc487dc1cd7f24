#include "app/soft_phone.hpp"

#include <utility>

namespace callwright::app {
namespace {

sip::TransactionLayer::Settings phone_settings() {
  sip::TransactionLayer::Settings settings;
  settings.server_name = "Callwright phone/" CALLWRIGHT_VERSION;
  return settings;
}

}  // namespace

SoftPhone::SoftPhone(net::EngineLoop& loop, base::Random& random, net::DnsResolver& resolver)
    : transports_(loop), user_agent_(loop.timers(), random, transports_, resolver, phone_settings()), agents_(user_agent_) {
  transports_.set_user(this);
  sip::SessionPolicy policy;
  policy.named_dialogs = sip::SessionPolicy::NamedDialogs::ReplacesOnly;
  user_agent_.set_session_policy(policy);
}

void SoftPhone::on_transport_error(const sip::Flow& flow, const base::Error& error) {
  unreachable_because_ = error.message();
  user_agent_.transport_user().on_transport_error(flow, error);
  unreachable_because_.clear();
}

base::Result<std::unique_ptr<SoftPhone>> SoftPhone::create(net::EngineLoop& loop, base::Random& random, net::DnsResolver& resolver, media::MediaPort& media,
                                                           call::EventSink& events, const base::SocketAddress& listen, call::AgentOptions options) {
  std::unique_ptr<SoftPhone> phone(new SoftPhone(loop, random, resolver));
  const auto address = phone->transports_.listen_on_both(listen);
  if (!address) {
    return address.error();
  }
  phone->address_ = *address;
  const auto added = phone->agents_.add(media, events, std::move(options));
  if (!added) {
    return added.error();
  }
  phone->agent_ = *added;
  return phone;
}

}  // namespace callwright::app
