#pragma once

#include "base/destroy_later.hpp"
#include "call/agent_call.hpp"
#include "call/agent_media.hpp"
#include "call/agent_recording.hpp"
#include "call/event.hpp"
#include "media/media_port.hpp"
#include "sip/register_client.hpp"
#include "sip/user_agent.hpp"

#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

namespace callwright::call {

struct AgentOptions {
  enum class Answering { AtOnce, Manually };

  std::string name;               ///< Unique; the user part of incoming calls, too.
  std::string address_of_record;  ///< "sip:alice@192.0.2.1"
  std::string registrar;          ///< "sip:192.0.2.1:5060"
  std::string password;
  std::string instance = {};                             ///< "urn:uuid:…": registers with outbound and GRUU (`sip::RegisterClient`); "": without.
  base::IpAddress media_address;                         ///< For RTP.
  std::optional<base::IpAddress> advertised_media = {};  ///< What a NAT makes of that one, port for port: stands in descriptions instead.
  media::SourceSpec source;                              ///< What it says in its calls.
  Answering answering = Answering::AtOnce;
  AgentMedia media = {};  ///< Codecs, encryption and ports of its calls.
  std::optional<AgentRecording> recording = {};
};

/// A SIP user agent: an account that registers, places and answers calls and has media in them. Engine thread only.
class Agent final : private sip::RegisterClient::Observer {
 public:
  /// Errors: those of `capabilities_of`.
  static base::Result<std::unique_ptr<Agent>> make(sip::UserAgent& user_agent, media::MediaPort& media, EventSink& events, AgentOptions options);
  ~Agent() override;

  void start_registration() { registration_.start(); }
  void stop_registration() { registration_.stop(); }
  [[nodiscard]] bool registered() const noexcept { return registration_.registered(); }

  /// `referrer`: the call in which this one was asked for; `replaces`: the call that it takes the place of at the other side.
  AgentCall& dial(const std::string& uri, AgentCall* referrer = nullptr, std::optional<sip::DialogName> replaces = {});
  void receive(sip::ServerTransaction& transaction, const sip::Message& invite);
  void hang_up_all();
  [[nodiscard]] std::size_t calls() const noexcept { return calls_.size(); }
  /// Streams of calls that are over: MediaEnded follows.
  [[nodiscard]] std::size_t ending_streams() const noexcept { return ending_streams_.size(); }
  /// The call of this Call-ID, or null.
  [[nodiscard]] AgentCall* find(std::string_view call_id) const noexcept;
  /// What was agreed on for the media of a call that there is now; null: there is none. Valid until the engine goes on.
  [[nodiscard]] const sdp::Negotiated* negotiated() const noexcept;

  // For its calls.
  void finish(AgentCall& call);
  void report(const std::string& call_id, decltype(Event::what) what);
  /// The stream of a call that is over was closed; `listener` stays until it has had the end of it.
  void end_stream(media::StreamId stream, std::unique_ptr<AgentStream> listener);
  void forget_stream(media::StreamId stream);
  [[nodiscard]] sip::UserAgent& user_agent() noexcept { return user_agent_; }
  [[nodiscard]] media::MediaPort& media() noexcept { return media_; }
  [[nodiscard]] AgentRecordings& recordings() noexcept { return recordings_; }
  [[nodiscard]] const AgentRecordings& recordings() const noexcept { return recordings_; }
  [[nodiscard]] const AgentOptions& options() const noexcept { return options_; }
  [[nodiscard]] const sdp::AudioCapabilities& capabilities() const noexcept { return capabilities_; }
  [[nodiscard]] sip::Credentials credentials() const;
  /// For the Contact of its calls: the GRUU that the registrar gave it (RFC 5627 §4.3), by which others reach just this phone; else its user.
  [[nodiscard]] std::string contact() const;
  /// What its requests take as their Route set (RFC 3608).
  [[nodiscard]] const std::vector<std::string>& service_route() const noexcept { return registration_.service_route(); }

 private:
  Agent(sip::UserAgent& user_agent, media::MediaPort& media, EventSink& events, AgentOptions options, sdp::AudioCapabilities capabilities);
  void on_registered(sip::RegisterClient& client, std::chrono::seconds expires) override;
  void on_registration_failed(sip::RegisterClient& client, int status, std::string_view reason) override;
  void on_unregistered(sip::RegisterClient& client) override;

  sip::UserAgent& user_agent_;
  media::MediaPort& media_;
  EventSink& events_;
  AgentOptions options_;
  sdp::AudioCapabilities capabilities_;
  sip::RegisterClient registration_;
  AgentRecordings recordings_{*this};
  std::unordered_map<AgentCall*, std::unique_ptr<AgentCall>> calls_;
  base::DestroyLater<AgentCall> finished_;
  std::unordered_map<media::StreamId, std::unique_ptr<AgentStream>> ending_streams_;
};

/// Agents that share listeners: an incoming call goes to the one named in its Request-URI.
class Agents final : private sip::UserAgent::Handler {
 public:
  explicit Agents(sip::UserAgent& user_agent);
  ~Agents() override;

  /// The agent lives as long as this; one of the same user takes its place. Errors: those of `capabilities_of`.
  base::Result<Agent*> add(media::MediaPort& media, EventSink& events, AgentOptions options);
  [[nodiscard]] const sip::StringMap<std::unique_ptr<Agent>>& all() const noexcept { return agents_; }

 private:
  void on_request(sip::ServerTransaction& transaction, const sip::Message& request) override;

  sip::UserAgent& user_agent_;
  sip::StringMap<std::unique_ptr<Agent>> agents_;
};

}  // namespace callwright::call
