#include "app/phone_options.hpp"

#include "net/source_addresses.hpp"
#include "sip/uri.hpp"

#include <charconv>
#include <utility>

namespace callwright::app {
namespace {

using base::Errc;
using base::Error;
using base::Result;

constexpr std::string_view kScheme = "sip:";

std::optional<double> number(std::string_view text) {
  double value = 0;
  const auto [end, failure] = std::from_chars(text.data(), text.data() + text.size(), value);
  return failure == std::errc() && end == text.data() + text.size() ? std::optional(value) : std::nullopt;
}

/// What follows `prefix`, if the text begins with it.
std::optional<std::string_view> after(std::string_view text, std::string_view prefix) {
  return text.starts_with(prefix) ? std::optional(text.substr(prefix.size())) : std::nullopt;
}

Result<media::SourceSpec> tone_of(std::string_view text) {
  const std::size_t at = text.find('@');
  const auto frequency = number(text.substr(0, at));
  const auto level = at == std::string_view::npos ? std::optional(-20.0) : number(text.substr(at + 1));
  const auto within = [](double value, double least, double most) { return value >= least && value <= most; };  // Not so for what is no number.
  if (!frequency || !level || !within(*frequency, 1, 20'000) || !within(*level, -90, -3.01)) {
    return Error(Errc::InvalidArgument, "\"tone:" + std::string(text) + "\" is no tone; say tone:440 (Hz) or tone:440@-20 (dBov, up to -3.01)");
  }
  return media::Tone{.frequency_hz = *frequency, .level_dbov = *level};
}

Result<call::AgentMedia> media_of(const PhoneOptions& options) {
  call::AgentMedia media;
  if (!options.codecs.empty()) {
    media.codecs.clear();
    std::string_view left = options.codecs;
    while (true) {
      const std::size_t comma = left.find(',');
      media.codecs.emplace_back(left.substr(0, comma));
      if (comma == std::string_view::npos) {
        break;
      }
      left.remove_prefix(comma + 1);
    }
  }
  if (options.srtp != "off" && options.srtp != "sdes" && options.srtp != "dtls") {
    return Error(Errc::InvalidArgument, "--srtp: there is no \"" + options.srtp.substr(0, 40) + "\"; say off, sdes or dtls");
  }
  if (options.srtp != "off") {
    media.security.policy = options.srtp_optional ? sdp::MediaSecurity::Optional : sdp::MediaSecurity::Required;
    media.security.kind = options.srtp == "dtls" ? call::AgentSecurity::Kind::Dtls : call::AgentSecurity::Kind::Sdes;
  }
  media.ice = options.ice ? call::AgentMedia::Ice::Lite : call::AgentMedia::Ice::Off;
  return media;
}

Result<base::SocketAddress> listen_of(const PhoneOptions& options) {
  if (options.listen.empty()) {
    const std::string& toward = options.account.empty() ? options.dial : options.account;
    return base::SocketAddress{address_toward(toward.empty() ? std::string_view{} : host_of(uri_of(toward, {}))), 0};
  }
  const auto address = base::SocketAddress::parse(options.listen);
  if (!address || address->ip.is_unspecified()) {
    return Error(Errc::InvalidArgument,
                 "--listen: \"" + options.listen + "\" is no address of this machine; say one such as 192.0.2.1:5060 (port 0: any free one)");
  }
  return *address;
}

}  // namespace

std::string_view host_of(std::string_view uri) {
  if (const std::size_t at = uri.find('@'); at != std::string_view::npos) {
    uri.remove_prefix(at + 1);
  } else {
    uri = after(uri, kScheme).value_or(after(uri, "sips:").value_or(uri));
  }
  return uri.substr(0, uri.find_first_of(";?>"));
}

base::IpAddress address_toward(std::string_view host) {
  const base::IpAddress loopback = base::IpAddress::v4({127, 0, 0, 1});
  if (host.empty() || host == "localhost" || host.starts_with("localhost:")) {
    return loopback;
  }
  const base::SystemClock clock;
  base::IpAddress target = base::IpAddress::v4({192, 0, 2, 1});
  if (const auto address = base::SocketAddress::parse(host)) {
    target = address->ip;
  } else if (const auto ip = base::IpAddress::parse(host)) {
    target = *ip;
  }
  return net::SourceAddresses(clock).toward(target).value_or(loopback);
}

Result<media::SourceSpec> source_of(std::string_view text) {
  if (text == "silence") {
    return media::Silence{};
  }
  if (text == "noise") {
    return media::Noise{};
  }
  if (const auto tone = after(text, "tone:")) {
    return tone_of(*tone);
  }
  const auto looped = after(text, "loop:");
  const std::string_view path = looped.value_or(text);
  if (path.empty()) {
    return Error(Errc::InvalidArgument, "There is nothing to play; say silence, noise, tone:440 or the name of a sound file");
  }
  return media::SoundFile{.path = path, .repeat = looped ? audio::Repeat::Loop : audio::Repeat::Once};
}

std::string uri_of(std::string_view text, const call::AgentOptions& agent) {
  const bool complete = text.starts_with(kScheme) || text.starts_with("sips:");
  std::string uri = complete ? std::string(text) : std::string(kScheme) + std::string(text);
  if (text.find('@') == std::string_view::npos && !complete && !agent.address_of_record.empty()) {
    uri += "@" + std::string(host_of(agent.address_of_record));
  }
  return uri;
}

Result<PhonePlan> plan_of(const PhoneOptions& options) {
  auto listen = listen_of(options);
  if (!listen) {
    return listen.error();
  }
  auto media = media_of(options);
  if (!media) {
    return media.error();
  }
  auto source = source_of(options.play);
  if (!source) {
    return Error(source.error().code, "--play: " + source.error().detail);
  }
  if (const auto good = media::check_keys(options.keys, {}); !options.keys.empty() && !good) {
    return Error(good.error().code, "--keys: " + good.error().detail);
  }
  if (options.answer != "auto" && options.answer != "manual") {
    return Error(Errc::InvalidArgument, "--answer: there is no \"" + options.answer.substr(0, 40) + "\"; say auto or manual");
  }
  PhonePlan plan{.listen = *listen, .agent = {}, .registers = !options.account.empty()};
  if (plan.registers) {
    plan.agent.address_of_record = uri_of(options.account, {});
    plan.agent.registrar = std::string(kScheme) + std::string(host_of(plan.agent.address_of_record));
    if (sip::user_of(plan.agent.address_of_record).empty()) {
      return Error(Errc::InvalidArgument, "--account: \"" + options.account + "\" names no user; say alice@192.0.2.1:5060");
    }
  } else {
    std::string host = listen->to_string();
    host.resize(listen->port == 0 ? host.rfind(':') : host.size());
    plan.agent.address_of_record = std::string(kScheme) + options.name + "@" + host;
  }
  plan.agent.name = std::string(sip::user_of(plan.agent.address_of_record));
  plan.agent.password = options.password;
  plan.agent.media_address = listen->ip;
  plan.agent.source = std::move(*source);
  plan.agent.answering = options.answer == "auto" ? call::AgentOptions::Answering::AtOnce : call::AgentOptions::Answering::Manually;
  plan.agent.media = std::move(*media);
  if (!options.record.empty()) {
    plan.agent.recording = call::AgentRecording{.folder = options.record};
  }
  return plan;
}

Result<PhoneCommand> read_phone_command(std::string_view line) {
  using Kind = PhoneCommand::Kind;
  struct Known {
    std::string_view name;
    Kind kind;
    std::string_view argument;  ///< What it needs, for people; "": nothing.
  };
  static constexpr Known kKnown[] = {
      {"dial", Kind::Dial, "an address"}, {"answer", Kind::Answer, ""},   {"hold", Kind::Hold, ""},      {"resume", Kind::Resume, ""},
      {"play", Kind::Play, "a sound"},    {"press", Kind::Press, "keys"}, {"hang-up", Kind::HangUp, ""}, {"quit", Kind::Quit, ""},
  };
  const std::size_t blank = line.find(' ');
  const std::string_view name = line.substr(0, blank);
  const std::size_t start = blank == std::string_view::npos ? line.size() : line.find_first_not_of(' ', blank);
  const std::string_view argument = start == std::string_view::npos ? std::string_view{} : line.substr(start);
  for (const Known& known : kKnown) {
    if (known.name != name) {
      continue;
    }
    if (known.argument.empty() != argument.empty()) {
      const std::string wants = known.argument.empty() ? "nothing" : std::string(known.argument);
      return Error(Errc::InvalidArgument, "\"" + std::string(name) + "\" takes " + wants + " behind it");
    }
    return PhoneCommand{known.kind, std::string(argument)};
  }
  return Error(Errc::InvalidArgument, "There is no \"" + std::string(name.substr(0, 40)) + "\"; say dial, answer, hold, resume, play, press, hang-up or quit");
}

}  // namespace callwright::app
