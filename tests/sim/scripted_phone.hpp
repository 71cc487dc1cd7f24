#pragma once

#include "sip/register_client.hpp"
#include "sip/user_agent.hpp"

#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace callwright::simulation {

class PhoneLeg;

/// How a phone behaves. Times are virtual.
struct PhoneScript {
  enum class Token { Kept, Lost };
  enum class AfterRefer { Stays, HangsUp };
  enum class Dials { Yes, No };

  enum class RingSdp { None, Early };

  int ring = 180;                    ///< Sent at once; 0: nothing.
  RingSdp ring_sdp = RingSdp::None;  ///< Early: with a description, reliably where the caller understands that.
  int answer = 200;                  ///< Final status for an INVITE; 0: it rings for ever.
  base::Duration answer_after = std::chrono::milliseconds(200);
  int refer = 202;           ///< Or a refusal.
  Dials dials = Dials::Yes;  ///< Whether it makes the call that it agreed to make.
  base::Duration dial_after = std::chrono::milliseconds(50);
  Token token = Token::Kept;                   ///< Whether it keeps parameters of Refer-To.
  AfterRefer after_refer = AfterRefer::Stays;  ///< What it does with the call in which it got REFER.
  int reinvite = 200;                          ///< Or a refusal; 0: no final response ever.
  int message = 200;                           ///< For MESSAGE outside a call.
  std::string headers = {};                    ///< Ready-made lines for its INVITEs,
  std::string answer_headers = {};             ///< and for a refusal of one.
  int answer_other = 0;                        ///< What the calls after the first get instead of `answer`; 0: the same.
  int content = 200;                           ///< For INFO and MESSAGE in a call.
  std::string address = "203.0.113.1";         ///< For its media,
  std::string audio = "RTP/AVP 0";             ///< which are these, with what follows on further lines,
  std::string direction = "sendrecv";          ///< in its answers to re-INVITEs.
};

/// A telephone made of the SIP engine and a script. Its descriptions name it in the o= line: "o=alice 1 …".
class ScriptedPhone final : private sip::UserAgent::Handler, private sip::RegisterClient::Observer {
 public:
  ScriptedPhone(sip::UserAgent& user_agent, std::string name, PhoneScript script);
  ~ScriptedPhone() override;

  void start_registration() { registration_.start(); }
  void stop_registration() { registration_.stop(); }
  [[nodiscard]] bool registered() const noexcept { return registration_.registered(); }
  [[nodiscard]] int registration_refused() const noexcept { return registration_refused_; }

  /// Calls a URI, with an offer or without one ("").
  PhoneLeg& dial(const std::string& uri, std::string_view sdp, PhoneLeg* referrer = nullptr);
  /// Calls a user of the exchange with an offer.
  PhoneLeg& call(const std::string& user);
  /// Calls in the order in which they began; ended ones stay.
  [[nodiscard]] PhoneLeg& leg(std::size_t number) { return *legs_.at(number); }
  [[nodiscard]] std::size_t legs() const noexcept { return legs_.size(); }
  /// Calls that have not ended.
  [[nodiscard]] std::size_t active() const;
  void hang_up();

  /// A description that names this phone, its `version` and `direction`.
  [[nodiscard]] std::string sdp(int version = 1, std::string_view direction = "sendrecv") const;

  [[nodiscard]] sip::UserAgent& user_agent() noexcept { return user_agent_; }
  [[nodiscard]] const std::string& name() const noexcept { return name_; }

  PhoneScript script;
  std::string password;

 private:
  void on_request(sip::ServerTransaction& transaction, const sip::Message& request) override;
  void on_registered(sip::RegisterClient& client, std::chrono::seconds expires) override;
  void on_registration_failed(sip::RegisterClient& client, int status, std::string_view reason) override;
  void on_unregistered(sip::RegisterClient& client) override;

  sip::UserAgent& user_agent_;
  std::string name_;
  sip::RegisterClient registration_;
  int registration_refused_ = 0;
  std::vector<std::unique_ptr<PhoneLeg>> legs_;
};

/// One call of a phone.
class PhoneLeg final : private sip::InviteSessionObserver {
 public:
  PhoneLeg(ScriptedPhone& phone, PhoneLeg* referrer);
  ~PhoneLeg() override;

  void dial(const std::string& uri, std::string_view sdp);
  void receive(sip::ServerTransaction& transaction, const sip::Message& invite);
  void hang_up();
  /// In a call.
  void reinvite(std::string_view sdp);
  void update(std::string_view sdp);
  void refer(const std::string& target);
  /// Attended transfer: the other side is to call `target` in the place of this phone's call `consultation`.
  void refer(const std::string& target, PhoneLeg& consultation);

  [[nodiscard]] bool ended() const noexcept { return ended_; }
  [[nodiscard]] bool confirmed() const noexcept { return confirmed_; }
  [[nodiscard]] int end_status() const noexcept { return end_status_; }
  [[nodiscard]] const std::string& end_reason() const noexcept { return end_reason_; }
  [[nodiscard]] const std::string& call_id() const noexcept { return call_id_; }
  [[nodiscard]] const std::string& remote_sdp() const noexcept { return remote_sdp_; }
  /// The user in the o= line of the latest description from the other side: the name of a phone.
  [[nodiscard]] std::string hears() const;
  [[nodiscard]] const std::vector<std::string>& log() const noexcept { return log_; }
  [[nodiscard]] sip::InviteSession* session() noexcept { return session_.get(); }

 private:
  void on_provisional(sip::InviteSession& session, const sip::InviteProgress& progress) override;
  void on_accepted(sip::InviteSession& session, const sip::InviteProgress& progress) override;
  void on_confirmed(sip::InviteSession& session, std::string_view sdp) override;
  void on_reinvite(sip::InviteSession& session, std::string_view sdp) override;
  void on_reinvite_result(sip::InviteSession& session, const sip::InviteProgress& result) override;
  void on_update(sip::InviteSession& session, std::string_view sdp) override;
  void on_update_result(sip::InviteSession& session, const sip::InviteProgress& result) override;
  void on_refer(sip::InviteSession& session, const sip::IncomingRefer& refer) override;
  void on_refer_result(sip::InviteSession& session, int status, std::string_view reason) override;
  void on_refer_progress(sip::InviteSession& session, std::string_view status_line, bool last) override;
  int on_content(sip::InviteSession& session, const sip::DialogContent& content) override;
  void on_ended(sip::InviteSession& session, const sip::SessionEnd& end) override;
  void on_answer_time();
  void on_dial_time();
  void take(std::string_view sdp);
  void tell_referrer(int status);
  void retire_when_done();

  ScriptedPhone& phone_;
  PhoneLeg* referrer_;
  std::unique_ptr<sip::InviteSession> session_;
  base::Timer answer_timer_;
  base::Timer dial_timer_;
  std::string call_id_;
  std::string remote_sdp_;
  std::string refer_to_;
  std::string end_reason_;
  std::vector<std::string> log_;
  int end_status_ = 0;
  int version_ = 1;
  bool offered_ = false;  ///< Our 2xx made the offer.
  bool confirmed_ = false;
  bool ended_ = false;
  bool referring_ = false;  ///< The call that this one asked us to make is not settled yet.
};

}  // namespace callwright::simulation
