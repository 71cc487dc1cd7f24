#include "server/call_api/features_json.hpp"

#include "server/call_api/json_values.hpp"

#include <algorithm>
#include <charconv>
#include <cstdint>
#include <iterator>
#include <optional>
#include <utility>
#include <vector>

namespace callwright::server::call_api {

using base::Errc;
using base::Error;
using base::Result;

namespace {

Json to_json(const std::vector<std::string>& texts) {
  Json::Array array;
  std::transform(texts.begin(), texts.end(), std::back_inserter(array), [](const std::string& text) { return json_text(text); });
  return Json{std::move(array)};
}

Json to_json(const call::Screening& screening) { return Json{Json::Object{{"allow", to_json(screening.allow)}, {"deny", to_json(screening.deny)}}}; }

Json to_json(const call::Forwarding& forward) {
  Json::Object object{{"after_s", json_number(forward.after.count())}};
  for (const auto& [name, place] : {std::pair{"always", &forward.always}, {"busy", &forward.busy}, {"no_answer", &forward.no_answer}}) {
    if (!place->empty()) {
      object.push_back({name, json_text(*place)});
    }
  }
  return Json{std::move(object)};
}

/// Takes objects apart and keeps what is wrong with the first that is.
class FeatureReader {
 public:
  [[nodiscard]] const std::string& problem() const noexcept { return problem_; }

  call::Forwarding forward(const Json& json) {
    call::Forwarding forward;
    for_each_member(json, "forward", [&](const std::string& name, const Json& value) {
      std::string* const place = name == "always" ? &forward.always : name == "busy" ? &forward.busy : name == "no_answer" ? &forward.no_answer : nullptr;
      if (place != nullptr) {
        *place = text("forward." + name, value);
      } else if (name == "after_s") {
        forward.after = seconds("forward.after_s", value);
      }
      return place != nullptr || name == "after_s";
    });
    return forward;
  }

  std::vector<call::FindMeStep> find_me(const Json& json) {
    std::vector<call::FindMeStep> steps;
    const Json::Array* const array = json.array();
    if (array == nullptr) {
      expect("find_me", "a list of steps such as {\"to\":[\"phones\"],\"time_s\":15}");
      return steps;
    }
    for (const Json& element : *array) {
      call::FindMeStep& step = steps.emplace_back();
      for_each_member(element, "find_me", [&](const std::string& name, const Json& value) {
        if (name == "to") {
          step.places = texts("find_me.to", value);
        } else if (name == "time_s") {
          step.time = seconds("find_me.time_s", value);
        }
        return name == "to" || name == "time_s";
      });
    }
    return steps;
  }

  call::Screening screening(const std::string& where, const Json& json) {
    call::Screening screening;
    for_each_member(json, where, [&](const std::string& name, const Json& value) {
      std::vector<std::string>* const list = name == "allow" ? &screening.allow : name == "deny" ? &screening.deny : nullptr;
      if (list != nullptr) {
        *list = texts(where + "." + name, value);
      }
      return list != nullptr;
    });
    return screening;
  }

  void screenings(call::FeatureChange& change, const Json& json) {
    change.incoming = call::Screening();
    change.outgoing = call::Screening();
    for_each_member(json, "screening", [&](const std::string& name, const Json& value) {
      std::optional<call::Screening>* const list = name == "incoming" ? &change.incoming : name == "outgoing" ? &change.outgoing : nullptr;
      if (list != nullptr) {
        *list = screening("screening." + name, value);
      }
      return list != nullptr;
    });
  }

  bool flag(const std::string& where, const Json& value) {
    const bool* const flag = std::get_if<bool>(&value.value);
    if (flag == nullptr) {
      expect(where, "true or false");
    }
    return flag != nullptr && *flag;
  }

 private:
  void expect(const std::string& where, const std::string& what) {
    if (problem_.empty()) {
      problem_ = where + ": expected " + what;
    }
  }

  /// `take` says whether it knows the member.
  template <class Take>
  void for_each_member(const Json& json, const std::string& where, Take take) {
    if (json.object() == nullptr) {
      expect(where, "an object");
      return;
    }
    for (const Json::Member& member : *json.object()) {
      if (!take(member.name, member.value) && problem_.empty()) {
        problem_ = where + "." + member.name + ": unknown key";
      }
    }
  }

  std::string text(const std::string& where, const Json& value) {
    if (value.string() == nullptr) {
      expect(where, "a text");
      return {};
    }
    return *value.string();
  }

  /// A text stands for a list of one.
  std::vector<std::string> texts(const std::string& where, const Json& value) {
    if (value.string() != nullptr) {
      return {*value.string()};
    }
    std::vector<std::string> list;
    if (value.array() == nullptr) {
      expect(where, "a list of texts");
      return list;
    }
    for (const Json& element : *value.array()) {
      list.push_back(text(where, element));
    }
    return list;
  }

  std::chrono::seconds seconds(const std::string& where, const Json& value) {
    const auto* const number = std::get_if<Json::Number>(&value.value);
    std::int64_t count = 0;
    const char* const end = number == nullptr ? nullptr : number->text.data() + number->text.size();
    if (number == nullptr || std::from_chars(number->text.data(), end, count) != std::from_chars_result{end, std::errc()}) {
      expect(where, "seconds, 1 to 600");
    }
    return std::chrono::seconds(std::clamp<std::int64_t>(count, 0, call::UserFeatures::kMaxTime.count() + 1));
  }

  std::string problem_;
};

}  // namespace

Json to_json(const call::UserFeatures& features) {
  Json::Array steps;
  for (const call::FindMeStep& step : features.find_me) {
    steps.push_back(Json{Json::Object{{"time_s", json_number(step.time.count())}, {"to", to_json(step.places)}}});
  }
  return Json{Json::Object{{"do_not_disturb", Json{features.do_not_disturb}},
                           {"find_me", Json{std::move(steps)}},
                           {"forward", to_json(features.forward)},
                           {"screening", Json{Json::Object{{"incoming", to_json(features.incoming)}, {"outgoing", to_json(features.outgoing)}}}}}};
}

Result<call::FeatureChange> read_features(const Json& object) {
  FeatureReader reader;
  call::FeatureChange change;
  if (const Json* const json = object.find("forward")) {
    change.forward = reader.forward(*json);
  }
  if (const Json* const json = object.find("find_me")) {
    change.find_me = reader.find_me(*json);
  }
  if (const Json* const json = object.find("screening")) {
    reader.screenings(change, *json);
  }
  if (const Json* const json = object.find("do_not_disturb")) {
    change.do_not_disturb = reader.flag("do_not_disturb", *json);
  }
  if (!reader.problem().empty()) {
    return Error(Errc::InvalidArgument, reader.problem());
  }
  call::UserFeatures features;
  change.apply_to(features);
  if (const auto checked = call::check(features); !checked) {
    return checked.error();
  }
  return change;
}

}  // namespace callwright::server::call_api
