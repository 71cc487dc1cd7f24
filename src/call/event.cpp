#include "call/event.hpp"

#include <fmt/format.h>

namespace callwright::call {
namespace {

using base::log::Field;
using base::log::Level;
using base::log::write;

struct LogLine {
  const Event& event;

  void operator()(const Registered& what) const { line("registered", {"expires_s", what.expires.count()}); }
  void operator()(const Unregistered& /*what*/) const { line("unregistered"); }
  void operator()(const RegistrationFailed& what) const { line("registration failed", {"status", what.status}, {"reason", what.reason}); }
  void operator()(const CallStarted& what) const { line("call started", {"from", what.from}, {"to", what.to}); }
  void operator()(const CallOffered& /*what*/) const { line("call offered to the API"); }
  void operator()(const CallRinging& /*what*/) const { line("call ringing"); }
  void operator()(const CallAnswered& /*what*/) const { line("call answered"); }
  void operator()(const CallReplaced& what) const { line("call replaced", {"by", what.by}); }
  void operator()(const ContactChanged& what) const {
    static constexpr const char* kNow[] = {"phone does not answer OPTIONS", "phone answers OPTIONS again", "phone registered", "phone unregistered"};
    line(kNow[static_cast<std::size_t>(what.now)], {"user", what.user}, {"contact", what.contact});
  }
  void operator()(const CallHeld& what) const { line("call held", {"caller", what.caller}, {"callee", what.callee}); }
  void operator()(const CallLinked& what) const { line("call linked", {"other", what.other}); }
  void operator()(const CallEnded& what) const { line("call ended", {"status", what.status}, {"reason", what.reason}); }
  void operator()(const AudioHeard& what) const { line("audio heard", {"frequency_hz", what.frequency_hz}, {"level_dbov", what.level_dbov}); }
  void operator()(const MediaAgreed& what) const {
    line("media agreed", {"codec", what.negotiated->codec.name}, {"encrypted", !std::holds_alternative<std::monostate>(what.negotiated->security)});
  }
  void operator()(const MediaSecured& /*what*/) const { line("media secured"); }
  void operator()(const SoundPlayed& /*what*/) const { line("sound played"); }
  void operator()(const MediaEnded& what) const {
    const media::StreamStatistics& counted = *what.statistics;
    line("media ended", Field("leg", what.leg), Field("party", what.party), Field("codec", what.codec), Field("packets_sent", counted.packets_sent),
         Field("packets_received", counted.packets_received), Field("lost", counted.lost), Field("late", counted.late),
         Field("jitter_ms", milliseconds(counted.jitter)), Field("concealed_ms", milliseconds(counted.concealed)),
         Field("round_trip_ms", counted.round_trip ? milliseconds(*counted.round_trip) : "unknown"), Field("received_mos", mos(counted.received_quality)),
         Field("sent_mos", mos(counted.sent_quality)));
  }
  void operator()(const MediaFailed& what) const { line("media failed", {"reason", what.reason}); }
  void operator()(const CallRecorded& what) const {
    for (const std::string& path : what.paths) {
      line("call recorded", {"path", path}, {"seconds", std::chrono::duration<double>(what.duration).count()});
    }
  }
  void operator()(const PartnerSilent& what) const { line("nothing is heard of the other side any more", {"since_last_s", seconds(what.since_last)}); }
  void operator()(const PartnerBack& what) const { line("the other side is heard again", {"silence_s", seconds(what.silence)}); }
  void operator()(const KeyPressed& /*what*/) const { line("key pressed"); }
  void operator()(const KeysFailed& what) const { line("keys could not be pressed", {"reason", what.reason}); }
  void operator()(const Renegotiated& what) const { line("media renegotiated", {"status", what.status}, {"codec", what.codec}); }
  void operator()(const TransferRequested& what) const { line("transfer requested", {"refer_to", what.refer_to}, {"referred_by", what.referred_by}); }
  void operator()(const TransferProgress& what) const { line("transfer progress", {"status", what.status}, {"reason", what.reason}); }
  void operator()(const TextReceived& /*what*/) const { line("text received"); }
  void operator()(const MediaMeasured& /*what*/) const {}
  void operator()(const MediaFlows& /*what*/) const { line("media flows"); }
  void operator()(const AddressUnknown& what) const {
    write(Level::Warn, "the public address of the media is not known", {{"agent", event.agent}, {"call_id", event.call_id}, {"reason", what.reason}});
  }
  void operator()(const SourceBanned& what) const {
    write(Level::Info, "source banned; list it in sip.unlimited_sources if it may send so many requests",
          {{"source", what.source.to_string()}, {"seconds", what.duration.count()}});
  }
  void operator()(const SourceUnbanned& what) const { write(Level::Info, "source no longer banned", {{"source", what.source.to_string()}}); }
  void operator()(const SipMessage& what) const {
    write(Level::Trace, what.direction == sip::TraceSink::Direction::Sent ? "sip sent" : "sip received",
          {{"remote", what.flow.remote.to_string()}, {"message", what.text}});
  }

  static std::int64_t seconds(base::Duration duration) { return std::chrono::duration_cast<std::chrono::seconds>(duration).count(); }

  static std::string milliseconds(base::Duration duration) { return fmt::format("{:.1f}", std::chrono::duration<double, std::milli>(duration).count()); }
  static std::string mos(const std::optional<media::Quality>& quality) { return quality ? fmt::format("{:.2f}", quality->mos) : "unknown"; }

  template <class... Fields>
  void line(std::string_view message, const Fields&... fields) const {
    write(Level::Info, message, {Field("agent", event.agent.empty() ? "exchange" : event.agent), Field("call_id", event.call_id), fields...});
  }
  void line(std::string_view message, const Field& first, const Field& second) const { line<Field, Field>(message, first, second); }
  void line(std::string_view message, const Field& only) const { line<Field>(message, only); }
};

}  // namespace

void LogEventSink::on_event(const Event& event) {
  // Asked before the texts of a line are made, which is for every call.
  if (base::log::enabled(std::holds_alternative<SipMessage>(event.what) ? Level::Trace : Level::Info)) {
    std::visit(LogLine{event}, event.what);
  }
}

}  // namespace callwright::call
