#pragma once

#include "rtp/rtcp.hpp"
#include "rtp/sender.hpp"

#include <array>
#include <optional>
#include <string>

namespace callwright::rtp {

/// The RTCP of one stream with one partner: when to report, what to report, what the partner's reports mean.
class RtcpSession {
 public:
  RtcpSession(std::string cname, base::Random& random) : cname_(std::move(cname)), random_(random) {}

  /// Reports are due from here on.
  void start(base::TimePoint now);
  [[nodiscard]] bool due(base::TimePoint now) const noexcept { return next_report_ && now >= *next_report_; }

  /// Appends SR or RR (SR when packets went out since the report before the last one, RFC 3550 §6.4), and SDES; plans the next one.
  void report(const Sender& sender, Receiver& receiver, base::TimePoint now, base::WallTime wall, Buffer& out);
  /// The same and a BYE; no report is due any more.
  void bye(const Sender& sender, Receiver& receiver, base::TimePoint now, base::WallTime wall, Buffer& out);

  enum class Received { Nothing, Bye };
  /// Takes in a datagram that came from the partner of `receiver`. Bye: its source has left. Errors: what `parse_rtcp` says.
  base::Result<Received> receive(Bytes datagram, const Sender& sender, const Receiver& receiver, base::TimePoint now);

  /// What the partner's last report says of our packets; none before it.
  struct Remote {
    double fraction_lost = 0;
    std::uint32_t jitter = 0;
    std::optional<base::Duration> round_trip;
  };
  [[nodiscard]] const std::optional<Remote>& remote() const noexcept { return remote_; }
  [[nodiscard]] const std::string& remote_cname() const noexcept { return remote_cname_; }

 private:
  struct SentReport {
    std::uint32_t ntp_middle = 0;
    base::TimePoint at{};
  };

  void write(const Sender& sender, Receiver& receiver, base::TimePoint now, base::WallTime wall, Buffer& out);
  void take_block(const ReportBlock& block, base::TimePoint now);
  [[nodiscard]] std::optional<base::Duration> round_trip(const ReportBlock& block, base::TimePoint now) const;

  std::string cname_;
  base::Random& random_;
  std::optional<base::TimePoint> next_report_;
  std::uint64_t packets_at_last_report_ = 0;
  std::uint64_t packets_at_report_before_ = 0;
  std::array<SentReport, 8> sent_{};  ///< The last sender reports, for the round trip without the wall clock's jumps.
  std::size_t sent_count_ = 0;
  std::uint32_t last_sr_ = 0;
  base::TimePoint last_sr_at_{};
  std::optional<Remote> remote_;
  std::string remote_cname_;
};

}  // namespace callwright::rtp
