#pragma once

#include "call/routing.hpp"
#include "call/running_command.hpp"
#include "sip/client_request.hpp"

#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace callwright::call {

/// The command SendMessage: goes to all places where the user can be reached (RFC 3428); the first 2xx is a success, or the last refusal tells why not.
class TextSending final : public ActiveCall, public RunningCommand, private sip::ClientRequest::User {
 public:
  TextSending(Switchboard& switchboard, CommandId id, CommandObserver& observer) : switchboard_(switchboard), id_(id), observer_(observer) {}

  /// At least one target.
  void send(const SendMessage& message, const std::vector<Target>& targets);
  void hang_up() override { cancel("the server stops"); }

  // RunningCommand
  [[nodiscard]] CommandId id() const noexcept override { return id_; }
  void cancel(std::string_view why) override;

 private:
  struct Branch {
    std::uint32_t cseq = 0;
    std::optional<sip::DigestClient> digest;
    std::unique_ptr<sip::ClientRequest> request;
  };

  void on_response(sip::ClientRequest& request, const sip::Message& response) override;
  void on_failure(sip::ClientRequest& request, int status, std::string_view reason) override;
  void on_answer(int status, std::string_view reason);
  void end(std::string failure);

  Switchboard& switchboard_;
  const CommandId id_;
  CommandObserver& observer_;
  std::vector<std::unique_ptr<Branch>> branches_;
  std::size_t waiting_ = 0;
  bool over_ = false;
};

}  // namespace callwright::call
