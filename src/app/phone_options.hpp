#pragma once

#include "base/result.hpp"
#include "call/agent.hpp"

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace callwright::app {

/// What the command line of `callwright phone` says.
struct PhoneOptions {
  std::string account = {};     ///< "alice@192.0.2.1:5060" or the same with "sip:"; "": it does not register.
  std::string password = {};    ///< Of the account.
  std::string name = "phone";   ///< The user that is called, without an account.
  std::string listen = {};      ///< "192.0.2.2:5060"; "": a free port of the address from which the other side is reached.
  std::string dial = {};        ///< Whom to call at once; "": nobody.
  std::string answer = "auto";  ///< "auto" or "manual".
  std::string codecs = {};      ///< "opus,PCMU"; "": the agents' own choice.
  std::string srtp = "off";     ///< "off", "sdes" or "dtls".
  bool srtp_optional = false;   ///< Calls in the clear are taken as well.
  bool ice = false;
  std::string play = "silence";
  std::string record = {};      ///< A folder for recordings of its calls; "": it records none.
  std::string keys = {};        ///< To press once the call is answered.
  std::chrono::seconds time{};  ///< How long the call of `dial` lasts; 0: until somebody hangs up.
  enum class Output : std::uint8_t { Text, Json } output = Output::Text;
};

/// "silence", "noise", "tone:440", "tone:440@-20" (dBov), or the name of a sound file, which is played once, or with "loop:" before it for ever.
/// Errors: InvalidArgument.
[[nodiscard]] base::Result<media::SourceSpec> source_of(std::string_view text);

/// Where it listens and what it is, as far as the options say; `AgentOptions::media_address` is the address that it listens on.
struct PhonePlan {
  base::SocketAddress listen;
  call::AgentOptions agent;
  bool registers = false;
};
/// Reads all options. Errors: InvalidArgument, a sentence that names the option.
[[nodiscard]] base::Result<PhonePlan> plan_of(const PhoneOptions& options);

/// The address of this machine from which packets go to that host ("192.0.2.1:5060"); where only a name server knows where that is, or for "", the one of the
/// usual route.
[[nodiscard]] base::IpAddress address_toward(std::string_view host);
/// "host:port" of "sip:alice@host:port;transport=tcp", which may lack all but the host.
[[nodiscard]] std::string_view host_of(std::string_view uri);

/// Whom the user means: "bob" is in the domain of the account, "bob@192.0.2.1" gets its "sip:".
[[nodiscard]] std::string uri_of(std::string_view text, const call::AgentOptions& agent);

/// One line of the phone's standard input.
struct PhoneCommand {
  enum class Kind : std::uint8_t { Dial, Answer, Hold, Resume, Play, Press, HangUp, Quit };
  Kind kind = Kind::Quit;
  std::string argument;
};
/// Errors: InvalidArgument, a sentence that lists what there is.
[[nodiscard]] base::Result<PhoneCommand> read_phone_command(std::string_view line);

}  // namespace callwright::app
