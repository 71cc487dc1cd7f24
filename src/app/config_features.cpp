#include "app/config_features.hpp"

#include "server/call_api/features_json.hpp"
#include "server/call_api/json_values.hpp"

#include <utility>

namespace callwright::app {
namespace {

using server::call_api::Json;

/// As the Call API takes the same values.
Json to_json(const toml::node& node) {
  if (const auto* const table = node.as_table()) {
    Json::Object object;
    for (const auto& [key, value] : *table) {
      object.push_back({std::string(key.str()), to_json(value)});
    }
    return Json{std::move(object)};
  }
  if (const auto* const list = node.as_array()) {
    Json::Array array;
    for (const toml::node& element : *list) {
      array.push_back(to_json(element));
    }
    return Json{std::move(array)};
  }
  if (const auto text = node.value_exact<std::string>()) {
    return server::call_api::json_text(*text);
  }
  if (const auto number = node.value_exact<std::int64_t>()) {
    return server::call_api::json_number(*number);
  }
  const auto flag = node.value_exact<bool>();
  return flag ? Json{*flag} : Json{};
}

}  // namespace

call::UserFeatures read_features(const toml::table& account, const Complain& complain) {
  call::UserFeatures features;
  for (const std::string_view key : kFeatureKeys) {
    const toml::node* const node = account.get(key);
    if (node == nullptr) {
      continue;
    }
    const auto change = server::call_api::read_features(Json{Json::Object{{std::string(key), to_json(*node)}}});
    if (change) {
      change->apply_to(features);
    } else {
      complain(node->source().begin.line, "accounts." + change.error().message());
    }
  }
  return features;
}

}  // namespace callwright::app
