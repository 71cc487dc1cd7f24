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
  std::string auth_user = {};            ///< That goes with it; "": the user of the address.
  std::string display_name = {};         ///< In From; "": none.
  std::vector<std::string> routes = {};  ///< Outbound proxies, as Route values, for what begins outside of calls.
  std::string headers = {};              ///< Ready-made lines for REGISTER and INVITE.
  std::chrono::seconds registered_for{600};
  sip::RedirectPolicy redirects = sip::RedirectPolicy::Off;  ///< What becomes of 3xx to its calls.
  std::size_t max_calls = 1'000;                             ///< Others that come are refused with 486.
  std::string instance = {};                                 ///< "urn:uuid:…": registers with outbound and GRUU (`sip::RegisterClient`); "": without.
  base::IpAddress media_address;                             ///< For RTP.
  std::optional<base::IpAddress> advertised_media = {};      ///< What a NAT makes of that one, port for port: stands in descriptions instead.
  media::SourceSpec source;                                  ///< What it says in its calls.
  Answering answering = Answering::AtOnce;
  AgentMedia media = {};  ///< Codecs, encryption and ports of its calls.
  std::optional<AgentRecording> recording = {};
};

/// A call that an agent is to place.
struct OutgoingCall {
  std::string uri;
  std::string headers = {};                      ///< Ready-made lines for the INVITE.
  AgentCall* referrer = nullptr;                 ///< The call in which this one was asked for.
  std::optional<sip::DialogName> replaces = {};  ///< The call that it takes the place of at the other side.
  sdp::Direction direction = sdp::Direction::SendRecv;
};

/// A final response other than 2xx.
struct Refusal {
  int status = 480;          ///< 300 … 699
  std::string reason = {};   ///< "": the usual phrase.
  std::string headers = {};  ///< Ready-made lines.
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

  AgentCall& dial(OutgoingCall outgoing);
  AgentCall& dial(const std::string& uri) { return dial(OutgoingCall{.uri = uri}); }
  /// What it says in its calls, those of now and those that come.
  void say(const media::SourceSpec& source);
  /// In place of `AgentOptions::headers`, for calls from now on.
  void set_headers(std::string lines) { options_.headers = std::move(lines); }
  /// Of the packets that the other side is asked for, 10 … 60 ms; in calls from now on.
  void set_packet_time(std::chrono::milliseconds length) { capabilities_.ptime = length; }
  /// From now on calls that come are refused so at once; nothing: they ring again.
  void refuse_calls(std::optional<Refusal> refusal) { refusal_ = std::move(refusal); }
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
  /// For From.
  [[nodiscard]] std::string name_and_address() const { return sip::name_addr(options_.display_name, options_.address_of_record); }
  /// What its requests outside of calls take as their Route set.
  [[nodiscard]] std::vector<std::string> route_set() const;
  /// With the transport by which it registers, where no proxy decides and the URI names none.
  [[nodiscard]] std::string routed(std::string uri) const;
  /// For the Contact of its calls: the GRUU that the registrar gave it (RFC 5627 §4.3), by which others reach just this phone; else its user.
  [[nodiscard]] std::string contact() const;

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
  std::optional<Refusal> refusal_;
  AgentRecordings recordings_{*this};
  std::unordered_map<AgentCall*, std::unique_ptr<AgentCall>> calls_;
  base::DestroyLater<AgentCall> finished_;
  std::unordered_map<media::StreamId, std::unique_ptr<AgentStream>> ending_streams_;
};

/// Takes subscriptions for agents (RFC 6665 §4.2).
class SubscribeTaker {
 public:
  virtual ~SubscribeTaker() = default;
  /// "Allow: SUBSCRIBE" and "Allow-Events: presence" as ready-made lines; "": it takes none at present.
  [[nodiscard]] virtual std::string_view capabilities() const = 0;
  /// A SUBSCRIBE outside of dialogs, to be answered; not while it takes none.
  virtual void on_subscribe(sip::ServerTransaction& transaction, const sip::Message& request) = 0;
};

/// Agents that share listeners: an incoming call goes to the one named in its Request-URI.
class Agents final : private sip::UserAgent::Handler {
 public:
  explicit Agents(sip::UserAgent& user_agent);
  ~Agents() override;

  /// A call for nobody here goes to the only agent, where there is but one: as with phones, whose Request-URI is whatever a proxy made of it.
  void take_strangers() noexcept { takes_strangers_ = true; }
  /// Without one, and while it takes no events, SUBSCRIBE is refused with 405. Null: nobody any more.
  void set_subscribe_taker(SubscribeTaker* taker) noexcept { subscribe_taker_ = taker; }
  /// The agent lives as long as this; one of the same user takes its place. Errors: those of `capabilities_of`.
  base::Result<Agent*> add(media::MediaPort& media, EventSink& events, AgentOptions options);
  [[nodiscard]] const sip::StringMap<std::unique_ptr<Agent>>& all() const noexcept { return agents_; }

 private:
  void on_request(sip::ServerTransaction& transaction, const sip::Message& request) override;
  void on_replaces(sip::ServerTransaction& transaction, const sip::Message& invite, sip::InviteSession& replaced) override;
  [[nodiscard]] std::string_view capabilities() const override { return subscribe_taker_ == nullptr ? std::string_view{} : subscribe_taker_->capabilities(); }

  sip::UserAgent& user_agent_;
  [[nodiscard]] Agent* agent_for(const sip::Message& request) const;

  sip::StringMap<std::unique_ptr<Agent>> agents_;
  bool takes_strangers_ = false;
  SubscribeTaker* subscribe_taker_ = nullptr;
};

}  // namespace callwright::call
