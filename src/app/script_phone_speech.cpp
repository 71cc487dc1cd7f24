// What a script's phone understands of what it hears.
#include "app/json_arguments.hpp"
#include "app/script_phone.hpp"

#include <boost/json/array.hpp>

#include <algorithm>
#include <iterator>
#include <utility>

namespace callwright::app {
namespace {

namespace json = boost::json;

json::array words_of(const speech::Utterance& utterance) {
  json::array words;
  for (const speech::SpokenWord& word : utterance.words) {
    words.push_back(json::object{{"text", word.text}, {"begin", word.begin.count()}, {"end", word.end.count()}});
  }
  return words;
}

}  // namespace

ScriptPhone::Outcome ScriptPhone::begin_recognition(const json::object& arguments) {
  const auto call = call_of(arguments);
  // More than a recogniser listens to would be converted for nothing.
  const audio::SampleRate rate = call ? std::min(script_own_rate((*call)->negotiated()), audio::kWideband) : audio::kNarrowband;
  const auto ear = ear_of(arguments, rate, 0);
  if (!ear) {
    return ear.error();
  }
  auto recognizer = world_.recognizers.start({.rate = (*ear)->rate, .phrase = text_of(arguments, "phrase")});
  if (!recognizer) {
    return recognizer.error();
  }
  const std::chrono::milliseconds within(number_of<std::int64_t>(arguments, "within_ms"));
  Recognition recognition{.recognizer = std::move(*recognizer), .call_id = (*call)->call_id(), .deadline = world_.loop.clock().now() + within};
  (*ear)->recognizers.push_back(recognition.recognizer);
  recognitions_.emplace(number_of<std::int64_t>(arguments, "id"), std::move(recognition));
  go_on_listening();
  return json::object();
}

ScriptPhone::Outcome ScriptPhone::end_recognition(const json::object& arguments) {
  if (const auto node = recognitions_.extract(number_of<std::int64_t>(arguments, "id")); !node.empty()) {
    leave_ear(node.mapped());
  }
  return json::object();
}

void ScriptPhone::leave_ear(const Recognition& recognition) {
  if (const auto ear = ears_.find(recognition.call_id); ear != ears_.end()) {
    std::erase(ear->second.recognizers, recognition.recognizer);
  }
}

void ScriptPhone::follow_recognitions() {
  const base::TimePoint now = world_.loop.clock().now();
  for (auto at = recognitions_.begin(); at != recognitions_.end();) {
    Recognition& recognition = at->second;
    if (!recognition.finished && (now >= recognition.deadline || !ears_.contains(recognition.call_id))) {
      recognition.finished = true;
      leave_ear(recognition);
      recognition.recognizer->finish();
    }
    at = tell_recognized(at->first, recognition) ? recognitions_.erase(at) : std::next(at);
  }
}

bool ScriptPhone::tell_recognized(std::int64_t id, Recognition& recognition) {
  const speech::Recognizer::Heard heard = recognition.recognizer->read();
  for (const speech::Utterance& utterance : heard.utterances) {
    tell({{"type", "recognized"},
          {"id", id},
          {"final", utterance.kind == speech::Utterance::Kind::Final},
          {"text", utterance.text},
          {"words", words_of(utterance)}});
  }
  if (heard.ended) {
    leave_ear(recognition);
    json::object end{{"type", "recognition_ended"}, {"id", id}};
    if (heard.error) {
      end["why"] = heard.error->message();
    }
    tell(std::move(end));
  }
  return heard.ended;
}

}  // namespace callwright::app
