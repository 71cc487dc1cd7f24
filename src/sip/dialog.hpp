#pragma once

#include "sip/client_request.hpp"
#include "sip/message.hpp"

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace callwright::sip {

/// The state that two user agents share (RFC 3261 §12). A value.
struct Dialog {
  std::string call_id;
  std::string local_tag;
  std::string remote_tag;
  std::string local;          ///< Our From (as caller) or To, without the tag.
  std::string remote;         ///< The peer's, without the tag.
  std::string remote_target;  ///< URI of the peer's Contact.
  std::vector<std::string> route_set;
  std::uint32_t local_cseq = 0;
  std::uint32_t remote_cseq = 0;

  /// As answerer, from the request that makes the dialog; `tag` is ours (§12.1.1).
  static Dialog answering(const Message& request, std::string tag);
  /// As caller: takes tag, target and route set of the response that makes the dialog (§12.1.2).
  void establish(const Message& response);
  /// §12.2: the Contact of a re-INVITE or its 2xx is the new target; the route set stays.
  void refresh_target(const Message& message);
  /// A request within the dialog, with routes as loose or strict routers need them (§12.2.1.1).
  [[nodiscard]] OutgoingRequest request(Method method) const;
};

/// The way by which the request that makes a dialog came is the way back where its Contact cannot be reached from here: behind NAT, by name, or over a
/// connection. Nothing: the dialog itself leads there.
[[nodiscard]] std::optional<Flow> way_back(const Dialog& dialog, const Flow& flow);
/// The field value of From or To without its tag parameter.
[[nodiscard]] std::string without_tag(std::string_view value, const NameAddr& parsed);

}  // namespace callwright::sip
