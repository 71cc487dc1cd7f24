#pragma once

#include "sim/simulated_network.hpp"

#include <string>
#include <string_view>
#include <vector>

namespace callwright::simulation {

/// A peer that a test plays by hand: it keeps what it gets and sends what it is told to.
class RawPeer final : private sip::TransportUser {
 public:
  RawPeer(SimulatedNetwork& network, std::string_view address) : network_(network), node(network.add_node(address)) { node.attach(*this); }

  /// What a response adds to what the request determines.
  struct Reply {
    int status = 200;
    std::string_view to_tag = "peer";
    std::string_view headers = {};  ///< Ready-made lines.
    std::string_view body = {};
    std::string_view reason = "X";
  };
  /// Answers a request over the flow that it came by.
  void reply(const std::string& request, const Reply& reply);
  /// The bytes of that answer.
  [[nodiscard]] static std::string make_reply(const std::string& request, const Reply& reply);

  struct Request {
    std::string_view method = "OPTIONS";
    std::string_view uri = "sip:bob@192.0.2.2:5060";
    std::string_view via = "SIP/2.0/UDP 192.0.2.9:5060;branch=z9hG4bKraw;rport";
    std::string_view from_tag = "raw";
    std::string_view to_tag = {};
    std::string_view call_id = "raw-call";
    unsigned cseq = 1;
    std::string_view headers = {};  ///< Ready-made lines.
    std::string_view body = {};
  };
  [[nodiscard]] static std::string make_request(const Request& request);
  void send(const Node& to, std::string_view message, sip::Transport transport = sip::Transport::Udp) {
    network_.inject(node.address(), to.address(), message, transport);
  }

  /// Everything that arrived, in order.
  std::vector<std::string> received;
  std::vector<sip::Flow> flows;

  /// The latest message whose `what_is` this is; there must be one.
  [[nodiscard]] const std::string& latest(std::string_view what) const;
  [[nodiscard]] std::size_t count(std::string_view what) const;

 private:
  void on_message(const sip::Flow& flow, std::string_view bytes) override {
    flows.push_back(flow);
    received.emplace_back(bytes);
  }
  void on_transport_error(const sip::Flow& /*flow*/, const base::Error& /*error*/) override {}

  SimulatedNetwork& network_;

 public:
  Node& node;
};

/// The value of a header field, or of one of its parameters, in a message that a RawPeer got.
[[nodiscard]] std::string header_of(std::string_view message, std::string_view name);
[[nodiscard]] std::string parameter_of(std::string_view message, std::string_view header, std::string_view name);
/// All fields of that name, in order.
[[nodiscard]] std::vector<std::string> headers_of(std::string_view message, std::string_view name);

}  // namespace callwright::simulation
