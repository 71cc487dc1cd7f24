#pragma once

#include "sip/client_request.hpp"

#include <memory>
#include <string>
#include <string_view>

namespace callwright::sip {

/// Keeps one address of record registered (RFC 3261 §10.2): refreshes before the binding expires, tries again after failures.
class RegisterClient final : private ClientRequest::User {
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

  struct Options {
    std::string address_of_record;  ///< "sip:alice@example.com"
    std::string registrar;          ///< "sip:192.0.2.1:5060;transport=tcp"
    std::string contact_user;
    Credentials credentials;
    std::chrono::seconds expires{600};
    base::Duration retry_after = std::chrono::seconds(5);
  };

  RegisterClient(UserAgent& user_agent, Options options, Observer& observer);

  void start();
  /// Removes the binding; `on_unregistered` follows, also when the registrar does not answer.
  void stop();
  [[nodiscard]] bool registered() const noexcept { return registered_; }

 private:
  void on_response(ClientRequest& request, const Message& response) override;
  void on_failure(ClientRequest& request, int status, std::string_view reason) override;
  void fail(int status, std::string_view reason, base::Duration retry_after);
  void send(std::chrono::seconds expires);
  void refresh();
  void on_success(const Message& response);
  [[nodiscard]] std::chrono::seconds granted(const Message& response) const;

  UserAgent& user_agent_;
  Options options_;
  Observer& observer_;
  DigestClient digest_;
  std::string call_id_;
  std::string tag_;
  std::uint32_t cseq_ = 0;
  std::unique_ptr<ClientRequest> request_;
  base::Timer refresh_;
  bool registered_ = false;
  bool stopping_ = false;
};

}  // namespace callwright::sip
