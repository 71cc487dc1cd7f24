#include "server/call_api/request.hpp"

#include <utility>

namespace callwright::server::call_api {

namespace {

RefusedRequest invalid(std::string message) { return {"null", {RpcCode::InvalidRequest, "Invalid request: " + std::move(message)}}; }

BatchEntry decode_entry(const Json& json, const ErrorStyle& errors) {
  std::optional<std::string> id;
  if (const Json* member = json.find_any_case("id")) {
    append_json(id.emplace(), *member, MemberOrder::AsGiven);
  }
  if (auto refused = errors.refusal(json)) {
    return RefusedRequest{id.value_or("null"), std::move(*refused)};
  }
  Request request{.id = std::move(id), .method = {}, .params = std::nullopt};
  if (const Json* method = json.find_any_case("method"); method != nullptr && method->string() != nullptr) {
    request.method = *method->string();
  }
  if (const Json* params = json.find_any_case("params")) {
    request.params = *params;
  }
  return request;
}

Envelope single(BatchEntry entry) {
  Envelope envelope;
  envelope.entries.push_back(std::move(entry));
  return envelope;
}

}  // namespace

Envelope decode_envelope(std::string_view text, const ErrorStyle& errors) {
  const auto json = parse_json(text, kMaxDepth);
  if (!json) {
    return single(RefusedRequest{.id = "null", .error = {RpcCode::ParseError, "Parse error: " + json.error().detail}});
  }
  const Json::Array* batch = json->array();
  if (batch == nullptr) {
    return single(decode_entry(*json, errors));
  }
  if (batch->empty()) {
    return single(invalid("the batch is empty"));
  }
  if (batch->size() > kMaxBatch) {
    return single(invalid("a batch has " + std::to_string(kMaxBatch) + " entries at most"));
  }
  Envelope envelope{.shape = Envelope::Shape::Batch, .entries = {}};
  envelope.entries.reserve(batch->size());
  for (const Json& entry : *batch) {
    envelope.entries.push_back(decode_entry(entry, errors));
  }
  return envelope;
}

}  // namespace callwright::server::call_api
