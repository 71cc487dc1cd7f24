#pragma once

#include "app/audio_probe.hpp"
#include "app/script_subscribers.hpp"
#include "app/soft_phone.hpp"
#include "app/sound_report.hpp"
#include "app/stun_server.hpp"
#include "audio/live_sink.hpp"
#include "sip/event_subscriber.hpp"
#include "speech/recognizer.hpp"

#include <boost/json/object.hpp>

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

namespace callwright::app {

/// Where a phone listens and what it is.
struct ScriptPhonePlan {
  base::SocketAddress listen;
  call::AgentOptions agent;
  bool registers = false;
  bool strangers = true;  ///< Takes calls for other users, too.
  sip::SessionPolicy::Reliable reliable = sip::SessionPolicy::Reliable::Supported;
  std::chrono::milliseconds packet_time{20};
  std::optional<net::TlsSettings> tls;    ///< Of the connections that it makes; nothing: the system's authorities.
  bool mailbox = false;                   ///< Subscribes to what waits in its mailbox (RFC 3842).
  std::optional<StunServer> stun_server;  ///< For its media; it is found before there is a phone.
};
/// What the script library says of an agent (agent_options.mjs). Errors: InvalidArgument, a sentence.
[[nodiscard]] base::Result<ScriptPhonePlan> script_phone_plan(const boost::json::object& options);
/// {"kind":"tone","hz":440}, {"kind":"file","path":"…"}, {"kind":"silence"}. Opens the file to see that it can be played: may wait for the disk.
[[nodiscard]] base::Result<media::SourceSpec> blocking_script_source(const boost::json::object& source);
/// "no", "required"; anything else: where it is supported.
[[nodiscard]] sip::SessionPolicy::Reliable script_reliable(std::string_view name);
/// At which the codec of a call works: what is converted is clipped no more. Null: nothing was agreed on yet.
[[nodiscard]] audio::SampleRate script_own_rate(const sdp::Negotiated* negotiated);
/// Ready-made lines of [["Name","value"], …].
[[nodiscard]] std::string script_header_lines(const boost::json::value* headers);

/// The phone of an agent in a script. Engine thread.
class ScriptPhone final : private call::EventSink, private sip::TraceSink, private sip::ClientRequest::User, private sip::Subscriber::Observer {
 public:
  /// Any text: an event as JSON, with the number of the phone in it.
  using Tell = std::function<void(boost::json::object event)>;
  using Answer = std::function<void(base::Result<boost::json::object>)>;
  using EventTap = std::function<void(const call::Event& event)>;
  struct World {
    net::EngineLoop& loop;
    base::Random& random;
    net::DnsResolver& resolver;
    media::MediaPort& media;
    EventTap captured;                                   ///< Gets each SIP message.
    std::optional<net::Impairment::Options> impairment;  ///< Of what it sends and receives of SIP.
    net::Impairment::Behind impaired;                    ///< Where the phones are that have it.
    speech::RecognizerFactory& recognizers;
  };

  static base::Result<std::unique_ptr<ScriptPhone>> create(const World& world, std::uint64_t id, ScriptPhonePlan plan, Tell tell);
  ~ScriptPhone() override;

  [[nodiscard]] const base::SocketAddress& address() const noexcept { return phone_->address(); }
  /// One operation of verbs.mjs. `answer` is called once, now or later.
  void carry_out(std::string_view operation, const boost::json::object& arguments, const Answer& answer);
  /// "listen" of audio.mjs: a report of what is heard, also of how like it is to the reference.
  base::Result<boost::json::object> begin_report(const boost::json::object& arguments, SoundReport::Reference reference);
  void say(const media::SourceSpec& source) { phone_->agent().say(source); }
  /// Hangs up and un-registers. True once nothing is left, or `late`.
  void leave();
  [[nodiscard]] bool has_left() const;

 private:
  using Outcome = base::Result<boost::json::object>;
  using Arguments = boost::json::object;
  /// Is given what is heard; gives the members of its event once it is over.
  using Check = std::function<std::optional<boost::json::object>(std::span<const audio::Sample> samples, base::TimePoint now)>;
  /// What listens to one call.
  struct Ear {
    std::shared_ptr<audio::LiveReader> reader;
    audio::SampleRate rate = audio::kNarrowband;
    bool attached = false;
    std::map<std::int64_t, Check> checks;
    std::vector<std::shared_ptr<speech::Recognizer>> recognizers;
  };
  /// What recognises speech; goes on after its call until all that was heard is recognised.
  struct Recognition {
    std::shared_ptr<speech::Recognizer> recognizer;
    std::string call_id;
    base::TimePoint deadline{};
    bool finished = false;
  };
  struct Request {
    std::int64_t id = 0;
    std::uint32_t cseq = 0;
    std::optional<sip::DigestClient> digest;
    std::unique_ptr<sip::ClientRequest> request;
  };

