#pragma once

#include "sip/digest.hpp"
#include "sip/locator.hpp"
#include "sip/message.hpp"
#include "sip/redirects.hpp"
#include "sip/transaction.hpp"
#include "sip/transport.hpp"

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace callwright::sip {

class UserAgent;

/// A request to be sent, without what the engine adds: Via, CSeq, Contact, Max-Forwards, credentials.
struct OutgoingRequest {
  Method method = Method::Options;
  std::string own_method = {};  ///< The token where `method` is Unknown.
  std::string uri;
  std::vector<std::string> routes;          ///< Route values in order; the first is the next hop.
  std::optional<Flow> flow;                 ///< Where to send it, instead of where routes or URI point.
  std::string parties;                      ///< From, To and Call-ID: see `party_lines`.
  std::optional<std::string> contact_user;  ///< Writes a Contact with this user and our address.
  std::string contact_parameters;           ///< ";expires=60"
  std::string headers;                      ///< Ready-made lines.
  std::string content_type;
  std::string body;
  unsigned max_forwards = 70;
  RedirectPolicy redirects = RedirectPolicy::Off;

  /// As it stands in the request line and in CSeq.
  [[nodiscard]] std::string_view method_text() const noexcept { return method == Method::Unknown ? std::string_view(own_method) : to_string(method); }
};

/// "<sip:alice@example.com>", or with the name before it, quoted.
[[nodiscard]] std::string name_addr(std::string_view display_name, std::string_view uri);
/// The lines From, To and Call-ID; an empty tag is left out.
[[nodiscard]] std::string party_lines(std::string_view from, std::string_view from_tag, std::string_view to, std::string_view to_tag, std::string_view call_id);

/// One request from its first sending to its final response: finds the next hop (RFC 3263), makes the transaction, goes on to the next server where one
/// is dead or answers 503 (§4.3), answers digest challenges (RFC 3261 §22) and follows redirections (§8.1.3.4). Destroying it leaves the transaction to
/// finish by itself.
class ClientRequest final : private ClientTransactionUser {
 public:
  /// Callbacks may destroy the request.
  class User {
   public:
    virtual ~User() = default;
    virtual void on_response(ClientRequest& request, const Message& response) = 0;
    /// No response: 408 after a time-out, 503 for a transport error, 478 for a destination that cannot be resolved (RFC 3261 §8.1.3.1).
    virtual void on_failure(ClientRequest& request, int status, std::string_view reason) = 0;
  };

  /// `cseq` is the counter of the dialog or registration; each sending takes the next number. `digest` may be null.
  ClientRequest(UserAgent& user_agent, OutgoingRequest request, std::uint32_t& cseq, DigestClient* digest, User& user);
  ~ClientRequest() override;
  ClientRequest(const ClientRequest&) = delete;
  ClientRequest& operator=(const ClientRequest&) = delete;

  /// Failures are reported later, never from within this call.
  void send();
  /// Ends an INVITE that nobody wants any more. CANCEL goes out at once, or with the first provisional response when there was none yet
  /// (RFC 3261 §9.1). The final response still comes, or 64*T1 after the CANCEL a 408. An INVITE whose destination is still being looked up
  /// is never sent; it fails with 487. `headers` are ready-made lines for the CANCEL.
  void cancel(std::string_view headers = {});

  /// Of the latest sending.
  [[nodiscard]] std::uint32_t cseq() const noexcept { return sent_cseq_; }
  [[nodiscard]] const Flow& flow() const noexcept { return flow_; }
  [[nodiscard]] const OutgoingRequest& request() const noexcept { return request_; }
  /// The lines that answer the challenges so far: the ACK of a 2xx repeats them (RFC 3261 §13.2.2.4).
  [[nodiscard]] std::string authorization() const;
  /// False once no further response can come.
  [[nodiscard]] bool alive() const noexcept { return transaction_ != nullptr; }

 private:
  enum class Stage : std::uint8_t { Locating, Waiting, Proceeding, Done };
  /// One challenger, known by its realm, and what we answered it.
  struct Answer {
    Header header;
    std::string realm;
    std::string value;
    bool guessed;  ///< Sent before anybody asked: being asked all the same says nothing about the password.
  };

  void on_response(const Message& response) override;
  void on_no_response(NoResponse why) override;
  void on_terminated() override { transaction_ = nullptr; }

  /// What only a request with a name as its next hop, or one that was redirected, needs.
  struct Detour {
    Locator::Ticket search;
    std::vector<Destination> left;  ///< Servers not tried yet, the best last.
    std::unique_ptr<Redirects> redirects;
  };

  [[nodiscard]] std::string_view next_hop() const;
  void locate();
  void on_located(base::Result<std::vector<Destination>> destinations);
  void go_to(const Destination& destination);
  void transmit();
  void drop_transaction();
  /// Takes the next server when there is one; the present one is avoided by all for that time.
  [[nodiscard]] bool fail_over(base::Duration avoid_for);
  [[nodiscard]] bool follow_redirect(const Message& response);
  [[nodiscard]] bool next_redirect();
  [[nodiscard]] bool has_other_way(const Message& response);
  [[nodiscard]] Detour& detour();
  void fail_later(int status, std::string_view reason);
  void on_timer();
  [[nodiscard]] bool answer_challenges(const Message& response);
  [[nodiscard]] bool answer_challenge(Header answer, const DigestChallenge& challenge);
  void send_cancel();
  /// Empty when there is no listener for it.
  [[nodiscard]] std::string render() const;

  UserAgent& user_agent_;
  OutgoingRequest request_;
  std::uint32_t& cseq_counter_;
  DigestClient* digest_;
  User& user_;
  ClientTransaction* transaction_ = nullptr;
  Flow flow_;
  std::uint32_t sent_cseq_ = 0;
  std::vector<Answer> answers_;
  int challenged_ = 0;
  Stage stage_ = Stage::Locating;
  bool cancelled_ = false;
  base::Timer timer_;  ///< After CANCEL: patience for the final response. After a local failure: its report, which must not come from within `send`.
  int failure_status_ = 0;
  std::string_view failure_reason_;
  std::unique_ptr<Detour> detour_;
};

}  // namespace callwright::sip
