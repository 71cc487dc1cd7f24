#include "server/call_api/request.hpp"

#include <utility>

namespace callwright::server::call_api {

namespace {

RefusedRequest invalid(std::string id, std::string message) { return {std::move(id), {RpcCode::InvalidRequest, "Invalid request: " + std::move(message)}}; }

BatchEntry decode_entry(const Json& json) {
  if (json.object() == nullptr) {
    return invalid("null", "a request is a JSON object");
  }
  std::optional<std::string> id;
  if (const Json* member = json.find("id")) {
    append_json(id.emplace(), *member, MemberOrder::AsGiven);
  }
  if (const Json* version = json.find("jsonrpc")) {
    const std::string* text = version->string();
    if (text == nullptr || (*text != "2.0" && *text != "1.0")) {
      return invalid(id.value_or("null"), "jsonrpc must be \"2.0\"");
    }
  }
  const Json* method = json.find("method");
  if (method == nullptr || method->string() == nullptr) {
    return invalid(id.value_or("null"), "method must be a string");
  }
  Request request{.id = std::move(id), .method = *method->string(), .params = std::nullopt};
  if (const Json* params = json.find("params")) {
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

Envelope decode_envelope(std::string_view text) {
  const auto json = parse_json(text, kMaxDepth);
  if (!json) {
    return single(RefusedRequest{.id = "null", .error = {RpcCode::ParseError, "Parse error: " + json.error().detail}});
  }
  const Json::Array* batch = json->array();
  if (batch == nullptr) {
    return single(decode_entry(*json));
  }
  if (batch->empty()) {
    return single(invalid("null", "the batch is empty"));
  }
  if (batch->size() > kMaxBatch) {
    return single(invalid("null", "a batch has " + std::to_string(kMaxBatch) + " entries at most"));
  }
  Envelope envelope{.shape = Envelope::Shape::Batch, .entries = {}};
  envelope.entries.reserve(batch->size());
  for (const Json& entry : *batch) {
    envelope.entries.push_back(decode_entry(entry));
  }
  return envelope;
}

}  // namespace callwright::server::call_api
