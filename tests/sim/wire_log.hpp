#pragma once

#include "sim/simulated_network.hpp"

#include <map>
#include <string>
#include <string_view>
#include <vector>

namespace callwright::simulation {

/// A message as it went over the wire.
struct WireMessage {
  base::Duration at{};  ///< Since the log began.
  std::string sender;   ///< The name given to the address, or the address.
  Packet::Fate fate = Packet::Fate::Delivered;
  std::string text;

  /// "INVITE" for a request, "200 INVITE" for a response.
  [[nodiscard]] std::string what() const;
  [[nodiscard]] std::string start_line() const;
  /// The value of the first header field of this name (as written, long form), or "".
  [[nodiscard]] std::string header(std::string_view name) const;
  /// The value of a parameter anywhere in a header's value: `tag`, `branch` …; "" when there is none.
  [[nodiscard]] std::string parameter(std::string_view header, std::string_view name) const;
  [[nodiscard]] std::string body() const;
};

/// Taps a network and keeps all messages, for a test to look at.
class WireLog {
 public:
  explicit WireLog(SimulatedNetwork& network);

  void name(const Node& node, std::string sender) { names_[node.address()] = std::move(sender); }
  /// Forgets what was seen so far; time goes on.
  void clear() { messages_.clear(); }

  [[nodiscard]] const std::vector<WireMessage>& messages() const noexcept { return messages_; }
  /// "a INVITE", "b 180 INVITE", …: who sent what, in order, lost messages included.
  [[nodiscard]] std::vector<std::string> flow() const;
  /// When "a INVITE" was sent, in order.
  [[nodiscard]] std::vector<std::chrono::milliseconds> times(std::string_view flow_entry) const;
  [[nodiscard]] std::size_t count(std::string_view flow_entry) const { return times(flow_entry).size(); }
  /// The `number`th "a INVITE", from 0. There must be one.
  [[nodiscard]] const WireMessage& find(std::string_view flow_entry, std::size_t number = 0) const;

 private:
  SimulatedNetwork& network_;
  base::TimePoint start_;
  std::map<base::SocketAddress, std::string> names_;
  std::vector<WireMessage> messages_;
};

/// What `WireLog::flow` calls a message.
[[nodiscard]] std::string what_is(std::string_view message);

}  // namespace callwright::simulation
