#pragma once

#include "base/random.hpp"
#include "base/timers.hpp"
#include "sip/digest.hpp"
#include "sip/invite_session.hpp"
#include "sip/user_agent.hpp"

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

/// One call of the random simulation: what its two people do, drawn from a seed of its own, and what became of it.
namespace callwright::simulation {

struct RandomCall;

/// How a call ended as one of its sides sees it.
enum class Outcome : std::uint8_t {
  Missing,      ///< The answerer never saw the call.
  Established,  ///< Answered, then ended.
  Unconfirmed,  ///< Answered, but the ACK never came.
  Refused,
  Cancelled,
  Network,
  Abandoned,  ///< Handed to `retire` in mid-call, so that it was told nothing.
};

/// What happened on all calls: to see that the dice did reach every corner.
struct RandomCallCounts {
  int reinvites_accepted = 0;
  int refers_accepted = 0;
  int referred_answered = 0;
  int late_progress = 0;  ///< NOTIFYs after the call had ended.
  int abandoned = 0;
  int pracks = 0;
  int early_updates = 0;
  int updates_accepted = 0;
  int refreshed = 0;  ///< Calls that lasted longer than their session interval.
  int replaced = 0;
};

/// A person with a phone, in one call.
class RandomPerson final : public sip::InviteSessionObserver {
 public:
  RandomPerson(RandomCall& call, sip::InviteSession::Role role, sip::UserAgent& user_agent);

  void place_call(const std::string& target);
  void receive_call(std::unique_ptr<sip::InviteSession> session);

  [[nodiscard]] Outcome outcome() const;
  [[nodiscard]] const sip::SessionEnd& end() const noexcept { return end_; }
  /// Why this side is wrong whatever the other one says; "" when it is not.
  [[nodiscard]] const std::string& violation() const noexcept { return violation_; }
  [[nodiscard]] bool seen() const noexcept { return seen_; }
  void verify_over();
  /// This person's call is answered somewhere else now.
  void hang_up();
  [[nodiscard]] std::optional<sip::DialogName> dialog_at_peer() const;

  void on_provisional(sip::InviteSession& session, const sip::InviteProgress& progress) override;
  void on_accepted(sip::InviteSession& session, const sip::InviteProgress& progress) override;
  void on_confirmed(sip::InviteSession& session, std::string_view sdp) override;
  void on_prack(sip::InviteSession& session, std::string_view sdp) override;
  void on_update(sip::InviteSession& session, std::string_view sdp) override;
  void on_update_result(sip::InviteSession& session, const sip::InviteProgress& result) override;
  void on_reinvite(sip::InviteSession& session, std::string_view sdp) override;
  void on_reinvite_result(sip::InviteSession& session, const sip::InviteProgress& result) override;
  void on_refer(sip::InviteSession& session, const sip::IncomingRefer& refer) override;
  void on_refer_result(sip::InviteSession& session, int status, std::string_view reason) override;
  void on_refer_progress(sip::InviteSession& session, std::string_view status_line, bool last) override;
  void on_ended(sip::InviteSession& session, const sip::SessionEnd& end) override;

 private:
  /// Notes a callback. False when the person has just abandoned the session: it must not be touched then.
  [[nodiscard]] bool enter(std::string_view callback, bool refer = false);
  void complain(std::string_view what);
  void begin_talking();
  void stop_acting();
  void retire_now();
  void answer();
  void acknowledge_later();
  void reinvite();
  void update();
  void answer_offer();
  void answer_early_offer();
  void send_early_description();
  [[nodiscard]] bool right_description(std::string_view sdp) const;
  void refer();
  void tell_progress();

  RandomCall& call_;
  sip::InviteSession::Role role_;
  sip::UserAgent& user_agent_;
  std::unique_ptr<sip::InviteSession> session_;
  bool seen_ = false;
  bool answered_ = false;
  bool confirmed_ = false;
  bool talking_ = false;
  bool cancelled_ = false;  ///< By the caller, before any answer was known.
  bool abandoned_ = false;
  bool early_offer_ = false;    ///< A reliable provisional response made the offer.
  bool early_updated_ = false;  ///< An UPDATE has replaced the descriptions of the INVITE.
  base::TimePoint talking_since_;
  int ended_ = 0;
  int reinvites_left_ = 0;
  int referred_step_ = 0;
  sip::SessionEnd end_;
  std::string violation_;
  base::Timer answer_;
  base::Timer acknowledge_;
  base::Timer hang_up_;
  base::Timer reinvite_;
  base::Timer update_;
  base::Timer answer_offer_;
  base::Timer answer_early_offer_;
  base::Timer refer_;
  base::Timer progress_;
  base::Timer retire_;
};

struct RandomCall {
  enum class Authentication : std::uint8_t { None, Right, WrongPassword };
  enum class Answer : std::uint8_t { Accept, Reject, RingLong, End };

  RandomCall(std::uint64_t seed, std::size_t index, sip::UserAgent& caller_agent, sip::UserAgent& answerer_agent, RandomCallCounts& counts);
  [[nodiscard]] std::string call_id() const { return "random-call-" + std::to_string(index) + "@sim"; }
  /// Starts when its moment has come.
  void schedule(const std::string& target_uri);
  void start();
  /// This call is made in the middle of that one, in order to take its place.
  void take_over(RandomCall& other, const std::string& target_uri);

  /// A label for the pair of outcomes; empty when they contradict each other.
  [[nodiscard]] std::string verdict() const;

  base::DeterministicRandom random;
  std::size_t index;
  RandomCallCounts& counts;
  Authentication authentication = Authentication::None;
  Answer answer = Answer::Accept;
  bool offer_in_invite = true;
  bool glare = false;
  bool long_lasting = false;  ///< Minutes, so that session timers matter.
  RandomCall* predecessor = nullptr;
  RandomCall* successor = nullptr;
  double abandon = 0;
  std::string target;
  base::Timer begin;
  RandomPerson caller;
  RandomPerson answerer;
};

}  // namespace callwright::simulation
