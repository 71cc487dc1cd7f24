#pragma once

#include "call/active_call.hpp"

#include <memory>
#include <string>

namespace callwright::call {

/// Two sessions joined back to back (RFC 7092): SDP goes through, so media flows from phone to phone; re-INVITE, UPDATE, REFER, INFO, MESSAGE and hang-up
/// are passed on, and a third party may take the place of a side. Each side has its own session timer.
class Bridge final : public ActiveCall, private sip::InviteSessionObserver {
 public:
  /// Makes a bridge that the switchboard owns. Both sessions have been answered; `caller` may still owe an answer, in its ACK, to an offer that
  /// `callee` made in its 2xx.
  static void join(Switchboard& switchboard, std::unique_ptr<sip::InviteSession> caller, std::unique_ptr<sip::InviteSession> callee);

  Bridge(Switchboard& switchboard, std::unique_ptr<sip::InviteSession> caller, std::unique_ptr<sip::InviteSession> callee);
  ~Bridge() override;

  void hang_up() override;
  void replace(sip::InviteSession& replaced, sip::ServerTransaction& transaction, const sip::Message& invite) override;
  [[nodiscard]] sip::InviteSession* across(const sip::InviteSession& session) override;

 private:
  struct Replacement;

  void on_confirmed(sip::InviteSession& session, std::string_view sdp) override;
  void on_reinvite(sip::InviteSession& session, std::string_view sdp) override;
  void on_reinvite_result(sip::InviteSession& session, const sip::InviteProgress& result) override;
  void on_update(sip::InviteSession& session, std::string_view sdp) override;
  void on_update_result(sip::InviteSession& session, const sip::InviteProgress& result) override;
  void on_refer(sip::InviteSession& session, const sip::IncomingRefer& refer) override;
  void on_refer_result(sip::InviteSession& session, int status, std::string_view reason) override;
  void on_refer_progress(sip::InviteSession& session, std::string_view status_line, bool last) override;
  int on_content(sip::InviteSession& session, const sip::DialogContent& content) override;
  void on_content_result(sip::InviteSession& session, sip::Method method, int status, std::uint64_t reference) override;
  void on_ended(sip::InviteSession& session, const sip::SessionEnd& end) override;

  // Replacing a side (bridge_replace.cpp)
  [[nodiscard]] bool on_replacement_result(sip::InviteSession& session, const sip::InviteProgress& result);
  [[nodiscard]] bool on_replacement_ended(sip::InviteSession& session);
  void put_in_place(std::string_view sdp);
  void give_up_replacing(int status);
  void restore();
  [[nodiscard]] std::string translated(const sip::IncomingRefer& refer) const;

  void pass_answer(sip::InviteSession& session, const sip::InviteProgress& result);
  [[nodiscard]] sip::InviteSession& peer(const sip::InviteSession& session) noexcept { return &session == caller_.get() ? *callee_ : *caller_; }

  Switchboard& switchboard_;
  std::unique_ptr<sip::InviteSession> caller_;
  std::unique_ptr<sip::InviteSession> callee_;
  std::unique_ptr<Replacement> replacement_;
  bool over_ = false;
};

}  // namespace callwright::call
