// What scripts say of an agent, and what it is then.
#include "app/json_arguments.hpp"
#include "app/phone_options.hpp"
#include "app/script_phone.hpp"
#include "media/source.hpp"
#include "sip/uri.hpp"

#include <boost/json/array.hpp>
#include <boost/json/value_to.hpp>

namespace callwright::app {
namespace {

namespace json = boost::json;
using base::Errc;
using base::Error;

/// A sine of a quarter of full scale.
constexpr double kToneLevelDbov = -15.05;

bool flag_of(const json::object& options, std::string_view name) {
  const json::value* const flag = options.if_contains(name);
  return flag != nullptr && flag->is_bool() && flag->get_bool();
}

base::Result<call::AgentMedia> media_of(const json::object& options) {
  call::AgentMedia media;
  if (const json::value* const codecs = options.if_contains("codecs"); codecs != nullptr && codecs->is_array() && !codecs->get_array().empty()) {
    media.codecs = json::value_to<std::vector<std::string>>(*codecs);
  }
  const std::string encryption = text_of(options, "encryption");
  if (!encryption.empty()) {
    media.security.policy = encryption == "srtp" ? sdp::MediaSecurity::Optional : sdp::MediaSecurity::Required;
    media.security.kind = encryption == "dtls_srtp" ? call::AgentSecurity::Kind::Dtls : call::AgentSecurity::Kind::Sdes;
  }
  const std::string keys = text_of(options, "keys");
  media.keys = keys == "info"     ? call::AgentMedia::Keys::Info
               : keys == "auto"   ? call::AgentMedia::Keys::Auto
               : keys == "inband" ? call::AgentMedia::Keys::SoundAlone
                                  : call::AgentMedia::Keys::Event;
  if (flag_of(options, "ice")) {
    media.ice = call::AgentMedia::Ice::Lite;
  }
  if (text_of(options, "rtcp_mux") == "no") {
    media.rtcp_port = media::RtcpPort::Separate;
  }
  if (const auto limit = number_of<std::int64_t>(options, "rtp_timeout_s"); limit > 0) {
    media.silence_limit = std::chrono::seconds(limit);
    media.on_silence = call::AgentMedia::OnSilence::EndCall;
  }
  return media;
}

/// {"ca", "certificate", "key", "verify"}; nothing where none is said.
std::optional<net::TlsSettings> tls_of(const json::object& options) {
  const json::value* const said = options.if_contains("tls");
  if (said == nullptr || !said->is_object() || said->get_object().empty()) {
    return std::nullopt;
  }
  const json::object& tls = said->get_object();
  net::TlsSettings settings;
  settings.ca_file = text_of(tls, "ca");
  if (const std::string chain = text_of(tls, "certificate"); !chain.empty()) {
    settings.certificates.push_back({chain, text_of(tls, "key")});
  }
  if (tls.contains("verify") && !flag_of(tls, "verify")) {
    settings.verify_servers = net::ServerVerification::Off;
  }
  return settings;
}

base::Result<base::SocketAddress> listen_of(const json::object& options, std::string_view next_hop) {
  const std::string listen = text_of(options, "listen");
  if (listen.empty()) {
    return base::SocketAddress{address_toward(next_hop), 0};
  }
  const auto address = base::SocketAddress::parse(listen);
  if (!address || address->ip.is_unspecified()) {
    return Error(Errc::InvalidArgument, "listen \"" + listen + "\" is no address of this machine; say one such as 127.0.0.1:5070 (port 0: any free one)");
  }
  return *address;
}

/// "<sip:proxy.example.com;lr>" of whatever the script said.
std::string route_of(std::string outbound) {
  if (!outbound.starts_with("sip:") && !outbound.starts_with("sips:")) {
    outbound.insert(0, "sip:");
  }
  return "<" + outbound + (outbound.find(";lr") == std::string::npos ? ";lr>" : ">");
}

}  // namespace

std::string script_header_lines(const json::value* headers) {
  std::string lines;
  if (headers == nullptr || !headers->is_array()) {
    return lines;
  }
  for (const json::value& pair : headers->get_array()) {
    const auto both = json::value_to<std::vector<std::string>>(pair);
    lines += both.at(0) + ": " + both.at(1) + "\r\n";
  }
  return lines;
}

sip::SessionPolicy::Reliable script_reliable(std::string_view name) {
  using Reliable = sip::SessionPolicy::Reliable;
  return name == "no" ? Reliable::Off : name == "required" ? Reliable::Required : Reliable::Supported;
}

base::Result<media::SourceSpec> blocking_script_source(const json::object& source) {
  const std::string kind = text_of(source, "kind");
  media::SourceSpec spec = media::Silence{};
  if (kind == "tone") {
    spec = media::Tone{.frequency_hz = source.at("hz").to_number<double>(), .level_dbov = kToneLevelDbov};
  } else if (kind == "file") {
    spec = media::SoundFile{.path = text_of(source, "path"), .repeat = audio::Repeat::Loop};
  }
  const auto made = media::blocking_make_source(spec, audio::kNarrowband);
  return made ? base::Result<media::SourceSpec>(std::move(spec)) : made.error();
}

base::Result<ScriptPhonePlan> script_phone_plan(const json::object& options) {
  const std::string domain = text_of(options, "domain");
  const std::string outbound = text_of(options, "outbound");
  const std::string transport = text_of(options, "transport");
  const std::string suffix = transport == "udp" || transport.empty() ? std::string() : ";transport=" + transport;
  auto listen = listen_of(options, outbound.empty() ? std::string_view(domain) : host_of(outbound));
  if (!listen) {
    return listen.error();
  }
  auto media = media_of(options);
  if (!media) {
    return media.error();
  }
  ScriptPhonePlan plan;
  plan.listen = *listen;
  plan.registers = number_of<std::int64_t>(options, "expires") > 0;
  plan.tls = tls_of(options);
  plan.mailbox = flag_of(options, "mwi");
  if (const std::string named = text_of(options, "stun_server"); !named.empty()) {
    auto server = StunServer::parse(named);
    if (!server) {
      return Error(Errc::InvalidArgument, "stun_server: " + server.error().message());
    }
    plan.stun_server = std::move(*server);
  }
  plan.strangers = text_of(options, "strangers") != "no";
  plan.reliable = script_reliable(text_of(options, "reliable"));
  plan.packet_time = std::chrono::milliseconds(number_of<std::int64_t>(options, "packet_time_ms", plan.packet_time.count()));
  call::AgentOptions& agent = plan.agent;
  agent.name = text_of(options, "name");
  agent.address_of_record = "sip:" + text_of(options, "username") + "@" + domain;
  agent.registrar = "sip:" + domain + (outbound.empty() ? suffix : std::string());
  if (!sip::UriView::parse(agent.address_of_record) || !sip::UriView::parse(agent.registrar)) {
    return Error(Errc::InvalidArgument, "\"" + agent.address_of_record + "\" is no SIP address; check username and domain");
  }
  agent.password = text_of(options, "password");
  agent.auth_user = text_of(options, "auth_user");
  agent.display_name = text_of(options, "display_name");
  if (!outbound.empty()) {
    agent.routes.push_back(route_of(outbound));
  }
  agent.headers = script_header_lines(options.if_contains("headers"));
  agent.registered_for = std::chrono::seconds(plan.registers ? number_of<std::int64_t>(options, "expires") : 3600);
  agent.redirects = flag_of(options, "follow_redirects") ? sip::RedirectPolicy::All : sip::RedirectPolicy::Off;
  agent.max_calls = static_cast<std::size_t>(number_of<std::int64_t>(options, "max_calls"));
  agent.media_address = listen->ip;
  agent.answering = text_of(options, "answer") == "auto" ? call::AgentOptions::Answering::AtOnce : call::AgentOptions::Answering::Manually;
  agent.media = std::move(*media);
  if (const std::string folder = text_of(options, "record"); !folder.empty()) {
    agent.recording = call::AgentRecording{.folder = folder};
    if (text_of(options, "record_layout") == "separate") {
      agent.recording->layout = media::RecordingLayout::Separate;
    }
  }
  return plan;
}

}  // namespace callwright::app
