#include "verify/run/run_events.hpp"

#include "base/json_values.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <utility>

namespace callwright::verify {
namespace {

using base::Json;

constexpr std::array<std::pair<std::string_view, RunEventKind>, 26> kNames{{
    {"run_started", RunEventKind::RunStarted},
    {"file_started", RunEventKind::FileStarted},
    {"file_finished", RunEventKind::FileFinished},
    {"run_finished", RunEventKind::RunFinished},
    {"file_loaded", RunEventKind::FileLoaded},
    {"scenario_started", RunEventKind::ScenarioStarted},
    {"scenario_finished", RunEventKind::ScenarioFinished},
    {"scenario_skipped", RunEventKind::ScenarioSkipped},
    {"suite_finished", RunEventKind::SuiteFinished},
    {"finished", RunEventKind::Finished},
    {"agent_started", RunEventKind::AgentStarted},
    {"action", RunEventKind::Action},
    {"wait", RunEventKind::Wait},
    {"until", RunEventKind::Until},
    {"assertion", RunEventKind::Assertion},
    {"log", RunEventKind::Log},
    {"http", RunEventKind::Http},
    {"mock_request", RunEventKind::MockRequest},
    {"mock_error", RunEventKind::MockError},
    {"metric", RunEventKind::Metric},
    {"state", RunEventKind::State},
    {"dtmf", RunEventKind::Dtmf},
    {"audio", RunEventKind::Audio},
    {"media", RunEventKind::Media},
    {"sip", RunEventKind::Sip},
    {"problem", RunEventKind::Problem},
}};

RunEventKind kind_of(std::string_view name) {
  const auto* const found = std::find_if(kNames.begin(), kNames.end(), [name](const auto& entry) { return entry.first == name; });
  return found == kNames.end() ? RunEventKind::Other : found->second;
}

std::string text_of(const Json& object, std::string_view member) {
  const Json* const value = object.find(member);
  const std::string* const text = value == nullptr ? nullptr : value->string();
  return text == nullptr ? std::string() : *text;
}

bool flag_of(const Json& object, std::string_view member) {
  const Json* const value = object.find(member);
  const bool* const truth = value == nullptr ? nullptr : std::get_if<bool>(&value->value);
  return truth != nullptr && *truth;
}

AgentReport agent_of(const Json& object) {
  return {text_of(object, "agent"),    flag_of(object, "registered"), text_of(object, "state"),
          shown(object.find("calls")), shown(object.find("reason")),  shown(object.find("status"))};
}

/// At the beginning of a line or of a word.
void shorten_words(std::string& text, const std::string& start) {
  for (std::size_t at = text.find(start); at != std::string::npos; at = text.find(start, at)) {
    if (at == 0 || text[at - 1] == '\n' || text[at - 1] == ' ' || text[at - 1] == '(') {
      text.erase(at, start.size());
    } else {
      at += start.size();
    }
  }
}

void shorten_members(Json::Object& members, const std::string& start) {
  for (Json::Member& member : members) {
    auto* const text = std::get_if<std::string>(&member.value.value);
    auto* const array = std::get_if<Json::Array>(&member.value.value);
    if (text != nullptr && (member.name == "at" || member.name == "stack")) {
      shorten_words(*text, start);
    } else if (array != nullptr && member.name == "scenarios") {
      for (Json& scenario : *array) {
        if (auto* const object = std::get_if<Json::Object>(&scenario.value)) {
          shorten_members(*object, start);
        }
      }
    }
  }
}

bool is_number(std::string_view text) {
  return !text.empty() && std::all_of(text.begin(), text.end(), [](char digit) { return digit >= '0' && digit <= '9'; });
}

}  // namespace

base::Result<RunEvent> RunEvent::parse(std::string_view line) {
  auto json = base::parse_json(line, kMaxDepth);
  if (!json) {
    return json.error();
  }
  const Json* const name = json->find("event");
  if (name == nullptr || name->string() == nullptr) {
    return base::Error(base::Errc::InvalidArgument, "not an object with a text member \"event\"");
  }
  return RunEvent(std::move(*json));
}

RunEvent::RunEvent(std::string_view name, Json::Object fields) : kind_(kind_of(name)) {
  fields.push_back({"event", Json{std::string(name)}});
  json_.value = std::move(fields);
  file_ = text(has_own_path() ? "file" : "path");
}

RunEvent::RunEvent(Json json) : json_(std::move(json)), kind_(kind_of(text("event"))) { file_ = text(has_own_path() ? "file" : "path"); }

void RunEvent::belongs_to(std::string_view file) {
  file_ = file;
  set(has_own_path() ? "file" : "path", base::json_text(file));
}

void RunEvent::shorten_places(std::string_view folder) { shorten_members(std::get<Json::Object>(json_.value), std::string(folder) + "/"); }

std::string_view RunEvent::text(std::string_view member) const noexcept {
  const Json* const value = json_.find(member);
  const std::string* const text = value == nullptr ? nullptr : value->string();
  return text == nullptr ? std::string_view() : *text;
}

std::optional<double> RunEvent::number(std::string_view member) const noexcept {
  const Json* const value = json_.find(member);
  const auto* const number = value == nullptr ? nullptr : std::get_if<Json::Number>(&value->value);
  if (number == nullptr) {
    return std::nullopt;
  }
  double result = 0;
  const auto [end, error] = std::from_chars(number->text.data(), number->text.data() + number->text.size(), result);
  return error == std::errc() ? std::optional(result) : std::nullopt;
}

bool RunEvent::flag(std::string_view member) const noexcept {
  const Json* const value = json_.find(member);
  const bool* const truth = value == nullptr ? nullptr : std::get_if<bool>(&value->value);
  return truth != nullptr && *truth;
}

void RunEvent::set(std::string_view member, Json value) {
  auto& members = std::get<Json::Object>(json_.value);
  std::erase_if(members, [member](const Json::Member& old) { return old.name == member; });
  members.push_back({std::string(member), std::move(value)});
}

std::string RunEvent::line() const {
  std::string out;
  base::append_json(out, json_, base::MemberOrder::Sorted);
  return out;
}

std::optional<Failure> failure_of(const RunEvent& event) {
  const Json* const json = event.find("failure");
  if (json == nullptr || json->object() == nullptr) {
    return std::nullopt;
  }
  Failure failure{text_of(*json, "label"), shown(json->find("expect")), std::nullopt, {}};
  if (const Json* const actual = json->find("actual")) {
    failure.actual = shown(actual);
  }
  const Json* const agents = json->find("agents");
  if (agents != nullptr && agents->array() != nullptr) {
    std::transform(agents->array()->begin(), agents->array()->end(), std::back_inserter(failure.agents), agent_of);
  }
  return failure;
}

std::vector<Artifact> artifacts_of(const RunEvent& event) {
  std::vector<Artifact> artifacts;
  const Json* const json = event.find("artifacts");
  if (json != nullptr && json->array() != nullptr) {
    for (const Json& artifact : *json->array()) {
      artifacts.push_back({text_of(artifact, "kind"), text_of(artifact, "path"), text_of(artifact, "agent")});
    }
  }
  return artifacts;
}

std::vector<std::string> tags_of(const Json& object) {
  std::vector<std::string> tags;
  const Json* const json = object.find("tags");
  if (json != nullptr && json->array() != nullptr) {
    for (const Json& tag : *json->array()) {
      tags.push_back(shown(&tag));
    }
  }
  return tags;
}

std::vector<DeclaredScenario> scenarios_of(const RunEvent& file_loaded) {
  std::vector<DeclaredScenario> scenarios;
  const Json* const json = file_loaded.find("scenarios");
  if (json == nullptr || json->array() == nullptr) {
    return scenarios;
  }
  for (const Json& scenario : *json->array()) {
    const std::string reason = text_of(scenario, "skip");
    scenarios.push_back({text_of(scenario, "name"), tags_of(scenario), text_of(scenario, "at"), !reason.empty() || flag_of(scenario, "skip"), reason,
                         flag_of(scenario, "only")});
  }
  return scenarios;
}

std::string shown(const Json* value) {
  if (value == nullptr) {
    return {};
  }
  if (const std::string* const text = value->string()) {
    return *text;
  }
  std::string out;
  base::append_json(out, *value, base::MemberOrder::AsGiven);
  return out;
}

Place parse_place(std::string_view at) {
  Place place;
  std::vector<std::string> numbers;
  while (numbers.size() < 2) {
    const std::size_t colon = at.rfind(':');
    if (colon == std::string_view::npos || !is_number(at.substr(colon + 1))) {
      break;
    }
    numbers.emplace_back(at.substr(colon + 1));
    at = at.substr(0, colon);
  }
  place.file = at;
  if (!numbers.empty()) {
    place.line = numbers.back();
    place.column = numbers.size() == 2 ? numbers.front() : "";
  }
  return place;
}

}  // namespace callwright::verify
