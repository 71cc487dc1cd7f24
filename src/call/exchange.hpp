#pragma once

#include "base/destroy_later.hpp"
#include "base/ip_network.hpp"
#include "call/accounts.hpp"
#include "call/active_call.hpp"
#include "call/call_control.hpp"
#include "call/call_course.hpp"
#include "call/call_table.hpp"
#include "call/click_to_dial.hpp"
#include "call/conference_rooms.hpp"
#include "call/feature_book.hpp"
#include "call/media_desk.hpp"
#include "call/message_relay.hpp"
#include "call/parking_lot.hpp"
#include "call/qualifier.hpp"
#include "call/registration_reports.hpp"
#include "call/routed_call.hpp"
#include "call/routing.hpp"
#include "call/sound_command.hpp"
#include "call/user_states.hpp"
#include "call/waiting_redials.hpp"
#include "sip/registrar.hpp"
#include "sip/user_agent.hpp"

#include <functional>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>
#include <vector>

namespace callwright::call {

class OfferedCall;
class Pickup;

struct ExchangeSettings {
  std::string realm = "callwright";
  /// MD5 alone by default: phones that are common in the field give up when a challenge begins with, or even offers, something else.
  std::vector<sip::DigestAlgorithm> digest_algorithms{sip::DigestAlgorithm::Md5};
  sip::AuthThrottle::Limits wrong_passwords;
  std::vector<std::string> domains;  ///< Names of this exchange besides its own addresses.
  std::vector<Route> routes;
  std::vector<base::IpNetwork> trusted;  ///< Calls from there need no credentials: trunks and proxies that are known by their address.
  sip::Registrar::Limits registrar;
  CommandTimeouts timeouts;
  sip::Notifier::Limits subscriptions;
  Qualifier::Settings qualify;
  MediaSettings media;
  sip::StringMap<std::shared_ptr<const MediaProfile>> media_of = {};  ///< Of accounts that have a profile of their own.
  std::vector<std::string> offered = {};                              ///< Users that an API answers for, each a user or a prefix that ends in '*'.
  ParkingLot::Settings parking = {};
  std::size_t max_calls = 10'000;  ///< Beyond it calls are refused: 503 with Retry-After.
  int retry_after_s = 5;
};

/// The built-in exchange: registrar, router and back-to-back user agent (RFC 7092), and the commands on its calls. Engine thread only.
class Exchange final : public sip::UserAgent::Handler, public CallControl, private Switchboard, private sip::TraceSink {
 public:
  /// Without `media`, the media of all calls bypass it. The port outlives the exchange.
  Exchange(sip::UserAgent& user_agent, EventSink& events, ExchangeSettings settings, MediaDesk::PortMaker media = {});
  ~Exchange() override;

  /// One more name of this exchange, besides those of the settings.
  void add_domain(std::string domain) { routing_.add_domain(std::move(domain)); }
  [[nodiscard]] Accounts& accounts() noexcept { return accounts_; }
  [[nodiscard]] const sip::Registrar& registrar() const noexcept { return registrar_; }
  [[nodiscard]] std::size_t calls() const noexcept { return calls_.size(); }
  /// Streams of calls, with those of calls that are over: MediaEnded follows.
  [[nodiscard]] std::size_t streams() const noexcept { return media_ == nullptr ? 0 : media_->streams(); }
  /// What can be subscribed to; tell it of waiting messages.
  [[nodiscard]] UserStates& states() noexcept { return states_; }
  /// Forwarding, find-me and screening of the accounts.
  [[nodiscard]] FeatureBook& features() noexcept { return features_; }
  /// Every message becomes a SipMessage event from now on; costs a copy of each.
  void trace_messages() { user_agent_.set_trace(this); }
  /// From now on there are conferences: of calls that somebody joins (RFC 3911), and in these rooms. Before the first call. The port outlives the exchange.
  void open_conferences(ConferenceMedia media, std::vector<ConferenceRoom> rooms);
  /// The same, with the media of this exchange; without these there are none.
  void open_conferences(std::vector<ConferenceRoom> rooms);
  /// From now on new calls and commands get 503.
  void refuse_new_calls();
  /// Hangs up everything and refuses what is new. Poll `calls()` and `streams()` for the end.
  void shut_down();

  // CallControl
  void submit(CommandId id, const Command& command, CommandObserver& observer) override;
  void cancel(CommandId id) override;

