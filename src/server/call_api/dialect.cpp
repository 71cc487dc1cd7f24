#include "server/call_api/dialect.hpp"

#include <initializer_list>

namespace callwright::server::call_api {

namespace {

using Kind = call::CommandEvent::Kind;

struct Field {
  std::string_view name;
  const std::string& value;
};

/// `fields` are sorted by name already.
std::string object(std::initializer_list<Field> fields) {
  std::string out;
  char separator = '{';
  for (const Field& field : fields) {
    out += separator;
    separator = ',';
    append_json_string(out, field.name);
    out += ':';
    append_json_string(out, field.value);
  }
  return out + '}';
}

std::string_view event_name(Kind kind) {
  switch (kind) {
    case Kind::CallerAnswered: return "CallerAnswered";
    case Kind::Transferring: return "Transferring";
    case Kind::TransferStart: return "TransferStart";
    case Kind::TransferPending: return "TransferPending";
    case Kind::CalleeAnswered: return "CalleeAnswered";
    case Kind::Failed: return "Error";
    case Kind::Ended: return "Ended";
  }
  return "";
}

std::string event_data(const call::CommandEvent& event) {
  switch (event.kind) {
    case Kind::CallerAnswered: return object({{"callee", event.callee}, {"caller", event.caller}});
    case Kind::Transferring: return object({{"caller", event.caller}, {"destination", event.destination}});
    case Kind::TransferStart:
    case Kind::CalleeAnswered: return object({{"callee", event.callee}, {"caller", event.caller}, {"callid", event.call_id}});
    case Kind::TransferPending: return object({{"callee", event.callee}, {"caller", event.caller}, {"callid", event.call_id}, {"extra", event.extra}});
    case Kind::Failed: {
      std::string text;
      append_json_string(text, event.extra);
      return text;
    }
    case Kind::Ended: return "";
  }
  return "";
}

std::string answer_head(std::string_view id) {
  std::string out = R"({"jsonrpc":"2.0","id":)";
  out += id;
  return out;
}

}  // namespace

std::string started_answer(std::string_view id, std::string_view cmd_id) {
  std::string out = answer_head(id);
  out += R"(,"result":{"cmd_id":)";
  append_json_string(out, cmd_id);
  out += R"(,"event":"Started"}})";
  return out;
}

std::string error_answer(std::string_view id, const RpcError& error) {
  std::string out = answer_head(id);
  out += R"(,"error":{"code":)" + std::to_string(static_cast<int>(error.code)) + R"(,"message":)";
  append_json_string(out, error.message);
  out += "}}";
  return out;
}

std::string notification(std::string_view method, std::string_view cmd_id, std::string_view event, std::string_view data) {
  std::string out = R"({"jsonrpc":"2.0","method":)";
  append_json_string(out, method);
  out += R"(,"params":{"cmd_id":)";
  append_json_string(out, cmd_id);
  if (!data.empty()) {
    out += R"(,"data":)";
    out += data;
  }
  out += R"(,"event":)";
  append_json_string(out, event);
  out += "}}";
  return out;
}

std::string event_notification(std::string_view method, std::string_view cmd_id, const call::CommandEvent& event) {
  return notification(method, cmd_id, event_name(event.kind), event_data(event));
}

}  // namespace callwright::server::call_api
