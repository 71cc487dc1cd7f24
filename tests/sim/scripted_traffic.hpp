#pragma once

#include "base/random.hpp"
#include "sim/raw_peer.hpp"
#include "sim/simulated_network.hpp"
#include "sip/digest.hpp"

#include <array>
#include <functional>
#include <memory>
#include <string>
#include <string_view>

namespace callwright::simulation {

/// Any text as what two peers, "alice" and "bob", send to one node, and as the passing of time: what a fuzzer gives to a whole engine.
///
/// Steps are separated by '|'. The first character of a step says what is done, the second ('0' and up) with what, the rest is text: header lines, an
/// empty line, a body. What belongs together on the wire (branch, tags, Call-ID, CSeq) is filled in, so that mutated text gets deep into the engine.
///
///     w4            time passes: 1 ms, 10 ms, 100 ms, 500 ms, 1 s, 4 s, 10 s, 40 s, 200 s or 1800 s
///     i0…           a request outside dialogs: INVITE, OPTIONS, REGISTER, SUBSCRIBE, MESSAGE, REFER, NOTIFY, PUBLISH, INFO, UPDATE, BYE, PRACK, CANCEL
///     d2…           a request of the peer's latest dialog: ACK, CANCEL, BYE, INVITE, UPDATE, PRACK, REFER, NOTIFY, INFO, MESSAGE, OPTIONS
///     r3…           a response to the latest request that the peer got: 100, 180, 183, 200, 202, 302, 401, 407, 408, 422, 423, 481, 486, 487, 491, 500, 503,
///     600 R1…           200 for the request before that, and so on a             the latest request again, with an answer to the latest challenge m … any
///     bytes; $b, $c, $t and $f stand for the latest branch, Call-ID and tags e             the peer's address turns out to be dead t1, p1        the transport
///     from now on; which peer acts from now on x0…           something that the tested application does
class ScriptedTraffic {
 public:
  using Application = std::function<void(std::size_t choice, std::string_view text)>;

  /// `target` is at 192.0.2.1. The peers' passwords are "secret of alice" and "secret of bob".
  ScriptedTraffic(SimulatedNetwork& network, Node& target, sip::TransportUser& user, Application application);

  /// Returns the number of steps; ends early after 300 steps or two hours.
  std::size_t run(std::string_view script);

 private:
  struct Dialog {
    std::string call_id;
    std::string local_tag;
    std::string remote_tag;
    std::string invite_branch;
    unsigned cseq = 0;
    unsigned invite_cseq = 0;
    unsigned rseq = 0;
    bool theirs = false;  ///< The target's INVITE made it.
  };
  struct Request {
    std::string method;
    std::string text;
    std::string branch;
    std::string to_tag;
    std::string authorization;
    unsigned cseq = 0;
  };
  struct Peer {
    std::unique_ptr<RawPeer> raw;
    std::string name;
    std::unique_ptr<sip::DigestClient> digest;
    Dialog dialog;
    Request latest;
    std::size_t seen = 0;
    std::string challenge;
  };

  void step(std::string_view text);
  void pass(std::size_t choice);
  void look();
  void look(Peer& peer, const std::string& message);
  void request_outside(std::size_t choice, std::string_view text);
  void request_inside(std::size_t choice, std::string_view text);
  void respond(std::size_t choice, std::string_view text, std::size_t back);
  void answer_challenge();
  void send_raw(std::string_view text);
  void send(const Request& request);
  [[nodiscard]] std::string contact() const;
  [[nodiscard]] std::string next(std::string_view prefix) { return std::string(prefix) + std::to_string(++counter_); }

  SimulatedNetwork& network_;
  Node& target_;
  sip::TransportUser& user_;
  Application application_;
  base::DeterministicRandom random_{1};
  std::array<Peer, 2> peers_;
  Peer* peer_;
  sip::Transport transport_ = sip::Transport::Udp;
  base::TimePoint end_;
  unsigned counter_ = 0;
};

}  // namespace callwright::simulation