 private:
  [[nodiscard]] bool admit(sip::ServerTransaction& transaction, const sip::Message& request) override;
  void on_request(sip::ServerTransaction& transaction, const sip::Message& request) override;
  void on_replaces(sip::ServerTransaction& transaction, const sip::Message& invite, sip::InviteSession& replaced) override;
  void on_join(sip::ServerTransaction& transaction, const sip::Message& invite, sip::InviteSession& joined) override;
  void on_flow_failed(const sip::Flow& flow) override { registrar_.on_flow_failed(flow); }
  [[nodiscard]] std::string_view capabilities() const override { return capabilities_; }
  /// The account that a URI names, or "".
  [[nodiscard]] std::string user_of(std::string_view text) const;
  [[nodiscard]] bool enter_room(sip::ServerTransaction& transaction, const sip::Message& invite, const sip::UriView& uri);
  [[nodiscard]] std::optional<sip::DialogName> ringing(const std::string& call_id) const;
  void on_subscribe(sip::ServerTransaction& transaction, const sip::Message& request);
  void on_publish(sip::ServerTransaction& transaction, const sip::Message& request);
  void on_message(sip::ServerTransaction& transaction, const sip::Message& request);
  void on_invite(sip::ServerTransaction& transaction, const sip::Message& request);
  void on_register(sip::ServerTransaction& transaction, const sip::Message& request);
  /// Answers a call that leads nowhere, and tells the journal of it. `command` has brought it about; null: none.
  void refuse_call(sip::ServerTransaction& transaction, const sip::Message& invite, const ReferringCommand* command, sip::Response answer);
  /// The journal learns that the calls with these Call-IDs belong together.
  void link(const std::string& one, const std::string& other);
  [[nodiscard]] std::string home_uri(std::string_view username, const sip::ServerTransaction& transaction, const sip::Message& invite) const;
  [[nodiscard]] CallerIdentity identity_of(const sip::ServerTransaction& transaction, const sip::Message& invite, const ReferringCommand* command) const;
  void route_call(sip::ServerTransaction& transaction, const sip::Message& request, ReferringCommand* command);
  // Forwarding, find-me, screening (exchange_features.cpp)
  /// False, and refused, when the user who calls may not call there.
  [[nodiscard]] bool may_call(sip::ServerTransaction& transaction, const sip::Message& invite);
  /// The way of a call to a user who has features; null: all his phones ring.
  [[nodiscard]] std::unique_ptr<CallCourse> course_of(const sip::ServerTransaction& transaction, const sip::Message& invite, const ReferringCommand* command,
                                                      const CallerIdentity& identity);
  [[nodiscard]] bool is_in_call(const StartCall& call) const;
  /// What the call rings first: as the course says, or, without one, the routing.
  [[nodiscard]] CallCourse::Next first_step(const std::string& callee, Asker asker, CallCourse* course) const;
  void take_place(sip::ServerTransaction& transaction, const sip::Message& invite, ReferringCommand& command, const CallParty& partner);
  [[nodiscard]] bool admit_invite(sip::ServerTransaction& transaction, const sip::Message& request);
  [[nodiscard]] bool authenticate(sip::ServerTransaction& transaction, const sip::Message& request);
  [[nodiscard]] bool is_trusted(const sip::ServerTransaction& transaction) const noexcept;
  [[nodiscard]] ReferringCommand* expecting(std::string_view token);
  [[nodiscard]] ReferringCommand* expecting(std::string_view username, const sip::Message& request);

  void start(CommandId id, const StartCall& command, CommandObserver& observer);
  void start(CommandId id, const EndCall& command, CommandObserver& observer);
  void start(CommandId id, const TransferCall& command, CommandObserver& observer);
  void start(CommandId id, const HoldCall& command, CommandObserver& observer);
  void start(CommandId id, const PlaySound& command, CommandObserver& observer);
  void start(CommandId id, const StopSound& command, CommandObserver& observer);
  void start(CommandId id, const PressKeys& command, CommandObserver& observer);
  void start(CommandId id, const MuteParty& command, CommandObserver& observer);
  void start(CommandId id, const RecordCall& command, CommandObserver& observer);
  void start(CommandId id, const ChangeRecording& command, CommandObserver& observer);
  void start(CommandId id, const DecideCall& command, CommandObserver& observer);
  void start(CommandId id, const BridgeCalls& command, CommandObserver& observer);
  void start(CommandId id, const UnbridgeCall& command, CommandObserver& observer);
  void start(CommandId id, const ParkCall& command, CommandObserver& observer);
  void start(CommandId id, const PickUpCall& command, CommandObserver& observer);
  void start(CommandId id, const CreateConference& command, CommandObserver& observer);
  void start(CommandId id, const AddToConference& command, CommandObserver& observer);
  void start(CommandId id, const ChangeConference& command, CommandObserver& observer);
  void start(CommandId id, const SendMessage& command, CommandObserver& observer);
  void start(CommandId id, const MeasureCall& command, CommandObserver& observer);
  /// Starts a `SoundCommand`, with what its constructor takes besides; when the call is up.
  template <class Made, class Order, class... More>
  void start_on_sound(CommandId id, const Order& command, CommandObserver& observer, More&... more);
  void start(CommandId id, const GetFeatures& command, CommandObserver& observer);
  void start(CommandId id, const SetFeatures& command, CommandObserver& observer);
  void start(CommandId id, const RedialCall& command, CommandObserver& observer);
  /// False, and the observer knows, when no more commands that set up calls are taken.
  [[nodiscard]] bool has_room(CommandId id, CommandObserver& observer) const;
  /// True when the call of the command is answered but an ACK is still to come: the command starts when it has.
  template <class Order>
  [[nodiscard]] bool waits_for(const std::string& call_id, CommandId id, const Order& command, CommandObserver& observer);
  // Calls that an API decides about (exchange_parties.cpp)
  /// True when it is one, and waits. `command` has brought it about; null: none.
  [[nodiscard]] bool offer_to_api(sip::ServerTransaction& transaction, const sip::Message& invite, ReferringCommand* command);
  void answer_offered(CommandId id, OfferedCall& call, CommandObserver& observer);
  void redirect_offered(CommandId id, OfferedCall& call, const std::string& destination, CommandObserver& observer);
  [[nodiscard]] base::Result<Conference*> open_alone();
  // Parked parties (exchange_parking.cpp)
  /// What is to be picked up, by whom; nothing, and the observer knows, when that cannot be.
  [[nodiscard]] std::optional<WaitingCaller> pickup_of(CommandId id, const PickUpCall& command, CommandObserver& observer);
  /// True when a user has called the number of a slot where somebody is parked.
  [[nodiscard]] bool fetch_parked(sip::ServerTransaction& transaction, const sip::Message& invite, const sip::UriView& uri);
  void ring_back(const ParkedParty& parked);
  /// True when somebody has called the number that parks whoever calls it.
  [[nodiscard]] bool park_caller(sip::ServerTransaction& transaction, const sip::Message& invite, const sip::UriView& uri);
  [[nodiscard]] std::string referrer_of(const sip::Message& invite, std::string_view number) const;
  void tell_parker(const std::string& parker, const std::string& party, const std::string& slot);
  /// Makes the call that a phone makes for a command look as that wants.
  void dress(const CallLook& look, const sip::Message& invite, const ReferringCommand& command, RoutedCall::Options& options) const;
  template <class Made>
  Made& run(std::unique_ptr<Made> command);
  void forget(const RunningCommand& command);

