#include "app/demo_phone.hpp"

namespace callwright::app {
namespace {

const base::IpAddress kLoopback = base::IpAddress::v4({127, 0, 0, 1});

sip::TransactionLayer::Settings phone_settings() {
  sip::TransactionLayer::Settings settings;
  settings.server_name = "Callwright phone/" CALLWRIGHT_VERSION;
  return settings;
}

}  // namespace

DemoPhone::DemoPhone(net::EngineLoop& loop, base::Random& random, net::DnsResolver& resolver)
    : transports_(loop), user_agent_(loop.timers(), random, transports_, resolver, phone_settings()), agents_(user_agent_) {
  transports_.set_user(&user_agent_.transport_user());
}

base::Result<std::unique_ptr<DemoPhone>> DemoPhone::create(net::EngineLoop& loop, base::Random& random, net::DnsResolver& resolver, media::MediaPort& media,
                                                           call::EventSink& events, const Options& options) {
  std::unique_ptr<DemoPhone> phone(new DemoPhone(loop, random, resolver));
  const auto address = phone->transports_.listen(sip::Transport::Udp, {kLoopback, 0});
  if (!address) {
    return address.error();
  }
  phone->address_ = *address;
  call::AgentOptions agent;
  agent.name = options.name;
  agent.address_of_record = "sip:" + options.name + "@" + options.registrar.to_string();
  agent.registrar = "sip:" + options.registrar.to_string();
  agent.password = options.password;
  agent.media_address = kLoopback;
  agent.media = options.media;
  if (!options.record.empty()) {
    agent.recording = call::AgentRecording{.folder = options.record};
  }
  agent.source = media::Tone{.frequency_hz = options.tone_hz, .level_dbov = -20};
  const auto added = phone->agents_.add(media, events, std::move(agent));
  if (!added) {
    return added.error();
  }
  phone->agent_ = *added;
  return phone;
}

}  // namespace callwright::app
