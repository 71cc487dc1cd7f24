#pragma once

#include "sim/simulated_network.hpp"
#include "sip/digest.hpp"
#include "sip/invite_session.hpp"
#include "sip/user_agent.hpp"

#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace callwright::simulation {

/// A user agent with one call at a time, which writes down what its session tells it. What it does about that is up to the test:
/// at once through the hooks, or later through `session()`.
class RecordingPhone final : private sip::UserAgent::Handler, private sip::InviteSessionObserver {
 public:
  RecordingPhone(SimulatedNetwork& network, sip::Resolver& resolver, std::string_view address, sip::TransactionLayer::Settings settings = {});

  /// Calls `target` with an offer, or without one ("").
  sip::InviteSession& call(const std::string& target, std::string_view offer);
  sip::InviteSession& call(sip::InviteSession::CallerOptions options, std::string_view offer);
  /// Asks callers for this password of user "alice".
  void require_password(std::string password) { password_ = std::move(password); }
  /// Declares the next right answers to its challenges stale.
  void find_stale(int answers) { stale_ = answers; }
  void retire() {
    agent.retire(std::move(session_));
    agent.retire(std::move(former_));
  }

  [[nodiscard]] sip::InviteSession& session() noexcept { return *session_; }
  [[nodiscard]] bool has_session() const noexcept { return session_ != nullptr; }
  /// "provisional 180", "accepted sdp", "confirmed", "reinvite sdp", "reinvite_result 200 sdp", "update sdp", "update_result 200 sdp", "prack sdp",
  /// "refer sip:x", "refer_result 202", "refer_progress 180 Ringing", "INFO text/plain body", "content_result INFO 200", "ended local 200" …
  [[nodiscard]] const std::vector<std::string>& events() const noexcept { return events_; }
  void clear_events() { events_.clear(); }
  /// Where it can be called.
  [[nodiscard]] std::string uri() const { return "sip:" + node.address().to_string(); }
  [[nodiscard]] bool nothing_left();

  std::function<void(sip::InviteSession&)> on_incoming;
  std::function<void(sip::InviteSession&)> on_event;  ///< After each entry in `events`.
  /// Gets INVITEs that name a dialog of this phone; the new call is the other session then, and `named` the present one.
  std::function<void(sip::InviteSession& named)> on_named;
  int content_status = 200;                      ///< What INFO and MESSAGE are answered with.
  sip::SessionEnd last_end;                      ///< As the latest `on_ended` told it.
  std::string last_progress_tag;                 ///< The dialog of the latest provisional response or 2xx.
  std::optional<sip::DialogName> last_replaces;  ///< Of the latest REFER.

  Node& node;
  sip::UserAgent agent;

 private:
  void on_request(sip::ServerTransaction& transaction, const sip::Message& request) override;
  void on_replaces(sip::ServerTransaction& transaction, const sip::Message& invite, sip::InviteSession& replaced) override;
  void on_join(sip::ServerTransaction& transaction, const sip::Message& invite, sip::InviteSession& joined) override;
  void on_provisional(sip::InviteSession& session, const sip::InviteProgress& progress) override;
  void on_accepted(sip::InviteSession& session, const sip::InviteProgress& progress) override;
  void on_confirmed(sip::InviteSession& session, std::string_view sdp) override;
  void on_reinvite(sip::InviteSession& session, std::string_view sdp) override;
  void on_reinvite_result(sip::InviteSession& session, const sip::InviteProgress& result) override;
  void on_prack(sip::InviteSession& session, std::string_view sdp) override;
  void on_update(sip::InviteSession& session, std::string_view sdp) override;
  void on_update_result(sip::InviteSession& session, const sip::InviteProgress& result) override;
  void on_refer(sip::InviteSession& session, const sip::IncomingRefer& refer) override;
  int on_content(sip::InviteSession& session, const sip::DialogContent& content) override;
  void on_content_result(sip::InviteSession& session, sip::Method method, int status, std::uint64_t reference) override;
  void on_refer_result(sip::InviteSession& session, int status, std::string_view reason) override;
  void on_refer_progress(sip::InviteSession& session, std::string_view status_line, bool last) override;
  void on_ended(sip::InviteSession& session, const sip::SessionEnd& end) override;

  [[nodiscard]] sip::DigestServer::Verdict judge(const sip::Message& request);
  void note(sip::InviteSession& session, std::string event, std::string_view detail = {});

  sip::DigestServer digest_;
  std::string password_;
  int stale_ = 0;
  std::unique_ptr<sip::InviteSession> session_;
  std::unique_ptr<sip::InviteSession> former_;  ///< The call that a later one names.
  std::vector<std::string> events_;
};

}  // namespace callwright::simulation
