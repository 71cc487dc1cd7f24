#pragma once

#include "sip/client_request.hpp"
#include "sip/transport.hpp"

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

namespace callwright::sip {

class UserAgent;

/// The ACK of a 2xx (RFC 3261 §13.2.2.4). It is no transaction: it goes where the dialog's route set or target points, to the first server that its name
/// leads to (RFC 3263 §4), and is remembered, since each repeated 2xx asks for it again.
class SentAck {
 public:
  explicit SentAck(UserAgent& user_agent) : user_agent_(user_agent) {}
  SentAck(const SentAck&) = delete;
  SentAck& operator=(const SentAck&) = delete;

  /// `request` as the dialog makes it, with the answer as body if there is one; `invite` is what is acknowledged.
  void send(OutgoingRequest request, const ClientRequest& invite);
  /// Does nothing while the destination is still being looked up: the ACK follows.
  void repeat();

 private:
  void go_to(const Destination& destination, std::string_view host);
  void transmit();
  void write(const OutgoingRequest& request, std::uint32_t cseq, std::string_view authorization);

  UserAgent& user_agent_;
  Flow flow_;
  std::string text_;
  Locator::Ticket search_;  ///< While the destination is being looked up.
};

}  // namespace callwright::sip
