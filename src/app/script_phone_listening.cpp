// What a script's phone is to hear in its calls.
#include "app/audio_check.hpp"
#include "app/json_arguments.hpp"
#include "app/script_phone.hpp"

#include <utility>

namespace callwright::app {
namespace {

namespace json = boost::json;
using base::Errc;
using base::Error;

constexpr std::chrono::milliseconds kListen{20};
/// Where it matters when something was heard.
constexpr std::chrono::milliseconds kPrecise{2};
/// Above this, what is heard is read with more samples a second.
constexpr double kNarrowbandHz = 3400;
constexpr double kWidebandHz = 7000;

constexpr audio::SampleRate rate_for(double hz) { return hz > kWidebandHz ? audio::kFullband : hz > kNarrowbandHz ? audio::kWideband : audio::kNarrowband; }

double milliseconds(base::Duration duration) { return std::chrono::duration<double, std::milli>(duration).count(); }

AudioCheck::Kind kind_of(const json::object& arguments) {
  const std::string kind = text_of(arguments, "kind");
  return kind == "silence" ? AudioCheck::Kind::Silence : kind == "speech" ? AudioCheck::Kind::Speech : AudioCheck::Kind::Tone;
}

std::chrono::milliseconds within_of(const json::object& arguments) { return std::chrono::milliseconds(number_of<std::int64_t>(arguments, "within_ms")); }

}  // namespace

audio::SampleRate script_own_rate(const sdp::Negotiated* negotiated) {
  return negotiated == nullptr              ? audio::kNarrowband
         : negotiated->codec.name == "G722" ? audio::kWideband  // Whose clock says otherwise (RFC 3551 §4.5.2).
                                            : audio::SampleRate{negotiated->codec.clock_rate};
}

base::Result<ScriptPhone::Ear*> ScriptPhone::ear_of(const json::object& arguments, audio::SampleRate rate, double highest_hz) {
  const auto call = call_of(arguments);
  if (!call) {
    return call.error();
  }
  Ear& ear = ears_[(*call)->call_id()];
  const bool used = !ear.checks.empty() || !ear.recognizers.empty();
  if (used && rate_for(highest_hz) > ear.rate) {
    return Error(Errc::WrongState, "it listens to something else that needs fewer samples; wait for that before");
  }
  if (ear.reader == nullptr || (ear.rate != rate && !used)) {
    ear.reader = std::make_shared<audio::LiveReader>(audio::LiveSinkOptions{.rate = rate});
    ear.rate = rate;
    ear.attached = (*call)->hear(ear.reader);
  }
  return &ear;
}

void ScriptPhone::hear(Ear& ear, const json::object& arguments, Check check) {
  ear.checks.emplace(number_of<std::int64_t>(arguments, "id"), std::move(check));
  go_on_listening();
}

void ScriptPhone::go_on_listening() {
  if (!listening_.pending()) {
    listening_.start(kListen);
  }
}

ScriptPhone::Outcome ScriptPhone::begin_check(const json::object& arguments) {
  const AudioCheck::Options options{.kind = kind_of(arguments), .frequency_hz = number_of<double>(arguments, "hz"), .within = within_of(arguments)};
  const auto ear = ear_of(arguments, rate_for(options.frequency_hz), options.frequency_hz);
  if (!ear) {
    return ear.error();
  }
  const auto check = std::make_shared<AudioCheck>(options, (*ear)->rate, world_.loop.clock().now());
  hear(**ear, arguments, [check](std::span<const audio::Sample> samples, base::TimePoint now) -> std::optional<json::object> {
    const auto outcome = check->hear(samples, now);
    return outcome ? std::optional(json::object{{"ok", outcome->ok}, {"score", outcome->score}, {"rms", outcome->rms}, {"samples", outcome->samples}})
                   : std::nullopt;
  });
  return json::object();
}

ScriptPhone::Outcome ScriptPhone::begin_report(const json::object& arguments, SoundReport::Reference reference) {
  const auto call = call_of(arguments);
  const auto ear = ear_of(arguments, call ? script_own_rate((*call)->negotiated()) : audio::kNarrowband, 0);
  if (!ear) {
    return ear.error();
  }
  const auto report = std::make_shared<SoundReport>(within_of(arguments), (*ear)->rate, world_.loop.clock().now(), std::move(reference));
  hear(**ear, arguments, [report](std::span<const audio::Sample> samples, base::TimePoint now) -> std::optional<json::object> {
    const auto all = report->hear(samples, now);
    if (!all) {
      return std::nullopt;
    }
    json::object told{{"ok", true},
                      {"duration_ms", all->duration.count()},
                      {"level_dbov", all->level_dbov},
                      {"peak_dbov", all->peak_dbov},
                      {"clipped", all->clipped},
                      {"silence", all->silence},
                      {"speech", all->speech},
                      {"glitches", all->glitches}};
    if (all->similarity) {
      told["similarity"] = *all->similarity;
    }
    return told;
  });
  return json::object();
}

ScriptPhone::Outcome ScriptPhone::hear_probe(const json::object& arguments) {
  const auto call = call_of(arguments);
  const auto ear = ear_of(arguments, audio::kNarrowband, 0);
  if (!ear) {
    return ear.error();
  }
  if ((*ear)->rate != audio::kNarrowband) {
    return Error(Errc::WrongState, "it listens to something else that needs more samples; wait for that before");
  }
  const base::TimePoint now = world_.loop.clock().now();
  precise_until_ = now + within_of(arguments);
  listening_.start(kPrecise);
  const auto listener = std::make_shared<ProbeListener>(script_own_rate((*call)->negotiated()), precise_until_);
  hear(**ear, arguments, [listener](std::span<const audio::Sample> samples, base::TimePoint at) -> std::optional<json::object> {
    const auto outcome = listener->hear(samples, at);
    return outcome ? std::optional(json::object{{"ok", outcome->heard_at.has_value()},
                                                {"at_ms", outcome->heard_at ? milliseconds(outcome->heard_at->time_since_epoch()) : 0},
                                                {"why", "it was not heard"}})
                   : std::nullopt;
  });
  return json::object();
}

ScriptPhone::Outcome ScriptPhone::begin_probe(const json::object& arguments) {
  const auto call = call_of(arguments);
  if (!call) {
    return call.error();
  }
  const auto probe = std::make_shared<ProbeSender>(script_own_rate((*call)->negotiated()));
  (*call)->play(media::LiveSound{probe->writer()});
  precise_until_ = world_.loop.clock().now() + within_of(arguments);
  probes_.emplace(number_of<std::int64_t>(arguments, "id"), probe);
  listening_.start(kPrecise);
  return json::object();
}

void ScriptPhone::follow_probes() {
  const base::TimePoint now = world_.loop.clock().now();
  std::erase_if(probes_, [&](const auto& entry) {
    const auto begun = entry.second->follow(now);
    if (begun) {
      tell({{"type", "check"}, {"id", entry.first}, {"ok", true}, {"at_ms", milliseconds(begun->time_since_epoch())}});
    } else if (now >= precise_until_) {
      tell({{"type", "check"}, {"id", entry.first}, {"ok", false}, {"why", "it was not sent"}});
    }
    return begun || now >= precise_until_;
  });
}

void ScriptPhone::listen() {
  follow_probes();
  std::vector<audio::Sample> samples;
  for (auto at = ears_.begin(); at != ears_.end();) {
    auto& [call_id, ear] = *at;
    call::AgentCall* const call = phone_->agent().find(call_id);
    if (call != nullptr && !ear.attached) {
      ear.attached = call->hear(ear.reader);
    }
    samples.clear();
    ear.reader->read(samples);
    for (auto check = ear.checks.begin(); check != ear.checks.end();) {
      auto outcome = check->second(samples, world_.loop.clock().now());
      if (outcome) {
        (*outcome)["type"] = "check";
        (*outcome)["id"] = check->first;
        tell(std::move(*outcome));
      }
      check = outcome ? ear.checks.erase(check) : std::next(check);
    }
    for (const auto& recognizer : ear.recognizers) {
      recognizer->write(samples);
    }
    const bool over = call == nullptr || (ear.checks.empty() && ear.recognizers.empty());
    if (over && call != nullptr) {
      call->hear(nullptr);
    }
    at = over ? ears_.erase(at) : std::next(at);
  }
  follow_recognitions();
  if (!ears_.empty() || !probes_.empty() || !recognitions_.empty()) {
    listening_.start(world_.loop.clock().now() < precise_until_ ? kPrecise : kListen);
  }
}

}  // namespace callwright::app
