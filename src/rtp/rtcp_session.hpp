#pragma once

#include "rtp/rtcp.hpp"
#include "rtp/sender.hpp"

#include <array>
#include <memory>
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

  /// From now on every report carries an extended one too (RFC 3611): the reference time while nothing is sent, answers to the partner's, and what
  /// `set_voip_metrics` says. Without it, extended reports are only read. Where it was agreed on (`a=rtcp-xr`).
  void send_extended_reports();
  /// For the next reports; the SSRC is set here. Does nothing before `send_extended_reports`.
  void set_voip_metrics(const VoipMetrics& metrics);

  enum class Received { Nothing, Bye };
  /// Takes in a datagram that came from the partner of `receiver`. Bye: its source has left. Errors: what `parse_rtcp` says.
  base::Result<Received> receive(Bytes datagram, const Sender& sender, const Receiver& receiver, base::TimePoint now);

  /// What the partner's last report says of our packets; none before it.
  struct Remote {
    double fraction_lost = 0;
    std::uint32_t jitter = 0;
    std::optional<base::Duration> round_trip;
    std::int32_t cumulative_lost = 0;  ///< Negative when more came than were sent (RFC 3550 §6.4.1).
  };
  [[nodiscard]] const std::optional<Remote>& remote() const noexcept { return remote_; }
  /// From report blocks, or from the partner's answers to our reference time; none before the first.
  [[nodiscard]] std::optional<base::Duration> round_trip() const noexcept {
    return remote_ && remote_->round_trip ? remote_->round_trip : extended_ ? extended_->round_trip : std::nullopt;
  }
  /// What the partner's last extended report says of how our stream arrives; null before it.
  [[nodiscard]] const VoipMetrics* remote_voip_metrics() const noexcept;
  [[nodiscard]] const std::string& remote_cname() const noexcept { return remote_cname_; }

 private:
  struct SentReport {
    std::uint32_t ntp_middle = 0;
    base::TimePoint at{};
  };

  /// Of extended reports; most sessions have none.
  struct Extended {
    bool sends = false;
    std::optional<VoipMetrics> local;
    std::optional<VoipMetrics> remote;
    std::optional<DlrrBlock> answer;  ///< To the partner's reference time, its delay still open.
    base::TimePoint asked_at{};
    std::optional<base::Duration> round_trip;
    SentReport asked;  ///< The last reference time of ours.
  };

  Extended& extended();
  void write_extended(const Sender& sender, const Receiver& receiver, base::TimePoint now, base::WallTime wall, Buffer& out);
  void take_extended(const ExtendedReport& report, const Sender& sender, base::TimePoint now);
  void write(const Sender& sender, Receiver& receiver, base::TimePoint now, base::WallTime wall, Buffer& out);
  void take_block(const ReportBlock& block, base::TimePoint now);
  [[nodiscard]] std::optional<base::Duration> round_trip_of(const ReportBlock& block, base::TimePoint now) const;

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
  std::unique_ptr<Extended> extended_;
};

}  // namespace callwright::rtp
