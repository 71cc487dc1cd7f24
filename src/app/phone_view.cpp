#include "app/phone_view.hpp"

#include "server/call_api/json.hpp"

#include <fmt/format.h>

#include <chrono>
#include <utility>
#include <vector>

namespace callwright::app {
namespace {

struct Field {
  std::string name;
  std::string value;
  bool quoted = false;  ///< In JSON.
};
struct Line {
  std::string name;
  std::vector<Field> fields;

  Line& text(std::string field, std::string value) {
    fields.push_back({std::move(field), std::move(value), true});
    return *this;
  }
  template <class Number>
  Line& number(std::string field, Number value) {
    fields.push_back({std::move(field), fmt::format("{}", value), false});
    return *this;
  }
  Line& decimal(std::string field, double value) {
    fields.push_back({std::move(field), fmt::format("{:.2f}", value), false});
    return *this;
  }
  Line& milliseconds(std::string field, base::Duration value) { return decimal(std::move(field), std::chrono::duration<double, std::milli>(value).count()); }
};

struct Security {
  Line& line;

  void operator()(std::monostate /*none*/) const { line.text("security", "off"); }
  void operator()(const sdp::CryptoAgreement& keys) const { line.text("security", "sdes").text("suite", std::string(sdp::to_string(keys.local.suite))); }
  void operator()(const sdp::DtlsAgreement& /*dtls*/) const { line.text("security", "dtls"); }
};

std::string_view name_of(sdp::Direction direction) noexcept {
  switch (direction) {
    case sdp::Direction::SendRecv: return "sendrecv";
    case sdp::Direction::SendOnly: return "sendonly";
    case sdp::Direction::RecvOnly: return "recvonly";
    case sdp::Direction::Inactive: return "inactive";
  }
  return "";
}

/// Makes the line of an event; the name stays empty for those that are left out.
struct Describe {
  Line& line;

  void operator()(const call::Registered& what) const { named("registered").number("expires_s", what.expires.count()); }
  void operator()(const call::Unregistered& /*what*/) const { named("unregistered"); }
  void operator()(const call::RegistrationFailed& what) const { named("registration_failed").number("status", what.status).text("reason", what.reason); }
  void operator()(const call::CallStarted& what) const { named("call_started").text("from", what.from).text("to", what.to); }
  void operator()(const call::CallRinging& /*what*/) const { named("ringing"); }
  void operator()(const call::CallAnswered& /*what*/) const { named("answered"); }
  void operator()(const call::CallEnded& what) const { named("ended").number("status", what.status).text("reason", what.reason); }
  void operator()(const call::MediaAgreed& what) const {
    const sdp::Negotiated& agreed = *what.negotiated;
    named("media").text("codec", agreed.codec.name).number("clock_rate", agreed.codec.clock_rate);
    std::visit(Security{line}, agreed.security);
    line.text("direction", std::string(name_of(agreed.direction))).number("ice", agreed.ice.has_value()).text("remote", agreed.remote_rtp.to_string());
  }
  void operator()(const call::MediaSecured& /*what*/) const { named("secured"); }
  void operator()(const call::AudioHeard& what) const {
    named(what.frequency_hz == 0 ? "sound" : "tone");
    if (what.frequency_hz != 0) {
      line.decimal("frequency_hz", what.frequency_hz);
    }
    line.decimal("level_dbov", what.level_dbov).milliseconds("since_start_ms", what.since_start);
  }
  void operator()(const call::KeyPressed& what) const {
    named("key").text("key", std::string(1, what.key)).milliseconds("duration_ms", what.duration);
    constexpr const char* kWays[] = {"event", "sound", "info"};
    line.text("by", kWays[static_cast<std::size_t>(what.by)]);
  }
  void operator()(const call::KeysFailed& what) const { named("keys_failed").text("reason", what.reason); }
  void operator()(const call::Renegotiated& what) const { named("changed").number("status", what.status).text("reason", what.reason); }
  void operator()(const call::PartnerSilent& what) const { named("partner_silent").milliseconds("since_last_ms", what.since_last); }
  void operator()(const call::PartnerBack& what) const { named("partner_back").milliseconds("silence_ms", what.silence); }
  void operator()(const call::SoundPlayed& /*what*/) const { named("played"); }
  void operator()(const call::CallRecorded& what) const {
    named("recorded");
    for (const std::string& path : what.paths) {
      line.text("path", path);
    }
    line.milliseconds("duration_ms", what.duration);
  }
  void operator()(const call::MediaFailed& what) const { named("media_failed").text("reason", what.reason); }
  void operator()(const call::MediaEnded& what) const { add_statistics(*what.statistics); }
  template <class Other>
  void operator()(const Other& /*what*/) const {}

  Line& named(std::string name) const {
    line.name = std::move(name);
    return line;
  }

  void add_statistics(const media::StreamStatistics& statistics) const {
    named("statistics").number("packets_sent", statistics.packets_sent).number("packets_received", statistics.packets_received);
    line.number("lost", statistics.lost).number("late", statistics.late).number("refused", statistics.refused).number("duplicates", statistics.duplicates);
    line.number("unauthentic", statistics.unauthentic).number("strays", statistics.strays);
    line.milliseconds("jitter_ms", statistics.jitter).milliseconds("concealed_ms", statistics.concealed);
    if (statistics.round_trip) {
      line.milliseconds("round_trip_ms", *statistics.round_trip);
    }
    if (statistics.remote_fraction_lost) {
      line.decimal("remote_lost_percent", *statistics.remote_fraction_lost * 100);
    }
    if (statistics.remote_lost && statistics.remote_jitter) {
      line.number("remote_lost", *statistics.remote_lost).milliseconds("remote_jitter_ms", *statistics.remote_jitter);
    }
    if (statistics.received_quality) {
      line.decimal("received_mos", statistics.received_quality->mos);
    }
    if (statistics.sent_quality) {
      line.decimal("sent_mos", statistics.sent_quality->mos);
    }
  }
};

std::string to_text(const Line& line) {
  std::string text = line.name;
  for (const Field& field : line.fields) {
    text += "  " + field.name + "=" + field.value;
  }
  return text;
}

std::string to_json(const Line& line) {
  using server::call_api::append_json_string;
  std::string text = R"({"event":)";
  append_json_string(text, line.name);
  for (const Field& field : line.fields) {
    text += ',';
    append_json_string(text, field.name);
    text += ':';
    if (field.quoted) {
      append_json_string(text, field.value);
    } else {
      text += field.value;
    }
  }
  return text + "}";
}

std::optional<Line> line_of(const call::Event& event) {
  Line line;
  if (!event.call_id.empty()) {
    line.text("call", event.call_id);
  }
  std::visit(Describe{line}, event.what);
  return line.name.empty() ? std::nullopt : std::optional(std::move(line));
}

Line message_line(std::string_view name, std::string_view message) {
  Line line{std::string(name), {}};
  return std::move(line.text("message", std::string(message)));
}

}  // namespace

std::optional<std::string> phone_text(const call::Event& event) {
  const auto line = line_of(event);
  return line ? std::optional(to_text(*line)) : std::nullopt;
}

std::optional<std::string> phone_json(const call::Event& event) {
  const auto line = line_of(event);
  return line ? std::optional(to_json(*line)) : std::nullopt;
}

std::string phone_text(std::string_view name, std::string_view message) { return to_text(message_line(name, message)); }
std::string phone_json(std::string_view name, std::string_view message) { return to_json(message_line(name, message)); }

}  // namespace callwright::app
