#include "rtp/rtcp_session.hpp"

#include <algorithm>

namespace callwright::rtp {
namespace {

std::uint32_t to_ntp_units(base::Duration duration) noexcept { return static_cast<std::uint32_t>(std::chrono::duration<double>(duration).count() * 65536.0); }

base::Duration from_ntp_units(std::uint32_t units) noexcept {
  return std::chrono::duration_cast<base::Duration>(std::chrono::duration<double>(units / 65536.0));
}

}  // namespace

void RtcpSession::start(base::TimePoint now) { next_report_ = now + rtcp_interval(random_, Interval::First); }

void RtcpSession::report(const Sender& sender, Receiver& receiver, base::TimePoint now, base::WallTime wall, Buffer& out) {
  write(sender, receiver, now, wall, out);
  next_report_ = now + rtcp_interval(random_, Interval::Regular);
}

void RtcpSession::bye(const Sender& sender, Receiver& receiver, base::TimePoint now, base::WallTime wall, Buffer& out) {
  write(sender, receiver, now, wall, out);
  write_rtcp(Bye{{sender.ssrc()}, {}}, out);
  next_report_.reset();
}

void RtcpSession::write(const Sender& sender, Receiver& receiver, base::TimePoint now, base::WallTime wall, Buffer& out) {
  std::vector<ReportBlock> blocks;
  if (const auto reception = receiver.report()) {
    blocks.push_back({*reception, last_sr_, last_sr_ == 0 ? 0 : to_ntp_units(now - last_sr_at_)});
  }
  if (sender.packets() > packets_at_report_before_) {
    SenderReport report{sender.ssrc(),
                        NtpTime::from(wall),
                        sender.timestamp_at(now),
                        static_cast<std::uint32_t>(sender.packets()),
                        static_cast<std::uint32_t>(sender.octets()),
                        std::move(blocks)};
    sent_[sent_count_++ % sent_.size()] = {report.ntp.middle(), now};
    write_rtcp(report, out);
  } else {
    write_rtcp(ReceiverReport{sender.ssrc(), std::move(blocks)}, out);
  }
  packets_at_report_before_ = packets_at_last_report_;
  packets_at_last_report_ = sender.packets();
  write_rtcp(SourceDescription{sender.ssrc(), cname_}, out);
  if (extended_ && extended_->sends) {
    write_extended(sender, receiver, now, wall, out);
  }
}

RtcpSession::Extended& RtcpSession::extended() {
  if (!extended_) {
    extended_ = std::make_unique<Extended>();
  }
  return *extended_;
}

void RtcpSession::send_extended_reports() { extended().sends = true; }

void RtcpSession::set_voip_metrics(const VoipMetrics& metrics) {
  if (extended_) {
    extended_->local = metrics;
  }
}

const VoipMetrics* RtcpSession::remote_voip_metrics() const noexcept { return extended_ && extended_->remote ? &*extended_->remote : nullptr; }

void RtcpSession::write_extended(const Sender& sender, const Receiver& receiver, base::TimePoint now, base::WallTime wall, Buffer& out) {
  ExtendedReport report;
  report.ssrc = sender.ssrc();
  if (sender.packets() == 0) {
    const NtpTime time = NtpTime::from(wall);
    report.reference_time = time.value;
    extended_->asked = {time.middle(), now};
  }
  if (extended_->answer) {
    report.dlrr.push_back(*extended_->answer);
    report.dlrr.back().delay_since_last_rr = to_ntp_units(now - extended_->asked_at);
  }
  if (extended_->local && receiver.ssrc()) {
    report.voip.push_back(*extended_->local);
    report.voip.back().ssrc = *receiver.ssrc();
  }
  if (report.reference_time || !report.dlrr.empty() || !report.voip.empty()) {
    write_rtcp(report, out);
  }
}

void RtcpSession::take_extended(const ExtendedReport& report, const Sender& sender, base::TimePoint now) {
  Extended& state = extended();
  if (report.reference_time) {
    state.answer = DlrrBlock{report.ssrc, NtpTime{*report.reference_time}.middle(), 0};
    state.asked_at = now;
  }
  for (const DlrrBlock& block : report.dlrr) {
    if (block.ssrc == sender.ssrc() && block.last_rr != 0 && block.last_rr == state.asked.ntp_middle) {
      state.round_trip = std::max(base::Duration::zero(), now - state.asked.at - from_ntp_units(block.delay_since_last_rr));
    }
  }
  for (const VoipMetrics& metrics : report.voip) {
    if (metrics.ssrc == sender.ssrc()) {
      state.remote = metrics;
    }
  }
}

base::Result<RtcpSession::Received> RtcpSession::receive(Bytes datagram, const Sender& sender, const Receiver& receiver, base::TimePoint now) {
  const auto packets = parse_rtcp(datagram);
  if (!packets) {
    return packets.error();
  }
  Received received = Received::Nothing;
  const auto take_blocks = [&](const std::vector<ReportBlock>& blocks) {
    for (const ReportBlock& block : blocks) {
      if (block.reception.ssrc == sender.ssrc()) {
        take_block(block, now);
      }
    }
  };
  for (const RtcpPacket& packet : *packets) {
    if (const auto* sender_report = std::get_if<SenderReport>(&packet)) {
      last_sr_ = sender_report->ntp.middle();
      last_sr_at_ = now;
      take_blocks(sender_report->blocks);
    } else if (const auto* receiver_report = std::get_if<ReceiverReport>(&packet)) {
      take_blocks(receiver_report->blocks);
    } else if (const auto* description = std::get_if<SourceDescription>(&packet)) {
      remote_cname_ = description->cname;
    } else if (const auto* extended_report = std::get_if<ExtendedReport>(&packet)) {
      take_extended(*extended_report, sender, now);
    } else if (const auto* bye = std::get_if<Bye>(&packet)) {
      const auto& sources = bye->sources;
      if (receiver.ssrc() && std::find(sources.begin(), sources.end(), *receiver.ssrc()) != sources.end()) {
        received = Received::Bye;
      }
    }
  }
  return received;
}

void RtcpSession::take_block(const ReportBlock& block, base::TimePoint now) {
  Remote remote{block.reception.fraction_lost / 256.0, block.reception.jitter, round_trip_of(block, now), block.reception.cumulative_lost};
  if (!remote.round_trip && remote_) {
    remote.round_trip = remote_->round_trip;
  }
  remote_ = remote;
}

/// RFC 3550 §6.4.1, with our own clock's reading of when that report went out.
std::optional<base::Duration> RtcpSession::round_trip_of(const ReportBlock& block, base::TimePoint now) const {
  const std::size_t known = std::min(sent_count_, sent_.size());
  const auto end = sent_.begin() + static_cast<std::ptrdiff_t>(known);
  const auto found = std::find_if(sent_.begin(), end, [&](const SentReport& report) { return report.ntp_middle == block.last_sr; });
  if (block.last_sr == 0 || found == end) {
    return std::nullopt;
  }
  return std::max(base::Duration::zero(), now - found->at - from_ntp_units(block.delay_since_last_sr));
}

}  // namespace callwright::rtp