  struct Subscription {
    std::int64_t id = kMailbox;
    std::unique_ptr<sip::Subscriber> subscriber;
  };
  /// The subscription that the phone has by itself; others have numbers from 1.
  static constexpr std::int64_t kMailbox = 0;

  ScriptPhone(const World& world, std::uint64_t id, Tell tell);

  void on_event(const call::Event& event) override;
  void on_trace(Direction direction, const sip::Flow& flow, std::string_view message) override;
  void on_response(sip::ClientRequest& request, const sip::Message& response) override;
  void on_failure(sip::ClientRequest& request, int status, std::string_view reason) override;

  void on_notify(sip::Subscriber& subscriber, const sip::Subscriber::Notification& notification) override;
  void on_subscription_ended(sip::Subscriber& subscriber, const sip::Subscriber::End& end) override;
  void subscribe_to_mailbox();
  void start_subscription(std::int64_t id, sip::Subscriber::Options options);

  Outcome register_account(const Arguments& arguments);
  Outcome unregister(const Arguments& arguments);
  Outcome dial(const Arguments& arguments);
  Outcome begin_early_media(const Arguments& arguments);
  Outcome accept(const Arguments& arguments);
  Outcome refuse(const Arguments& arguments);
  Outcome hang_up(const Arguments& arguments);
  Outcome hold(const Arguments& arguments);
  Outcome resume(const Arguments& arguments);
  Outcome change_direction(const Arguments& arguments);
  Outcome press(const Arguments& arguments);
  Outcome transfer(const Arguments& arguments);
  Outcome complete(const Arguments& arguments);
  Outcome answer_all(const Arguments& arguments);
  Outcome set_headers(const Arguments& arguments);
  Outcome change_reliable(const Arguments& arguments);
  base::Result<Ear*> ear_of(const Arguments& arguments, audio::SampleRate rate, double highest_hz);
  void hear(Ear& ear, const Arguments& arguments, Check check);
  Outcome begin_probe(const Arguments& arguments);
  Outcome hear_probe(const Arguments& arguments);
  Outcome begin_check(const Arguments& arguments);
  Outcome send_request(const Arguments& arguments);
  Outcome subscribe(const Arguments& arguments);
  Outcome unsubscribe(const Arguments& arguments);
  Outcome notify(const Arguments& arguments);
  Outcome notify_subscriber(const Arguments& arguments);
  Outcome end_subscriber(const Arguments& arguments);
  Outcome refuse_subscriptions(const Arguments& arguments);
  Outcome stop_notify(const Arguments& arguments);
  [[nodiscard]] std::vector<Subscription>::iterator subscription_of(const sip::Subscriber& subscriber);
  Outcome send_in_call(const Arguments& arguments, sip::Method method);
  void measure(const Arguments& arguments, const Answer& answer);
  [[nodiscard]] base::Result<call::AgentCall*> call_of(const Arguments& arguments, std::string_view name = "call") const;
  void set_reliable(sip::SessionPolicy::Reliable reliable);
  void settle(sip::ClientRequest& request, int status, std::string_view reason, std::string_view call_id = {});
  void listen();
  void go_on_listening();
  void follow_probes();
  Outcome begin_recognition(const Arguments& arguments);
  Outcome end_recognition(const Arguments& arguments);
  void follow_recognitions();
  void leave_ear(const Recognition& recognition);
  /// What was recognised is told; true once nothing follows.
  bool tell_recognized(std::int64_t id, Recognition& recognition);
  void tell(boost::json::object event);

  struct Operation {
    std::string_view name;
    Outcome (ScriptPhone::*carry_out)(const Arguments& arguments);
  };
  static const std::vector<Operation>& operations();

  const World world_;
  const std::uint64_t id_;
  const Tell tell_;
  bool registers_ = false;
  bool wants_mailbox_ = false;
  std::unique_ptr<SoftPhone> phone_;
  std::map<std::string, Ear> ears_;                       ///< By Call-ID.
  std::map<std::string, std::vector<Answer>> measuring_;  ///< By Call-ID.
  std::vector<std::unique_ptr<Request>> requests_;
  std::int64_t last_request_ = 0;
  base::Timer listening_;
  std::vector<Subscription> subscriptions_;
  std::int64_t last_subscription_ = kMailbox;
  std::unique_ptr<ScriptSubscribers> subscribers_;
  std::map<std::int64_t, std::shared_ptr<ProbeSender>> probes_;
  std::map<std::int64_t, Recognition> recognitions_;
  base::TimePoint precise_until_{};  ///< Looks more often before.
  bool unregistering_ = false;
  base::TimePoint latest_{};
};

}  // namespace callwright::app
