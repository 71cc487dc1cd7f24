#pragma once

#include "base/clock.hpp"
#include "base/random.hpp"
#include "base/stun.hpp"
#include "media/media_port.hpp"
#include "media/packet_path.hpp"

#include <array>
#include <optional>
#include <string_view>

namespace callwright::media {

/// Asks a STUN server from both ports of a stream what a NAT makes of them (RFC 8489), and keeps those mappings afterwards. Time goes in, datagrams and one
/// event come out.
class AddressProbe {
 public:
  /// RFC 8489 §6.2.1 lets it go on for 40 s; nobody waits so long for a call to begin.
  static constexpr std::chrono::milliseconds kFirstWait{500};
  static constexpr unsigned kRequests = 4;  ///< At 0, 500, 1500 and 3500 ms.
  static constexpr std::chrono::seconds kPatience{5};
  static constexpr std::chrono::seconds kKeepAlive{20};

  class Output {
   public:
    virtual void send_to_stun_server(Port port, const base::SocketAddress& server, std::string_view datagram) = 0;

   protected:
    ~Output() = default;
  };

  /// `random` has to be unpredictable, so that nobody answers who has not seen the request.
  AddressProbe(const base::SocketAddress& server, base::Random& random, base::TimePoint now);

  using Outcome = std::variant<std::monostate, AddressLearned, AddressUnknown>;
  /// To be called on every tick. The outcome, once.
  [[nodiscard]] Outcome tick(base::TimePoint now, Output& output);
  /// True: the datagram was for the probe, and for nobody else.
  [[nodiscard]] bool receive(Port port, const base::SocketAddress& from, std::string_view datagram);

 private:
  struct Question {
    base::StunTransaction transaction{};
    unsigned sent = 0;
    std::optional<base::SocketAddress> mapped;
    bool refused = false;
    [[nodiscard]] bool open() const noexcept { return !mapped && !refused; }
  };
  void ask(base::TimePoint now, Output& output);
  void keep_alive(base::TimePoint now, Output& output);
  [[nodiscard]] Outcome outcome() const;

  base::SocketAddress server_;
  base::Random& random_;
  base::TimePoint started_;
  base::TimePoint next_keep_alive_{};
  std::array<Question, 2> questions_;  ///< By Port.
  bool told_ = false;
};

}  // namespace callwright::media
