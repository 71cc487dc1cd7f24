#include "verify/run/human_lines.hpp"

#include "verify/run/duration_text.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <utility>

namespace callwright::verify {
namespace {

using Line = std::optional<HumanLine>;

/// The words of a kind of action; its detail follows behind a blank.
constexpr std::array<std::pair<std::string_view, std::string_view>, 10> kActions{{
    {"dial", "dials"},
    {"accept", "accepts"},
    {"hangup", "hangs up"},
    {"hold", "holds"},
    {"resume", "resumes"},
    {"mute", "toggles mute"},
    {"dtmf-start", "sending DTMF"},
    {"dtmf-done", "sent DTMF"},
    {"header", "set header"},
    {"send-audio", "sends"},
}};

Line agent_started(const RunEvent& event, Verbosity) {
  const std::string_view aor = event.text("aor");
  return HumanLine{fmt::format("{}: starting ({}{})", event.text("name"), aor.starts_with("sip") ? "" : "sip:", aor)};
}

Line action(const RunEvent& event, Verbosity) {
  const std::string_view kind = event.text("kind");
  const auto* const words = std::find_if(kActions.begin(), kActions.end(), [kind](const auto& entry) { return entry.first == kind; });
  const std::string detail = shown(event.find("detail"));
  std::string text = fmt::format("{}: {}{}{}", event.text("agent"), words == kActions.end() ? kind : words->second, detail.empty() ? "" : " ", detail);
  if (const std::string error = shown(event.find("error")); !error.empty()) {
    return HumanLine{fmt::format("{}: ✗ {}", text, error), Tone::Bad};
  }
  return HumanLine{std::move(text)};
}

Line wait(const RunEvent& event, Verbosity) { return HumanLine{fmt::format("wait {}s", shown(event.find("seconds")))}; }

Line until(const RunEvent& event, Verbosity verbosity) {
  // A failure is told by the assertion in it.
  if (verbosity < Verbosity::Detail) {
    return std::nullopt;
  }
  const auto checks = static_cast<std::size_t>(event.number("evaluations").value_or(0));
  return HumanLine{fmt::format("until: {} after {} ({})", event.flag("passed") ? "✓" : "✗", duration_text(event.number("duration_ms").value_or(0)),
                               counted(checks, "check")),
                   Tone::Faint};
}

Line assertion(const RunEvent& event, Verbosity verbosity) {
  const bool ok = event.flag("ok");
  const std::string_view label = event.text("label");
  std::string text = fmt::format("{}{}{} expect {}", label, label.empty() ? "" : ": ", ok ? "✓" : "✗", shown(event.find("expect")));
  if ((!ok || verbosity >= Verbosity::Detail) && event.find("actual") != nullptr) {
    text += fmt::format(" — actual: {}", shown(event.find("actual")));
  }
  return HumanLine{std::move(text), ok ? Tone::Good : Tone::Bad};
}

Line log(const RunEvent& event, Verbosity verbosity) {
  const std::string_view level = event.text("level");
  const std::string message = shown(event.find("message"));
  if (level == "debug") {
    return verbosity >= Verbosity::Detail ? Line(HumanLine{message, Tone::Faint}) : std::nullopt;
  }
  if (level == "warn" || level == "error") {
    return HumanLine{fmt::format("{}: {}", level == "warn" ? "warning" : "error", message), level == "warn" ? Tone::Warning : Tone::Bad};
  }
  return HumanLine{message};
}

Line http(const RunEvent& event, Verbosity) {
  const std::string request = fmt::format("HTTP {} {}", event.text("method"), event.text("url"));
  if (const std::string error = shown(event.find("error")); !error.empty()) {
    return HumanLine{fmt::format("{} ✗ {}", request, error), Tone::Bad};
  }
  return HumanLine{fmt::format("{} → {}", request, shown(event.find("status")))};
}

Line mock_request(const RunEvent& event, Verbosity) {
  return HumanLine{fmt::format("mock ← {} {}{}", event.text("method"), event.text("path"), event.flag("matched") ? "" : " (no route → 404)")};
}

Line mock_error(const RunEvent& event, Verbosity) {
  return HumanLine{fmt::format("mock ← {} {} ✗ {}", event.text("method"), event.text("path"), shown(event.find("error"))), Tone::Bad};
}

Line metric(const RunEvent& event, Verbosity) {
  std::string text = fmt::format("{}: metrics: registered={}", event.text("agent"), event.flag("registered"));
  const auto mos = event.number("mos");
  const auto jitter = event.number("jitter_ms");
  const auto loss = event.number("packet_loss_pct");
  const auto round_trip = event.number("rtt_ms");
  text += mos ? fmt::format(", MOS {:.2f}", *mos) : "";
  text += jitter ? fmt::format(", jitter {:.1f}ms", *jitter) : "";
  text += loss ? fmt::format(", loss {:.1f}%", *loss) : "";
  text += round_trip ? fmt::format(", rtt {:.1f}ms", *round_trip) : "";
  return HumanLine{text + (mos || jitter || loss || round_trip ? "" : ", no call")};
}

Line state(const RunEvent& event, Verbosity verbosity) {
  if (verbosity < Verbosity::Detail) {
    return std::nullopt;
  }
  std::string text = fmt::format("{}: {}, {}", event.text("agent"), event.text("state"), event.flag("registered") ? "registered" : "not registered");
  const std::string reason = shown(event.find("reason"));
  return HumanLine{text + (reason.empty() ? "" : ", " + reason), Tone::Faint};
}

Line dtmf(const RunEvent& event, Verbosity verbosity) {
  if (verbosity < Verbosity::Detail) {
    return std::nullopt;
  }
  return HumanLine{fmt::format("{}: received DTMF {} ({}, {})", event.text("agent"), event.text("key"), duration_text(event.number("duration_ms").value_or(0)),
                               event.text("by")),
                   Tone::Faint};
}

Line media(const RunEvent& event, Verbosity verbosity) {
  if (verbosity < Verbosity::Detail) {
    return std::nullopt;
  }
  return HumanLine{fmt::format("{}: media {}/{}, {}, {}", event.text("agent"), event.text("codec"), shown(event.find("rate")), event.text("direction"),
                               event.text("encryption") == "none" ? "not encrypted" : event.text("encryption")),
                   Tone::Faint};
}

Line sip(const RunEvent& event, Verbosity verbosity) {
  if (verbosity < Verbosity::Wire) {
    return std::nullopt;
  }
  const std::string_view text = event.text("text");
  const bool sent = event.text("direction") == "sent";
  return HumanLine{fmt::format("{}: {} {} {} {}", event.text("agent"), sent ? "→" : "←", event.text(sent ? "destination" : "source"), event.text("transport"),
                               text.substr(0, text.find_first_of("\r\n"))),
                   Tone::Faint};
}

Line problem(const RunEvent& event, Verbosity) {
  const std::string suggestion = shown(event.find("suggestion"));
  return HumanLine{fmt::format("{}: {}{}{}", event.text("at"), shown(event.find("message")), suggestion.empty() ? "" : "; ", suggestion), Tone::Bad};
}

using Write = Line (*)(const RunEvent&, Verbosity);
constexpr std::array<std::pair<RunEventKind, Write>, 15> kWriters{{
    {RunEventKind::AgentStarted, agent_started},
    {RunEventKind::Action, action},
    {RunEventKind::Wait, wait},
    {RunEventKind::Until, until},
    {RunEventKind::Assertion, assertion},
    {RunEventKind::Log, log},
    {RunEventKind::Http, http},
    {RunEventKind::MockRequest, mock_request},
    {RunEventKind::MockError, mock_error},
    {RunEventKind::Metric, metric},
    {RunEventKind::State, state},
    {RunEventKind::Dtmf, dtmf},
    {RunEventKind::Media, media},
    {RunEventKind::Sip, sip},
    {RunEventKind::Problem, problem},
}};

}  // namespace

std::optional<HumanLine> human_line(const RunEvent& event, Verbosity verbosity) {
  const auto* const writer = std::find_if(kWriters.begin(), kWriters.end(), [&](const auto& entry) { return entry.first == event.kind(); });
  if (writer == kWriters.end()) {
    return std::nullopt;
  }
  Line line = writer->second(event, verbosity);
  if (verbosity == Verbosity::Quiet && line && line->tone != Tone::Bad) {
    return std::nullopt;
  }
  return line;
}

std::string clock_of(std::string_view ts) {
  constexpr std::size_t kDate = 11;   // "2026-03-01T"
  constexpr std::size_t kClock = 12;  // "12:34:56.789"
  return ts.size() < kDate + kClock ? std::string("--:--:--.---") : std::string(ts.substr(kDate, kClock));
}

}  // namespace callwright::verify