  // Switchboard
  [[nodiscard]] sip::UserAgent& user_agent() override { return user_agent_; }
  void index(const std::string& call_id, ActiveCall& call) override;
  [[nodiscard]] ActiveCall* find(const std::string& call_id) override;
  void forget(const std::string& call_id, ActiveCall& call) override;
  [[nodiscard]] ConferenceMedia* conference_media() override { return rooms_ == nullptr ? nullptr : &rooms_->media(); }
  void adopt(std::unique_ptr<ActiveCall> call) override;
  void finish(ActiveCall& call) override;
  [[nodiscard]] bool is_offered(std::string_view uri) const override;
  [[nodiscard]] bool is_ours(const sip::UriView& uri) const override { return routing_.is_ours(uri); }
  [[nodiscard]] sip::InviteSession* across(const sip::InviteSession& session) override;
  [[nodiscard]] MediaDesk* media() override { return media_.get(); }
  [[nodiscard]] std::shared_ptr<const MediaProfile> media_of(const std::string& username) const;
  [[nodiscard]] MediaSide media_side_of(const sip::InviteSession& session) override;
  [[nodiscard]] std::shared_ptr<const MediaProfile> media_of_sender() const override { return media_of(admitted_.username); }
  /// As `Routing::find`; phones are called with what is configured for their user.
  [[nodiscard]] Routing::Found find_places(std::string_view uri, Asker asker) const;
  void report(const std::string& call_id, decltype(Event::what) what) override;
  // sip::TraceSink
  void on_trace(Direction direction, const sip::Flow& flow, std::string_view message) override;

  sip::UserAgent& user_agent_;
  EventSink& events_;
  ExchangeSettings settings_;
  Accounts accounts_;
  Accounts::Check admitted_;  ///< Of the request that is being handled: no name when it needed none.
  sip::Registrar registrar_;
  Routing routing_;
  FeatureBook features_;
  UserStates states_;
  MessageRelay messages_;
  std::unique_ptr<MediaDesk> media_;        ///< Null when all media bypass the exchange.
  std::unique_ptr<ConferenceRooms> rooms_;  ///< Null: no conferences.
  ParkingLot parking_;
  std::unordered_map<const ActiveCall*, Pickup*> pickups_;  ///< Those that run.
  RegistrationReports registrations_;
  WaitingRedials redials_;
  std::unique_ptr<Qualifier> qualifier_;  ///< Null when nobody is to be asked.
  std::string capabilities_;
  RunningRecordings recordings_;
  CallTable calls_;
  std::unordered_map<CommandId, RunningCommand*> commands_;
  std::unordered_map<CommandId, ReferringCommand*> referring_commands_;
  std::unordered_map<CommandId, CommandObserver*> waiting_commands_;                  ///< For a call to be up.
  std::map<std::pair<std::string, CommandId>, ReferringCommand*> commands_by_users_;  ///< By "caller>callee", for phones that lose the token.
  base::DestroyLater<ActiveCall> finished_;
  bool shutting_down_ = false;
};

}  // namespace callwright::call
