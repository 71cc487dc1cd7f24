#pragma once

#include "sip/client_request.hpp"
#include "sip/user_agent.hpp"

#include <memory>
#include <string>
#include <string_view>

namespace callwright::sip {

/// Keeps one address of record registered (RFC 3261 §10.2): refreshes before the binding expires, tries again after failures, later each time. With an
/// instance it keeps its flow alive where the registrar does (RFC 5626) and learns its GRUUs (RFC 5627). A flow over which keep-alives are not answered, or
/// whose mapping in a NAT has changed, has failed (§4.4): a new one is made and registered after the back-off; calls go on.
class RegisterClient final : private ClientRequest::User, private FlowWatcher, private StunUser {
 public:
  class Observer {
   public:
    virtual ~Observer() = default;
    /// After each success; `expires` is what the registrar granted.
    virtual void on_registered(RegisterClient& client, std::chrono::seconds expires) = 0;
    /// A refusal or silence. It is tried again unless the registrar said 403 or the like (4xx other than 408, 423, 429, 480, 491).
    virtual void on_registration_failed(RegisterClient& client, int status, std::string_view reason) = 0;
    virtual void on_unregistered(RegisterClient& client) = 0;
  };

  /// Two line ends over a stream, STUN over UDP (RFC 5626 §3.5).
  enum class KeepAlive : std::uint8_t {
    WhenAgreed,  ///< Where the registrar says that it supports outbound.
    Always,      ///< With a registrar that is known to answer them.
  };

  struct Options {
    std::string address_of_record;  ///< "sip:alice@example.com"
    std::string registrar;          ///< "sip:192.0.2.1:5060;transport=tcp"
    std::string contact_user;
    std::string display_name = {};         ///< In From and To; "": none.
    std::vector<std::string> routes = {};  ///< Route values in order; the first is the next hop (RFC 3261 §10.2: an outbound proxy).
    std::string headers = {};              ///< Ready-made lines.
    Credentials credentials;
    std::chrono::seconds expires{600};
    base::Duration retry_after = std::chrono::seconds(5);     ///< After the first failure; twice as long after each more,
    base::Duration longest_retry = std::chrono::minutes(30);  ///< up to this. Half of it is left to chance (RFC 5626 §4.5).
    std::string instance = {};                                ///< "urn:uuid:…" of this phone for all its life; "": neither outbound nor GRUU.
    std::uint32_t reg_id = 1;                                 ///< Which of the instance's flows this is.
    KeepAlive keep_alive = KeepAlive::WhenAgreed;
  };

  RegisterClient(UserAgent& user_agent, Options options, Observer& observer);
  ~RegisterClient() override;
  RegisterClient(const RegisterClient&) = delete;
  RegisterClient& operator=(const RegisterClient&) = delete;

  void start();
  /// Removes the binding; `on_unregistered` follows, also when the registrar does not answer.
  void stop();
  [[nodiscard]] bool registered() const noexcept { return registered_; }

  /// What requests of this account are to take as their Route set (RFC 3608 §5).
  [[nodiscard]] const std::vector<std::string>& service_route() const noexcept;
  /// "sip:alice@example.com;gr=urn:uuid:…", or "" (RFC 5627 §4.1): what `UserAgent::contact` takes in place of a user. The temporary one is the latest.
  [[nodiscard]] const std::string& public_gruu() const noexcept;
  [[nodiscard]] const std::string& temporary_gruu() const noexcept;

 private:
  /// What a plain registrar says nothing of.
  struct Learned {
    Learned(RegisterClient& client, base::Timers& timers)
        : keep_alive(timers, base::Callback::to<&RegisterClient::keep_alive>(client)),
          silence(timers, base::Callback::to<&RegisterClient::on_silence>(client)) {}

    std::vector<std::string> service_route;
    std::string public_gruu;
    std::string temporary_gruu;
    Flow flow;
    std::chrono::seconds flow_timer{0};  ///< 0: the registrar keeps no flow.
    base::Timer keep_alive;
    base::Timer silence;                        ///< For the answer to a keep-alive, or to send STUN's once more.
    StunTransaction transaction{};              ///< While `silence` is pending, over UDP.
    unsigned sendings = 0;                      ///< Of that.
    std::optional<base::SocketAddress> mapped;  ///< What the registrar saw as our address over UDP.
  };

  void on_response(ClientRequest& request, const Message& response) override;
  void on_failure(ClientRequest& request, int status, std::string_view reason) override;
  void on_flow_failed() override;
  void on_pong() override;
  void on_stun_answer(const base::SocketAddress& remote, const StunAnswer& answer) override;
  void fail(int status, std::string_view reason, base::Duration retry_after);
  [[nodiscard]] base::Duration back_off();
  void learn(const Message& response);
  void learn_gruus(const NameAddr& contact);
  void keep_flow(const Message& response);
  void keep_alive();
  void start_keep_alive();
  void send_stun();
  void on_silence();
  void on_alive();
  void give_up_flow(std::string_view reason);
  void forget_flow();
  void send(std::chrono::seconds expires);
  void refresh();
  void on_success(const Message& response);
  [[nodiscard]] std::optional<NameAddr> own_contact(const Message& response) const;
  [[nodiscard]] std::chrono::seconds granted(const Message& response) const;

  UserAgent& user_agent_;
  Options options_;
  Observer& observer_;
  DigestClient digest_;
  std::string call_id_;
  std::string tag_;
  std::uint32_t cseq_ = 0;
  std::unique_ptr<ClientRequest> request_;
  std::unique_ptr<Learned> learned_;
  base::Timer refresh_;
  unsigned failures_ = 0;  ///< In a row.
  bool registered_ = false;
  bool stopping_ = false;
};

}  // namespace callwright::sip
