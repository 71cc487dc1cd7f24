#include "app/script_events.hpp"

#include <array>
#include <chrono>
#include <string>
#include <utility>
#include <variant>

namespace callwright::app {
namespace {

namespace json = boost::json;

double milliseconds(base::Duration duration) { return std::chrono::duration<double, std::milli>(duration).count(); }

std::string_view encryption_of(const sdp::Security& security) {
  constexpr std::array<std::string_view, 3> kNames{"none", "sdes", "dtls"};
  static_assert(std::variant_size_v<sdp::Security> == kNames.size());
  return kNames[security.index()];
}

/// Which members an event has; one that is not here is no concern of scripts.
struct Members {
  json::object& out;

  void named(std::string_view type) const { out["type"] = type; }

  void operator()(const call::Registered& what) const {
    named("registered");
    out["expires"] = what.expires.count();
  }
  void operator()(const call::Unregistered& /*what*/) const { named("unregistered"); }
  void operator()(const call::RegistrationFailed& what) const {
    named("registration_failed");
    outcome(what.status, what.reason);
  }
  void operator()(const call::CallStarted& what) const {
    named("call");
    out["from_party"] = what.from;
    out["to_party"] = what.to;
    out["placed"] = what.placed == call::CallStarted::Placed::Here ? "here" : "there";
  }
  void operator()(const call::CallRinging& /*what*/) const { named("ringing"); }
  void operator()(const call::CallAnswered& /*what*/) const { named("answered"); }
  void operator()(const call::CallEnded& what) const {
    named("ended");
    outcome(what.status, what.reason);
    out["ended_by"] = call::to_string(what.by);
  }
  void operator()(const call::AudioHeard& what) const {
    named("heard");
    out["frequency_hz"] = what.frequency_hz;
    out["level_dbov"] = what.level_dbov;
    out["since_start_ms"] = milliseconds(what.since_start);
  }
  void operator()(const call::MediaAgreed& what) const {
    const sdp::Negotiated& agreed = *what.negotiated;
    named("agreed");
    out["codec"] = agreed.codec.name;
    out["rate"] = agreed.codec.clock_rate;
    out["direction"] = sdp::to_string(agreed.direction);
    out["held"] = agreed.held;
    out["encryption"] = encryption_of(agreed.security);
  }
  void operator()(const call::MediaFlows& what) const {
    named("flows");
    out["since_start_ms"] = milliseconds(what.since_start);
  }
  void operator()(const call::MediaSecured& /*what*/) const { named("secured"); }
  void operator()(const call::SoundPlayed& /*what*/) const { named("played"); }
  void operator()(const call::MediaEnded& what) const {
    named("statistics");
    out["statistics"] = script_statistics(*what.statistics);
  }
  void operator()(const call::MediaFailed& what) const {
    named("media_failed");
    out["reason"] = what.reason;
  }
  void operator()(const call::AddressUnknown& what) const {
    named("address_unknown");
    out["reason"] = what.reason;
  }
  void operator()(const call::CallRecorded& what) const {
    named("recorded");
    out["paths"] = json::array(what.paths.begin(), what.paths.end());
  }
  void operator()(const call::PartnerSilent& what) const {
    named("silent");
    out["since_last_ms"] = milliseconds(what.since_last);
  }
  void operator()(const call::PartnerBack& what) const {
    named("back");
    out["silence_ms"] = milliseconds(what.silence);
  }
  void operator()(const call::KeyPressed& what) const {
    constexpr std::array<std::string_view, 3> kBy{"event", "sound", "info"};
    named("key");
    out["key"] = std::string(1, what.key);
    out["duration_ms"] = milliseconds(what.duration);
    out["by"] = kBy[static_cast<std::size_t>(what.by)];
  }
  void operator()(const call::KeysFailed& what) const {
    named("keys_failed");
    out["reason"] = what.reason;
  }
  void operator()(const call::Renegotiated& what) const {
    named("renegotiated");
    outcome(what.status, what.reason);
  }
  void operator()(const call::TransferRequested& what) const {
    named("transfer_requested");
    out["refer_to"] = what.refer_to;
    out["referred_by"] = what.referred_by;
  }
  void operator()(const call::TransferProgress& what) const {
    constexpr std::array<std::string_view, 3> kStages{"answered", "progress", "ended"};
    named("transfer");
    outcome(what.status, what.reason);
    out["stage"] = kStages[static_cast<std::size_t>(what.stage)];
  }
  void operator()(const call::TextReceived& what) const {
    named("text");
    out["from"] = what.from;
    out["content_type"] = what.content_type;
    out["body"] = what.body;
  }
  void operator()(const call::SipMessage& what) const {
    const bool sent = what.direction == sip::TraceSink::Direction::Sent;
    named("sip");
    out["direction"] = sent ? "sent" : "received";
    out["transport"] = sip::to_string(what.flow.transport);
    out["source"] = (sent ? what.flow.local : what.flow.remote).to_string();
    out["destination"] = (sent ? what.flow.remote : what.flow.local).to_string();
    out["text"] = what.text;
  }
  template <class Other>
  void operator()(const Other& /*what*/) const {}

  void outcome(int status, const std::string& reason) const {
    out["status"] = status;
    out["reason"] = reason;
  }
};

}  // namespace

json::object script_statistics(const media::StreamStatistics& statistics) {
  json::object out{{"packets_sent", statistics.packets_sent},
                   {"packets_received", statistics.packets_received},
                   {"lost", statistics.lost},
                   {"late", statistics.late},
                   {"duplicates", statistics.duplicates},
                   {"jitter_ms", milliseconds(statistics.jitter)},
                   {"concealed_ms", milliseconds(statistics.concealed)}};
  if (statistics.round_trip) {
    out["round_trip_ms"] = milliseconds(*statistics.round_trip);
  }
  if (statistics.remote_fraction_lost) {
    out["remote_lost_percent"] = *statistics.remote_fraction_lost * 100;
  }
  if (statistics.remote_lost && statistics.remote_jitter) {
    out["remote_lost"] = *statistics.remote_lost;
    out["remote_jitter_ms"] = milliseconds(*statistics.remote_jitter);
  }
  if (statistics.received_quality) {
    out["received_mos"] = statistics.received_quality->mos;
  }
  if (statistics.sent_quality) {
    out["sent_mos"] = statistics.sent_quality->mos;
  }
  return out;
}

std::optional<json::object> script_event(const call::Event& event) {
  json::object out;
  std::visit(Members{out}, event.what);
  if (out.empty()) {
    return std::nullopt;
  }
  out["time"] = std::chrono::duration<double, std::milli>(event.time.time_since_epoch()).count();
  if (!event.call_id.empty()) {
    out["call"] = event.call_id;
  }
  return out;
}

}  // namespace callwright::app
